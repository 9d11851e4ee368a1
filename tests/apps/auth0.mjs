// examples/next-auth0: the calls of Auth0's SDK v4 in Next.js 16. The same visit on the original package
// and on usher, answer by answer; whoever is signed in under one is signed in under the other; a browser.
import { hkdfSync } from "node:crypto";
import { EncryptJWT } from "jose";
import pg from "pg";
import { Postgres } from "../e2e/kit/postgres.mjs";
import { newSecret } from "../e2e/kit/sites.mjs";
import { Visitor, navigation } from "../e2e/kit/visitor.mjs";
import { clientName } from "../provider/oidc-provider.mjs";
import { openBrowser, passProvider } from "./kit/browser.mjs";
import { auth0ByTheClock } from "./kit/clock.mjs";
import { buildApp, variants } from "./kit/build.mjs";
import { proveCalls } from "./kit/calls.mjs";
import { clientSecret, startProvider } from "./kit/people.mjs";
import { act, ask, send, signIn, startBoth, swap, take } from "./kit/visit.mjs";

const HOUR = 3600;
const clientId = clientName("client_secret_post", "RS256");
const start = (returnTo) => ask("", `/auth/login?returnTo=${encodeURIComponent(returnTo)}`);

/* The provider signs out without asking, revokes, and gives refresh tokens that rotate. */
const provider = {
    client: (origins) => ({
        grant_types: ["authorization_code", "refresh_token"],
        post_logout_redirect_uris: origins,
    }),
    configuration: {
        features: {
            revocation: { enabled: true, allowedPolicy: (_, asking, token) => token.clientId === asking.clientId },
            rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => (ctx.body = form) },
        },
        issueRefreshToken: () => true,
        rotateRefreshToken: true,
    },
};

const pages = ["/", "/profile", "/dashboard", "/dashboard?tab=1", "/members", "/visits", "/rename", "/old", "/old-members",
    "/api/me", "/api/shape", "/api/token", "/api/secret", "/api/old/me", "/api/old/token", "/api/old/secret",
    "/api/old/rename"];

/** What anybody may ask for; the visitor is new each time. */
const anonymous = (token) => [
    ...["", "?returnTo=%2Fdashboard", "?returnTo=https%3A%2F%2Fevil.example%2F", "?returnTo=%2F%2Fevil.example",
        "?returnTo=%2Fhttps%3A%2F%2Fevil.example", "?ui_locales=fr&prompt=login", "?client_id=x&state=y",
        "?max_age=x", "?challengeMode=x"]
        .map((query) => ask(`login ${query}`, `/auth/login${query}`)),
    ask("login, prefetched", "/auth/login", { headers: { "next-router-prefetch": "1" } }),
    ask("login, with a slash", "/auth/login/"),
    ask("login, in capitals", "/auth/Login"),
    send("login, POST", "/auth/login"),
    { name: "login, HEAD", method: "HEAD", target: "/auth/login" },
    ask("callback without state", "/auth/callback?code=x"),
    ask("callback of another state", "/auth/callback?code=x&state=y"),
    ask("callback with an error", "/auth/callback?error=access_denied&state=y"),
    ask("profile", "/auth/profile"),
    ask("access token", "/auth/access-token"),
    ask("logout", "/auth/logout"),
    ask("logout, elsewhere", "/auth/logout?returnTo=https%3A%2F%2Felsewhere.example%2F"),
    ask("unknown route", "/auth/nonsense"),
    ...pages.map((target) => ask(target, target)),
    ...["/", "/auth/profile", "/api/me", "/dashboard", "/api/old/me"].flatMap((target) =>
        ["expired", "foreign", "tampered", "nonsense"].map((kind) => ask(`${kind} cookie: ${target}`, target,
            { headers: { cookie: `__session=${token[kind] ?? kind}` } }))),
    ...["/", "/auth/profile", "/api/me"].map((target) => ask(`minted cookie: ${target}`, target,
        { headers: { cookie: `__session=${token.good}` } })),
];

/** What somebody who is signed in asks for, in one browser. */
const signedIn = [
    ask("profile", "/auth/profile"),
    ask("access token", "/auth/access-token"),
    ...pages.map((target) => ask(target, target)),
    ask("visits, again", "/visits"),
    ask("me, renamed in the Pages Router", "/api/me"),
    act("rename by an action", "/rename", { nickname: "Annie" }),
    ask("me, renamed by an action", "/api/me"),
    ask("token, refreshed", "/api/token?refresh"),
    ask("me, after the refresh", "/api/me"),
    ask("token, refreshed in the Pages Router", "/api/old/token?refresh"),
    ask("access token, another scope", "/auth/access-token?scope=openid%20email"),
    ask("profile, at the end", "/auth/profile"),
    act("rename by an action, large", "/rename", { nickname: "n".repeat(5000) }),
    ask("me, in pieces", "/api/me"),
    act("rename by an action, small again", "/rename", { nickname: "A" }),
    ask("me, in one piece", "/api/me"),
];

