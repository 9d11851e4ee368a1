// A visit by the routes of Auth0's SDK, through a real provider with refresh tokens that rotate, its own
// sign-out and revocation; and the session that our callback wrote, read by the SDK itself where it is
// installed.
import { createDecipheriv, hkdfSync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { decodeJwt } from "jose";
import { Visitor, navigation } from "./kit/visitor.mjs";
import { Usherd, run as runProgram } from "./kit/process.mjs";
import { developmentSite, newSecret } from "./kit/sites.mjs";
import { clientName, oddSecret, passOidcProvider, startOidcProvider } from "../provider/oidc-provider.mjs";

const client = clientName("client_secret_post", "RS256");
const safe = "private, no-cache, no-store, must-revalidate, max-age=0";

export default async function run(t) {
    const pages = path.join(t.dir, "pages");
    mkdirSync(pages, { recursive: true });
    writeFileSync(path.join(pages, "closed.html"), "<!DOCTYPE html><title>closed</title>");

    const settings = await developmentSite({
        profile: "auth0-4",
        daemon: { files: pages },
        secret: newSecret(),
    });
    const origin = settings.site.base_url;
    const op = await startOidcProvider(t, () => [`${origin}/auth/callback`], {
        client: {
            grant_types: ["authorization_code", "refresh_token"],
            post_logout_redirect_uris: [origin, `${origin}/bye`],
        },
        configuration: {
            features: {
                revocation: {
                    enabled: true,
                    allowedPolicy: (_, asking, token) => token.clientId === asking.clientId,
                },
                rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => (ctx.body = form) },
            },
            issueRefreshToken: () => true,
            rotateRefreshToken: true,
        },
    });
    settings.site.providers = [{
        issuer: op.issuer,
        client_id: client,
        client_secret: oddSecret,
        plain_http: true,
        private_network: true,
    }];
    settings.site.auth0 = { token_refresh_buffer: "1h" }; // always due: the provider's live 600 s
    const usherd = await Usherd.start(t, "usherd", settings);
    const context = { op, usherd, origin, secret: settings.site.secret };

    await t.case("a stranger", (t) => stranger(t, context));
    await t.case("a visit", (t) => visit(t, context));
    await t.case("cancelled at the provider", (t) => cancelled(t, context));
    await t.case("settings from the environment", (t) => fromEnvironment(t, context));
    await t.case("the example", (t) => example(t));
    t.equal(op.errors.filter((text) => !text.includes("access_denied")), [],
        "the provider found no fault with any request");
}

async function stranger(t, { origin }) {
    const visitor = new Visitor(origin);
    const profile = await visitor.get("/auth/profile");
    const token = await visitor.get("/auth/access-token");

    t.equal([profile.status, profile.text], [401, ""], "has no profile");
    t.equal([token.status, token.json.error.code], [401, "missing_session"], "has no token");
    t.equal(profile.headers["cache-control"], safe, "and neither is cached");
    for (const [method, target, status] of [["POST", "/auth/login", 405], ["HEAD", "/auth/login", 405],
        ["GET", "/auth/signin", 404], ["GET", "/auth/Login", 404]])
        t.equal((await visitor.request(method, target)).status, status, `${method} ${target}`);
    const ahead = await visitor.get("/auth/login", { headers: { "next-router-prefetch": "1" } });
    t.equal([ahead.status, ahead.setCookies], [204, []], "a prefetch begins nothing");
}

async function signIn(t, { op, origin, usherd }, query) {
    const visitor = new Visitor(origin);
    const start = await visitor.get(`/auth/login${query}`, { headers: navigation });

    t.need(start.status === 307 && start.location.startsWith(`${op.issuer}/auth?`),
        "login leads to the provider", start);
    const back = await passOidcProvider(visitor, start.location, { login: "ann" });
    const done = await visitor.get(back, { headers: navigation });
    t.need(done.status === 307, "the callback lets in", `${done}\n${usherd.tail(3)}`);
    return { visitor, start, back, done };
}

