// A whole visit through a real provider: closed page, sign-in, session that rolls, sign-out; for both
// profiles, both ways to send the client's secret, and every signature algorithm.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Visitor, navigation, program } from "./kit/visitor.mjs";
import { Usherd } from "./kit/process.mjs";
import { bothProfiles, developmentSite, encodeVisible, profiles } from "./kit/sites.mjs";
import { csrfToken, hasSessionCookie, sessionCookies, signOut, startSignIn } from "./kit/flows.mjs";
import { originals } from "./kit/originals.mjs";
import {
    algorithms, clientAuths, clientName, oddSecret, passOidcProvider, startOidcProvider,
} from "../provider/oidc-provider.mjs";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const matrix = clientAuths.flatMap((auth) => algorithms.map((alg) => ({ auth, alg })));

function providerSettings(op, { auth, alg }, i) {
    return {
        id: clientName(auth, alg),
        type: "oidc",
        name: `Real ${alg}`,
        issuer: op.issuer,
        client_id: clientName(auth, alg),
        client_secret: oddSecret,
        client_auth: auth,
        id_token_alg: alg,
        checks: i % 2 ? ["state", "nonce"] : ["state"],
        userinfo: i % 2 === 0,
        plain_http: true,
        private_network: true,
    };
}

export default async function run(t) {
    const pages = path.join(t.dir, "pages");
    mkdirSync(pages, { recursive: true });
    writeFileSync(path.join(pages, "index.html"), "<!DOCTYPE html><title>open</title>");
    writeFileSync(path.join(pages, "closed.html"), "<!DOCTYPE html><title>closed</title>");

    const sites = {};
    for (const name of bothProfiles)
        sites[name] = await developmentSite({
            profile: name,
            site: { open: ["/"] },
            daemon: { files: pages },
        });
    const redirectUris = (client) =>
        bothProfiles.map((name) => `${sites[name].site.base_url}/api/auth/callback/${client}`);
    const op = await startOidcProvider(t, redirectUris);

    for (const name of bothProfiles) {
        const profile = profiles[name];
        const settings = sites[name];
        settings.site.providers = matrix.map((row, i) => providerSettings(op, row, i));
        const usherd = await Usherd.start(t, `usherd-${name}`, settings);
        const origin = settings.site.base_url;
        const context = { op, usherd, profile, origin, secret: settings.site.secret };

        await t.case(`${name}: endpoints`, (t) => endpoints(t, context));
        await t.case(`${name}: CSRF`, (t) => csrf(t, context));
        for (const [i, row] of matrix.entries())
            await t.case(`${name}: ${row.auth}, ${row.alg}`, (t) =>
                visit(t, { ...context, ...row, thorough: i < 2 }));
        await t.case(`${name}: same person, same id`, (t) => samePerson(t, context));
        await t.case(`${name}: cancelled at the provider`, (t) => cancelled(t, context));
    }
    t.equal(op.errors.filter((text) => !text.includes("access_denied")), [],
        "the provider found no fault with any request");
}

async function endpoints(t, { origin, profile }) {
    const visitor = new Visitor(origin);
    const csrf = await visitor.get("/api/auth/csrf");
    const providers = await visitor.get("/api/auth/providers");
    const session = await visitor.get("/api/auth/session");

    t.equal(csrf.status, 200, "csrf answers");
    t.match(csrf.text, /^\{"csrfToken":"[0-9a-f]{64}"\}$/, "csrf has the shape of the originals");
    t.match(csrf.headers["cache-control"], /no-store/, "csrf is not cached");
    t.match(visitor.cookie(profile.cookie.csrf), /^[0-9a-f]{64}%7C[0-9a-f]{64}$/,
        "the csrf cookie is token%7Chash");
    t.match(csrf.setCookies.find((line) => line.startsWith(profile.cookie.csrf)),
        /; Path=\/; HttpOnly; SameSite=Lax$/, "the csrf cookie's attributes");
    t.equal(decodeURIComponent(visitor.cookie(profile.cookie.callbackUrl)), origin,
        "first contact sets the callback URL");

    const expected = Object.fromEntries(matrix.map(({ auth, alg }) => {
        const id = clientName(auth, alg);
        const type = profile.name === "authjs-5" ? "oidc" : "oauth";
        return [id, {
            id, name: `Real ${alg}`, type,
            signinUrl: `${origin}/api/auth/signin/${id}`,
            callbackUrl: `${origin}/api/auth/callback/${id}`,
        }];
    }));
    t.equal(providers.json, expected, "providers lists them all");
    t.equal(Object.keys(providers.json), Object.keys(expected), "providers keeps the order");
    t.equal(providers.setCookies, [], "providers sets no cookie");

    t.equal(session.json, profile.noSession, "the session of a stranger is empty");
    t.match(session.headers["content-type"], /^application\/json/, "the session is JSON");
    const again = await visitor.get("/api/auth/session");
    t.equal(again.setCookies, [], "nothing is set twice");
}