const visit = (tokens) => async (keep, newVisitor) => {
    for (const step of anonymous(tokens)) keep("nobody")(step.name, await take(newVisitor(), step));
    const visitor = newVisitor();
    const note = keep("ann");
    const back = await signIn(visitor, { login: "ann", start: start("/dashboard?tab=1"), record: note });
    for (const step of signedIn) note(step.name, await take(visitor, step));
    note("the same callback again", await visitor.get(back, { headers: navigation }));
    note("logout", await take(visitor, ask("", "/auth/logout")));
    note("profile, signed out", await visitor.get("/auth/profile"));
    note("dashboard, signed out", await take(visitor, ask("", "/dashboard")));
};

/** Signed in at one, and the cookies taken to the other. */
async function carry(t, from, to) {
    const visitor = new Visitor(from.origin);
    await signIn(visitor, { login: "ann", start: start("/") });
    const there = new Visitor(to.origin, { jar: visitor.jar });
    for (const target of ["/auth/profile", "/api/me", "/api/old/me", "/api/shape"]) {
        const [here, then] = [await visitor.get(target), await there.get(target)];
        t.equal(then.json, here.json, `${target} says the same`, then);
    }
    t.equal((await there.get("/api/me")).json.email, "ann@example.com", "and who it is");
    t.equal((await there.get("/dashboard", { headers: navigation })).status, 200, "closed pages are open");
    await there.get("/api/old/rename");
    t.equal((await visitor.get("/api/me")).json.nickname, "Nan", "what the other wrote, the first reads");
    const token = await there.get("/api/old/token?refresh");
    t.equal(token.status, 200, "the other refreshes the token", token);
    t.equal((await visitor.get("/api/old/token?refresh")).status, 200, "and then the first again");
}

/** Hooks of the application's own, and sessions of five hours. */
const customVisit = async (keep, newVisitor) => {
    keep("nobody")("callback of another state", await take(newVisitor(), ask("", "/auth/callback?code=x&state=y")));
    keep("nobody")("home", await take(newVisitor(), ask("", "/?error=invalid_state")));
    const visitor = newVisitor();
    const note = keep("ann");
    await signIn(visitor, { login: "ann", start: start("/dashboard?tab=1"), record: note });
    for (const step of signedIn) note(step.name, await take(visitor, step));
    note("logout", await take(visitor, ask("", "/auth/logout")));
};

/** Sessions in a database, which both share: the cookie holds an id. */
const storeVisit = (tokens) => async (keep, newVisitor) => {
    for (const target of ["/", "/dashboard", "/auth/profile", "/api/me"])
        for (const [who, cookie] of [["nobody", ""], ["nobody's id", `__session=${tokens.id}`], ["a session", `__session=${tokens.good}`]])
            keep(who)(target, await take(newVisitor(), ask("", target, { headers: cookie ? { cookie } : {} })));
    const visitor = newVisitor();
    const note = keep("ann");
    await signIn(visitor, { login: "ann", start: start("/dashboard?tab=1"), record: note });
    const old = visitor.cookie("__session");
    for (const step of signedIn) note(step.name, await take(visitor, step));
    note("logout", await take(visitor, ask("", "/auth/logout")));
    note("profile, signed out", await visitor.get("/auth/profile"));
    note("the id that was", await take(newVisitor(), ask("", "/api/me", { headers: { cookie: `__session=${old}` } })));
};

/** A person with a browser. */
async function person(t, app, { op }) {
    const { context, page } = await openBrowser(t, app.origin);
    const at = (id) => page.locator(`#${id}`).textContent();

    await page.goto(`${app.origin}/dashboard?tab=1`);
    await passProvider(page, { login: "ann", issuer: op.issuer });
    await page.waitForURL(`${app.origin}/dashboard?tab=1`);
    t.equal(await at("who"), "ann@example.com", "a closed page leads to the provider, and is open then");
    await page.goto(`${app.origin}/rename`);
    await page.locator("#go").click();
    await page.locator("#nickname", { hasText: "Annie" }).waitFor();
    t.ok(true, "updateSession() in an action changes the session");
    t.ok(!/eyJ/.test(await page.content()), "no token is in a page");
    if (app.variant === "usher") t.equal(await page.evaluate(() => document.cookie), "", "scripts see no cookie");
    await page.goto(`${app.origin}/visits`);
    t.match(await at("visits"), /^[01]$/, "a page behind a proxy that writes the session");
    await page.goto(`${app.origin}/profile`);
    t.equal([await at("status"), await at("name"), await at("token")], ["somebody", "Ann Exemplar", "none"],
        "useUser knows who it is");
    await page.locator("#ask").click();
    await page.locator("#token", { hasText: "43 characters" }).waitFor();
    t.ok(true, "and getAccessToken gets a token");
    await page.locator("#sign-out").click();
    await page.waitForURL((url) => url.href.startsWith(op.issuer));
    t.ok(page.url().startsWith(`${op.issuer}/session/end`), "sign-out leads to the provider", page.url());
    await page.goto(`${app.origin}/`);
    t.equal(await at("who"), "Not signed in", "and the session is over");
    await page.goto(`${app.origin}/profile`);
    await page.locator("#status", { hasText: "nobody" }).waitFor();
    t.ok(true, "useUser says so");
    t.ok(!(await context.cookies(app.origin)).some(({ name }) => name.startsWith("__session")), "with its cookie");
    // Who asks for a profile that is not there is told so by its status, which browsers write down.
    t.equal(page.complaints.filter((text) => !text.includes("/auth/profile")), [], "the browser has no complaint");
    await context.close();
}