async function visit(t, context) {
    const { op, origin, secret } = context;
    const closed = await new Visitor(origin).get("/closed?tab=1", { headers: navigation });
    t.need(closed.status === 302 && closed.location === `${origin}/auth/login?returnTo=%2Fclosed%3Ftab%3D1`,
        "a closed page leads to login", closed);

    const { visitor, start, back, done } =
        await signIn(t, context, "?returnTo=%2Fclosed%3Ftab%3D1&ui_locales=fr");
    const q = Object.fromEntries(new URL(start.location).searchParams);
    t.equal([q.scope, q.response_type, q.redirect_uri, q.code_challenge_method, q.ui_locales],
        ["openid profile email offline_access", "code", `${origin}/auth/callback`, "S256", "fr"],
        "the authorization request");
    const [transaction] = start.cookies();
    t.equal(transaction.name, `__txn_${q.state}`, "its transaction has a cookie");
    t.match(transaction.value, /^\d{10}%3AeyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0\.\./, "of their form");
    t.equal(done.location, `${origin}/closed?tab=1`, "it ends where the visitor was going");
    t.equal([...visitor.cookies().keys()].filter((name) => name.startsWith("__")), ["__session"],
        "and leaves one cookie of the site");
    t.equal(done.headers["cache-control"], safe, "no cache keeps it");
    const again = await visitor.get(back, { headers: navigation });
    t.equal([again.status, again.text], [500, "The state parameter is invalid."],
        "the callback works once");
    t.equal((await visitor.get("/closed", { headers: navigation })).status, 200, "the page is open");

    const profile = await visitor.get("/auth/profile");
    t.equal([profile.status, profile.setCookies], [200, []], "the profile answers");
    t.equal(profile.json, { sub: "ann", ...op.people.ann }, "with the user");

    const before = open(visitor.cookie("__session"), secret);
    t.equal(Object.keys(before), ["user", "tokenSet", "internal", "exp"], "the session's members");
    t.equal(decodeJwt(before.tokenSet.idToken).nonce, q.nonce, "its ID token is this sign-in's");
    await readByTheOriginal(t, context, visitor, before);
    await refresh(t, visitor, secret, before);
    await refreshAtOnce(t, context, visitor);
    await logOut(t, context, visitor);
}

/** The session's claims as anybody with the secret reads them. */
function open(token, secret) {
    const [header, , iv, text, tag] = token.split(".");
    const key = Buffer.from(hkdfSync("sha256", secret, "", "JWE CEK", 32));
    const bytes = (part) => Buffer.from(part, "base64url");
    const cipher = createDecipheriv("aes-256-gcm", key, bytes(iv));

    cipher.setAAD(Buffer.from(header));
    cipher.setAuthTag(bytes(tag));
    return JSON.parse(Buffer.concat([cipher.update(bytes(text)), cipher.final()]).toString());
}

/** Windows of one visitor at once: a refresh token is spent once, or the provider revokes all of it. */
async function refreshAtOnce(t, { op, origin }, visitor) {
    const spent = [];
    const heard = (ctx) => { if (ctx.oidc.params.grant_type === "refresh_token") spent.push(ctx.oidc.params.refresh_token); };
    const windows = Array.from({ length: 4 }, () => {
        const one = new Visitor(origin);
        one.setCookie("__session", visitor.cookie("__session"));
        return one;
    });

    op.provider.on("grant.success", heard);
    op.provider.on("grant.error", heard);
    const answers = await Promise.all(windows.map((one) => one.get("/auth/access-token")));
    t.equal(answers.map((answer) => answer.status), [200, 200, 200, 200], "each window has a token", answers.join("\n"));
    t.equal(new Set(answers.map((answer) => answer.json.token)).size, 1, "the same one");
    t.equal(spent.length, 1, "the provider was asked once");
    visitor.setCookie("__session", windows[3].cookie("__session"));
    t.equal((await visitor.get("/auth/access-token")).status, 200, "and what each of them kept is good");
    op.provider.off("grant.success", heard);
    op.provider.off("grant.error", heard);
}

async function refresh(t, visitor, secret, before) {
    const first = await visitor.get("/auth/access-token");
    const after = open(visitor.cookie("__session"), secret);

    t.equal([first.status, first.json.token_type], [200, "bearer"], "a token that is due is refreshed",
        first);
    t.equal(first.json.token, after.tokenSet.accessToken, "what was given is what was kept");
    t.ok(after.tokenSet.accessToken !== before.tokenSet.accessToken, "it is a new one");
    t.ok(after.tokenSet.refreshToken !== before.tokenSet.refreshToken, "the refresh token rotated");
    t.equal(after.internal, before.internal, "the session is the same one");
    t.ok(first.json.expires_in > 500 && first.json.expires_in <= 600, "it says how long it lives");
    const second = await visitor.get("/auth/access-token");
    t.equal(second.status, 200, "the rotated one works in its turn", second);
}