async function csrf(t, { origin, profile, usherd }) {
    const [{ auth, alg }] = matrix;
    const id = clientName(auth, alg);
    const attempts = {
        "no token": {},
        "an empty token": { csrfToken: "" },
        "another token": { csrfToken: "0".repeat(64) },
    };
    for (const [what, form] of Object.entries(attempts)) {
        const visitor = new Visitor(origin);
        await csrfToken(visitor);
        const from = usherd.lines().length;
        const answer = await visitor.post(`/api/auth/signin/${id}`, { ...form, callbackUrl: "/" });
        t.equal(answer.location, `${origin}/api/auth${profile.failure.csrfSignIn}`,
            `signin with ${what} leads to the sign-in page`, answer);
        const line = await usherd.line((l) => JSON.stringify(l).includes('"csrf_token"'), from);
        t.ok(line, `signin with ${what} is in the log`, `log: ${usherd.log}`);
        const out = await visitor.post("/api/auth/signout", form);
        t.equal(out.location, `${origin}/api/auth${profile.failure.csrfSignOut}`,
            `signout with ${what} is refused`, out);
    }
    const stranger = new Visitor(origin);
    const forged = "a".repeat(64);
    const answer = await stranger.post(`/api/auth/signin/${id}`, { csrfToken: forged },
        { headers: { cookie: `${profile.cookie.csrf}=${forged}%7C${"b".repeat(64)}` } });
    t.equal(answer.location, `${origin}/api/auth${profile.failure.csrfSignIn}`,
        "a csrf cookie that we did not make does not count", answer);
    const get = await new Visitor(origin).get(`/api/auth/signin/${id}`, { headers: navigation });
    t.ok(!get.location?.includes("/auth?"), "GET signin starts nothing", get);
    const data = await new Visitor(origin).post("/api/auth/session", { data: "{}" });
    t.equal([data.status, data.json], [400, profile.noSession], "POST session needs the token");
}

/** The visit of the issue: closed, sign-in, open, rolled, sign-out, closed. */
async function visit(t, context) {
    const { op, origin, profile, secret, usherd, auth, alg } = context;
    const id = clientName(auth, alg);
    const login = alg === "ES256" ? "zoe" : "ann";
    const person = op.people[login];
    const visitor = new Visitor(origin);

    const closed = await visitor.get("/closed?tab=1", { headers: navigation });
    t.need(closed.status === 302, "the closed page is closed", closed);
    const page = await visitor.get(closed.location, { headers: navigation });
    t.need(page.status === 200, "it leads to the sign-in page", page);
    t.ok(page.text.includes(`/api/auth/signin/${id}`), "the sign-in page offers the provider", page);

    const start = await startSignIn(visitor, id, "/closed?tab=1");
    t.need(start.location?.startsWith(`${op.issuer}/auth?`), "signin leads to the provider", start);
    checkAuthorizationRequest(t, new URL(start.location), context);
    const back = await passOidcProvider(visitor, start.location, { login });
    const done = await visitor.get(back, { headers: navigation });
    t.need(done.status === 302 && done.location === `${origin}/closed?tab=1`,
        "the callback leads where the visitor was going", `${done}\n${usherd.tail(3)}`);
    t.need(hasSessionCookie(visitor, profile), "the callback sets the session cookie", done);
    for (const kind of ["state", "pkce", "nonce"])
        t.equal(visitor.cookie(profile.cookie[kind]), undefined, `the ${kind} cookie is gone`);
    t.match(done.headers["referrer-policy"], /no-referrer/, "the code does not leak by Referer");
    const replay = await visitor.get(back, { headers: navigation });
    t.ok(replay.location?.endsWith(profile.failure.check), "the callback works once", replay);

    const opened = await visitor.get("/closed?tab=1", { headers: navigation });
    t.ok(opened.status === 200 && opened.text.includes("<title>closed"), "the page is open", opened);
    await forwardAuthAllows(t, visitor, person);
    await sessionRolls(t, visitor, context, person);
    await readByTheOriginal(t, visitor, context, { login, person });
    if (context.thorough) await jsonModes(t, visitor, context);

    const out = await signOut(visitor, "/");
    t.equal([out.status, out.location], [302, `${origin}/`], "sign-out leads to its callback URL");
    t.ok(!hasSessionCookie(visitor, profile), "sign-out removes the session cookie", out);
    t.equal((await visitor.get("/api/auth/session")).json, profile.noSession, "the session is over");
    t.equal((await visitor.get("/closed", { headers: navigation })).status, 302,
        "the page is closed again");
}