/** Sessions of seconds; both at once, and whatever else goes on meanwhile. */
const byTheClock = (t, op, apps) => Promise.all(variants.map((variant) =>
    t.case(`by the clock, on ${variant}`, (t) => auth0ByTheClock(t, apps[variant], {
        absolute: 12,
        idle: 5,
        async signIn(page, { known = false } = {}) {
            await page.goto(`${apps[variant].origin}/auth/login?returnTo=%2F`);
            if (!known) await passProvider(page, { login: "ann", issuer: op.issuer });
            await page.waitForURL(`${apps[variant].origin}/`);
        },
    }))));

/** The rows that a statement answers with. */
async function onDatabase({ url }, text) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(text);
    await client.end();
    return rows;
}

const keyOf = (secret) => new Uint8Array(hkdfSync("sha256", secret, "", "JWE CEK", 32));

async function minted(secret) {
    const now = Math.floor(Date.now() / 1000);
    const session = {
        user: { sub: "ann", name: "Ann", email: "ann@example.com" },
        tokenSet: { accessToken: "t".repeat(43), expiresAt: now + HOUR },
        internal: { sid: "s", createdAt: now },
    };
    const seal = (key, exp, payload = session) => new EncryptJWT(payload).setProtectedHeader({ enc: "A256GCM", alg: "dir" })
        .setExpirationTime(exp).encrypt(keyOf(key));
    const good = await seal(secret, now + HOUR);
    return {
        id: await seal(secret, now + HOUR, { id: "0".repeat(32) }),
        good,
        tampered: good.replace(/.(?=.{30}$)/, (digit) => (digit === "A" ? "B" : "A")),
        expired: await seal(secret, now - HOUR),
        foreign: await seal(newSecret(), now + HOUR),
    };
}

export default async function run(t) {
    for (const variant of variants) buildApp(t, "auth0", variant);
    const { op, origins, trust } = await startProvider(t, ["", "custom-", "store-", "short-"]
        .flatMap((prefix) => variants.map((variant) => prefix + variant)), "/auth/callback", provider);
    const secret = newSecret();
    const env = (more) => (origin) => ({
        ...trust,
        APP_BASE_URL: origin,
        AUTH0_SECRET: secret,
        AUTH0_DOMAIN: op.issuer,
        AUTH0_CLIENT_ID: clientId,
        AUTH0_CLIENT_SECRET: clientSecret,
        PROVIDER_IS_INSIDE: "yes",
        ...more,
    });
    const plain = await startBoth(t, "auth0", { origins, env: env() });
    await t.case("swap", async (t) => swap(t, "auth0", plain, { op }, visit(await minted(secret))));
    await t.case("signed in at the original, and at usher", (t) => carry(t, plain.original, plain.usher));
    await t.case("signed in at usher, and at the original", (t) => carry(t, plain.usher, plain.original));
    for (const variant of variants)
        await t.case(`a person, on ${variant}`, (t) => person(t, plain[variant], { op }));
    const custom = await startBoth(t, "auth0", { prefix: "custom-", origins,
        env: env({ OWN_HOOKS: "yes", SESSION_SECONDS: "18000" }) });
    await t.case("swap, own hooks", (t) => swap(t, "auth0-custom", custom, { op }, customVisit));

    const clock = byTheClock(t, op, await startBoth(t, "auth0", { prefix: "short-", origins,
        env: env({ SESSION_SECONDS: "12", IDLE_SECONDS: "5" }) }));
    const database = await Postgres.start(t);
    await onDatabase(database, "create table auth0_session (id text primary key, sid text, sub text, session jsonb not null)");
    const stored = await startBoth(t, "auth0", { prefix: "store-", origins, env: env({ DATABASE_URL: database.url }) });
    await t.case("swap, sessions in a database", async (t) => {
        await swap(t, "auth0-store", stored, { op }, storeVisit(await minted(secret)));
        t.equal(await onDatabase(database, "select * from auth0_session"), [], "whoever has signed out left no record");
        const visitor = new Visitor(stored.usher.origin);
        await signIn(visitor, { login: "ann", start: start("/") });
        const [record] = await onDatabase(database, "select id, length(session::text) > 500 as whole from auth0_session");
        t.ok(record.whole && visitor.cookie("__session").length < 300, "the cookie holds an id alone", visitor.cookie("__session"));
        await take(visitor, ask("", "/auth/logout"));
    });
    await t.case("a record of the original, at usher", (t) => carry(t, stored.original, stored.usher));
    await t.case("a record of usher, at the original", (t) => carry(t, stored.usher, stored.original));
    await clock;
    proveCalls(t, "apps/auth0");
}