async function logOut(t, { op, origin, secret }, visitor) {
    const { tokenSet } = open(visitor.cookie("__session"), secret);
    const out = await visitor.get("/auth/logout?returnTo=" + encodeURIComponent(`${origin}/bye`),
        { headers: navigation });
    const q = Object.fromEntries(new URL(out.location).searchParams);

    t.ok(out.status === 307 && out.location.startsWith(`${op.issuer}/session/end?`),
        "logout leads to the provider's", out);
    t.equal([q.client_id, q.post_logout_redirect_uri, q.id_token_hint],
        [client, `${origin}/bye`, tokenSet.idToken], "and says who and where to");
    t.equal([...visitor.cookies().keys()].filter((name) => name.startsWith("__")), [], "nothing is left");
    t.equal(await op.provider.RefreshToken.find(tokenSet.refreshToken), undefined,
        "the refresh token is revoked");
    t.equal((await visitor.get("/auth/profile")).status, 401, "nobody is signed in");
    const page = await visitor.get(out.location);
    t.equal(page.status, 200, "the provider takes the request", page);
}

/** The SDK with the same secret: what it finds in the cookie, and that it renews it. */
async function readByTheOriginal(t, { op, origin, secret }, visitor, before) {
    let sdk, NextRequest;
    try {
        sdk = await import("@auth0/nextjs-auth0/server");
        ({ NextRequest } = (await import("next/server.js")).default);
    } catch (error) {
        if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
        t.note("@auth0/nextjs-auth0 is not installed here: its reading of the session was not checked");
        return;
    }
    const auth0 = new sdk.Auth0Client({
        domain: "tenant.example.com", clientId: client, clientSecret: oddSecret, secret,
        appBaseUrl: origin, enableTelemetry: false,
    });
    const request = () => new NextRequest(`${origin}/x`,
        { headers: { cookie: `__session=${visitor.cookie("__session")}` } });

    t.equal(await auth0.getSession(request()), before, "the SDK reads the same session");
    const rolled = await auth0.middleware(request());
    const [line] = rolled.headers.getSetCookie();
    const renewed = new Visitor(origin);
    renewed.setCookie("__session", line.slice(line.indexOf("=") + 1, line.indexOf(";")));
    t.equal((await renewed.get("/auth/profile")).json, { sub: "ann", ...op.people.ann },
        "and we read what it wrote");
}

async function cancelled(t, { origin }) {
    const visitor = new Visitor(origin);
    const start = await visitor.get("/auth/login");
    const state = new URL(start.location).searchParams.get("state");
    const back = await visitor.get(`/auth/callback?error=access_denied&error_description=%3Cb%3E&state=${state}`);

    t.equal([back.status, back.text], [500, "An error occurred during the authorization flow."],
        "a fixed text, not the provider's");
    t.equal([...visitor.cookies().keys()], [], "the transaction is over");
}

async function fromEnvironment(t, { secret }) {
    const file = path.join(t.dir, "environment.yaml");
    writeFileSync(file, "site:\n  profile: auth0-4\n");
    const env = {
        AUTH0_SECRET: secret, APP_BASE_URL: "https://app.example.com/shop", AUTH0_CLIENT_ID: "c",
        AUTH0_CLIENT_SECRET: "s", AUTH0_DOMAIN: "tenant.eu.auth0.com",
    };
    const good = await runProgram(t.tools.usher, ["check", file], { env });
    t.equal(good.code, 0, "the SDK's five variables are enough", good.out + good.err);
    const bad = await runProgram(t.tools.usher, ["check", file],
        { env: { ...env, AUTH0_DOMAIN: "https://tenant/?x" } });
    t.ok(bad.code !== 0 && (bad.out + bad.err).includes("AUTH0_DOMAIN"), "a domain that is none is told",
        bad.out + bad.err);
}

async function example(t) {
    const file = path.join(t.tools.root, "examples/auth0/usherd.yaml");
    const checked = await runProgram(t.tools.usher, ["check", file]);

    t.equal(checked.code, 0, "usher check accepts it", checked.out + checked.err);
    t.ok(readFileSync(file, "utf8").includes("profile: auth0-4"), "and it is Auth0's");
}