function checkAuthorizationRequest(t, url, { origin, alg, auth, profile }) {
    const id = clientName(auth, alg);
    const q = url.searchParams;
    const i = matrix.findIndex((row) => row.alg === alg && row.auth === auth);
    const fixed = Object.fromEntries(["response_type", "client_id", "redirect_uri",
        "code_challenge_method"].map((name) => [name, q.get(name)]));

    t.equal(fixed, {
        response_type: "code", client_id: id,
        redirect_uri: `${origin}/api/auth/callback/${id}`, code_challenge_method: "S256",
    }, "the authorization request");
    t.equal(q.get("scope"), "openid profile email", "asks for the default scope");
    t.match(q.get("code_challenge"), /^[\w-]{43}$/, "has a PKCE challenge");
    t.match(q.get("state"), profile.name === "authjs-5" ? /^eyJ[\w-]+\.\.[\w.-]+$/ : /^[\w-]{43}$/,
        "has a state of the profile's kind");
    t.equal(q.has("nonce"), i % 2 === 1, "has a nonce if that check is on");
}

async function forwardAuthAllows(t, visitor, person) {
    const headers = { "x-original-uri": "/closed?tab=1", "x-original-method": "GET" };
    const check = await visitor.get("/_usher/check", { headers });
    const anonymous = await new Visitor(visitor.origin).get("/_usher/check", { headers });

    t.equal(check.status, 200, "forward authentication lets the visitor through", check);
    t.equal(check.headers["x-usher-name"], encodeVisible(person.name), "it says the name");
    t.equal(check.headers["x-usher-email"], person.email, "it says the e-mail address");
    t.equal(anonymous.status, 401, "forward authentication stops a stranger", anonymous);
}

async function sessionRolls(t, visitor, { profile }, person) {
    const before = sessionCookies(visitor, profile).map(([, cookie]) => cookie.value).join("");
    const first = await visitor.get("/api/auth/session", { headers: program });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await visitor.get("/api/auth/session", { headers: program });
    const after = sessionCookies(visitor, profile).map(([, cookie]) => cookie.value).join("");
    const user = { name: person.name, email: person.email };
    if (person.picture) user.image = person.picture;

    t.equal(first.json.user, user, "the session says who it is");
    t.equal(Object.keys(first.json), ["user", "expires"], "and nothing else");
    t.match(first.headers["cache-control"], /no-store/, "the session is not cached");
    t.equal(second.cookies(profile.cookie.session).length > 0, true, "every reading sets the cookie");
    t.ok(before !== after, "with a new token");
    t.ok(Date.parse(second.json.expires) > Date.parse(first.json.expires), "its end moves",
        `${first.json.expires} → ${second.json.expires}`);
    const end = second.cookies(profile.cookie.session)[0].expires.getTime();
    t.ok(Math.abs(end - Date.parse(second.json.expires)) < 1000, "the cookie ends with the session");
    const days = (Date.parse(second.json.expires) - Date.now()) / 86400000;
    t.ok(days > 29.99 && days < 30.01, "that is 30 days from now", days);
}

async function readByTheOriginal(t, visitor, { profile, secret }, { login, person }) {
    const cookies = Object.fromEntries(
        sessionCookies(visitor, profile).map(([name, { value }]) => [name, value]));
    const token = await originals[profile.name].getToken({ cookies, secret });

    t.need(token, `the original getToken opens the cookie`, Object.keys(cookies));
    t.equal([token.name, token.email, token.picture ?? undefined],
        [person.name, person.email, person.picture], "the original reads who it is");
    if (profile.name === "authjs-5") t.match(token.sub, uuid, "sub is a UUID");
    else t.equal(token.sub, login, "sub is the provider's id");
    t.equal(Object.keys(token).filter((name) => !["usid", "picture"].includes(name)),
        ["name", "email", "sub", "iat", "exp", "jti"], "the members are in the original's order");
    t.equal([typeof token.iat, typeof token.exp, typeof token.jti], ["number", "number", "string"],
        "and of its types");
    t.equal(token.exp - token.iat, 2592000, "the token lives as long as the session");
}

/** How the packages' own clients ask: the answer says where to go, and nothing redirects. */
async function jsonModes(t, signedIn, { origin, profile, alg, auth, op }) {
    const id = clientName(auth, alg);
    const visitor = new Visitor(origin);
    const token = await csrfToken(visitor);
    const v5 = profile.name === "authjs-5";
    const options = v5 ? { headers: { "x-auth-return-redirect": "1" } } : {};
    const form = v5 ? { csrfToken: token } : { csrfToken: token, json: "true" };
    const start = await visitor.post(`/api/auth/signin/${id}`, form, options);

    t.equal(start.status, 200, "a script's signIn gets JSON", start);
    t.ok(start.json.url?.startsWith(`${op.issuer}/auth?`), "with the URL to go to", start);
    const json = await signedIn.request("POST", "/api/auth/session", {
        json: { csrfToken: await csrfToken(signedIn), data: {} },
    });
    t.equal(json.status, 200, "a script's update() gets the session", json);
    t.equal(typeof json.json.user, "object", "and it is still the session");
}

/** Without a database, the id of a person must not change from sign-in to sign-in. */
async function samePerson(t, { op, origin, profile, secret }) {
    const ids = [];
    for (const alg of ["RS256", "RS256"]) {
        const id = clientName("client_secret_basic", alg);
        const visitor = new Visitor(origin);
        const start = await startSignIn(visitor, id, "/");
        await visitor.get(await passOidcProvider(visitor, start.location, { login: "ann" }));
        const cookies = Object.fromEntries(
            sessionCookies(visitor, profile).map(([name, { value }]) => [name, value]));
        ids.push((await originals[profile.name].getToken({ cookies, secret }))?.sub);
    }
    t.ok(ids[0] && ids[0] === ids[1], "two sign-ins, one id", ids.join(" and "));
}

async function cancelled(t, { op, origin, profile, usherd }) {
    const id = clientName("client_secret_basic", "RS256");
    const visitor = new Visitor(origin);
    const start = await startSignIn(visitor, id, "/");
    const login = await visitor.get(new URL((await visitor.get(start.location)).location,
        start.location).href);
    const abort = /href="([^"]*\/abort)"/.exec(login.text)?.[1];
    t.need(abort, "the provider's page can be left", login);
    let url = new URL(abort, op.issuer).href;
    for (let i = 0; i < 5 && !url.startsWith(origin); i += 1)
        url = new URL((await visitor.get(url)).location, url).href;
    const from = usherd.lines().length;
    const answer = await visitor.get(url, { headers: navigation });
    t.ok(answer.location?.endsWith(profile.failure.provider), "an error page says so", answer);
    t.ok(!hasSessionCookie(visitor, profile), "nobody is signed in");
    t.ok(await usherd.line((l) => JSON.stringify(l).includes('"provider_error"'), from),
        "the log says provider_error", usherd.log);
}
