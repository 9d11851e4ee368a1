// examples/next-app/v5: the calls of Auth.js v5 and of the configured runtime in Next.js 16. The same visit
// on the original package and on usher, answer by answer; whoever is signed in under one is signed in
// under the other; a browser; the runtime in both modes.
import { randomUUID } from "node:crypto";
import jsonwebtoken from "jsonwebtoken";
import pg from "pg";
import { Postgres, tables } from "../e2e/kit/postgres.mjs";
import { newSecret } from "../e2e/kit/sites.mjs";
import { Visitor, navigation } from "../e2e/kit/visitor.mjs";
import { originals } from "../e2e/kit/originals.mjs";
import { openBrowser, passProvider } from "./kit/browser.mjs";
import { authjsByTheClock } from "./kit/clock.mjs";
import { buildApp, startApp, variants } from "./kit/build.mjs";
import { proveCalls } from "./kit/calls.mjs";
import { clientId, clientSecret, startProvider } from "./kit/people.mjs";
import { act, ask, send, signIn, startBoth, swap, take } from "./kit/visit.mjs";

const HOUR = 3600;
const sessionCookie = "authjs.session-token";
const forProgram = { headers: { "x-auth-return-redirect": "1" } };

const start = (callbackUrl, json) =>
    send("", "/api/auth/signin/company", { callbackUrl }, { csrf: true, ...(json && forProgram) });
const signOut = (json) =>
    send("sign-out", "/api/auth/signout", { callbackUrl: "/" }, { csrf: true, ...(json && forProgram) });
const update = (name, nickname) =>
    ({ name, method: "POST", target: "/api/auth/session", json: { data: { nickname } }, csrf: true });

/** What anybody may ask for; the visitor is new each time. */
const anonymous = (token) => [
    ask("session", "/api/auth/session"),
    ask("csrf", "/api/auth/csrf"),
    ask("providers", "/api/auth/providers"),
    ask("sign-in page", "/api/auth/signin"),
    ask("sign-in page, way back", "/api/auth/signin?callbackUrl=%2Fdashboard"),
    ask("sign-in page, foreign way back", "/api/auth/signin?callbackUrl=https%3A%2F%2Fevil.example%2F"),
    ask("sign-in page, no URL", "/api/auth/signin?callbackUrl=foo"),
    ask("sign-in page, error", "/api/auth/signin?error=OAuthCallbackError"),
    ask("sign-in page, provider", "/api/auth/signin/company"),
    ask("sign-out page", "/api/auth/signout"),
    ask("error page", "/api/auth/error"),
    ask("error page, Configuration", "/api/auth/error?error=Configuration"),
    ask("error page, AccessDenied", "/api/auth/error?error=AccessDenied"),
    ask("error page, Verification", "/api/auth/error?error=Verification"),
    ask("verify-request page", "/api/auth/verify-request"),
    ask("unknown action", "/api/auth/nonsense"),
    ask("base path", "/api/auth"),
    { name: "session, HEAD", method: "HEAD", target: "/api/auth/session" },
    { name: "session, PUT", method: "PUT", target: "/api/auth/session" },
    send("sign-in without CSRF token", "/api/auth/signin/company", { callbackUrl: "/" }),
    send("sign-in with another's CSRF token", "/api/auth/signin/company",
        { csrfToken: "0".repeat(64), callbackUrl: "/" }),
    send("sign-in without CSRF token, for a program", "/api/auth/signin/company", { callbackUrl: "/" },
        forProgram),
    send("sign-out without CSRF token", "/api/auth/signout", { callbackUrl: "/" }),
    send("session, POST without CSRF token", "/api/auth/session", undefined, { json: { data: {} } }),
    ask("callback without cookies", "/api/auth/callback/company?code=x&state=y"),
    ask("callback with an error", "/api/auth/callback/company?error=access_denied&state=y"),
    ask("callback of nobody", "/api/auth/callback/nobody?code=x&state=y"),
    ask("home", "/"),
    ask("dashboard", "/dashboard"),
    ask("dashboard, query", "/dashboard/x?a=b%20c&d=1+2"),
    ask("admin", "/admin"),
    ask("staff", "/staff"),
    ask("old", "/old"),
    ask("note", "/note"),
    ask("me", "/api/me"),
    ask("verified", "/api/verified"),
    ask("token", "/api/token"),
    ask("token, raw", "/api/token?raw=1"),
    ask("old me", "/api/old/me"),
    act("update by an action", "/rename", { nickname: "Annie" }),
    act("sign-out by an action", "/sign-out", {}),
    ...["/api/auth/session", "/api/me", "/dashboard", "/old", "/api/old/me"].flatMap((target) =>
        ["expired", "foreign", "nonsense"].map((kind) => ask(`${kind} cookie: ${target}`, target,
            { headers: { cookie: `${sessionCookie}=${token[kind] ?? kind}` } }))),
    ask("bad csrf cookie", "/api/auth/csrf", { headers: { cookie: "authjs.csrf-token=nonsense" } }),
    ask("bad callback-url cookie", "/api/auth/session",
        { headers: { cookie: "authjs.callback-url=nonsense" } }),
    ask("foreign callback-url cookie", "/api/auth/csrf",
        { headers: { cookie: "authjs.callback-url=https%3A%2F%2Fevil.example" } }),
    ...["/api/token", "/dashboard", "/api/me", "/api/auth/session"].flatMap((target) => [
        ask(`Bearer: ${target}`, target, { headers: { authorization: `Bearer ${token.good}` } }),
        ask(`bad Bearer: ${target}`, target, { headers: { authorization: "Bearer %zz" } }),
    ]),
];

/** What somebody who is signed in asks for, in one browser. */
const signedIn = [
    ask("session", "/api/auth/session"),
    ...["/", "/dashboard", "/admin", "/staff", "/old", "/note", "/api/me", "/api/verified", "/api/token",
        "/api/token?raw=1", "/api/old/me"].map((target) => ask(target, target)),
    ask("sign-in page", "/api/auth/signin"),
    ask("sign-out page", "/api/auth/signout"),
    update("update", "Annie"),
    ask("me, updated", "/api/me"),
    act("update by an action", "/rename", { nickname: "Ann" }),
    ask("me, updated by an action", "/api/me"),
    act("note by an action", "/note", { text: "hello" }),
    update("update, large", "n".repeat(5000)),
    ask("session in pieces", "/api/auth/session"),
    ask("me, in pieces", "/api/me"),
    ask("dashboard, in pieces", "/dashboard"),
    update("update, small again", "A"),
    ask("session in one piece", "/api/auth/session"),
];

const visit = (tokens) => async (keep, newVisitor) => {
    for (const step of anonymous(tokens))
        keep("nobody")(step.name, await take(newVisitor(), step));
    for (const [login, json] of [["ann", false], ["zoe", true]]) {
        const visitor = newVisitor();
        const note = keep(login);
        const back = await signIn(visitor, { login, start: start("/dashboard", json), record: note });
        for (const step of signedIn) note(step.name, await take(visitor, step));
        note("the same callback again", await visitor.get(back, { headers: navigation }));
        note("sign-out", await take(visitor, signOut(json)));
        note("session, signed out", await visitor.get("/api/auth/session"));
    }
    const visitor = newVisitor();
    const note = keep("ann, by actions");
    await signIn(visitor, { login: "ann", start: act("", "/sign-in", {}), record: note });
    note("session", await visitor.get("/api/auth/session"));
    note("sign-out", await take(visitor, act("", "/sign-out", {})));
    note("session, signed out", await visitor.get("/api/auth/session"));
};

/** Tokens and pages of the application's own, and sessions of ten minutes. */
const customVisit = (tokens) => async (keep, newVisitor) => {
    for (const step of [
        ask("sign-in page", "/api/auth/signin?callbackUrl=%2Fdashboard"),
        ask("error page", "/api/auth/error?error=AccessDenied"),
        ask("callback with an error", "/api/auth/callback/company?error=access_denied&state=y"),
        ask("own page", "/enter"),
        ask("dashboard", "/dashboard"),
        ...Object.entries(tokens).flatMap(([what, token]) =>
            ["/api/auth/session", "/dashboard", "/api/token", "/api/me"].map((target) =>
                ask(`${what} token: ${target}`, target, { headers: { cookie: `${sessionCookie}=${token}` } }))),
    ]) keep("nobody")(step.name, await take(newVisitor(), step));
    const visitor = newVisitor();
    await signIn(visitor, { login: "ann", start: start("/dashboard"), record: keep("ann") });
    for (const step of signedIn) keep("ann")(step.name, await take(visitor, step));
    keep("ann")("sign-out by an action", await take(visitor, act("", "/sign-out", {})));
    keep("ann")("session, signed out", await visitor.get("/api/auth/session"));
};

/** Users and sessions in a database: one for both, so one person is one user there. */
const rowsVisit = async (keep, newVisitor) => {
    for (const target of ["/", "/dashboard", "/staff", "/api/me", "/api/token", "/api/auth/session"])
        for (const [who, headers] of [["nobody", {}], ["nobody's row", { cookie: `${sessionCookie}=${randomUUID()}` }]])
            keep(who)(target, await take(newVisitor(), ask("", target, { headers })));
    const visitor = newVisitor();
    const note = keep("ann");
    await signIn(visitor, { login: "ann", start: start("/dashboard"), record: note });
    const old = visitor.cookie(sessionCookie);
    for (const target of ["/", "/dashboard", "/admin", "/staff", "/old", "/note", "/api/me", "/api/old/me", "/api/token?raw=1",
        "/api/auth/session"]) note(target, await take(visitor, ask("", target)));
    note("sign-out by an action", await take(visitor, act("", "/sign-out", {})));
    note("session, signed out", await visitor.get("/api/auth/session"));
    note("the row that was", await take(newVisitor(), ask("", "/api/me", { headers: { cookie: `${sessionCookie}=${old}` } })));
};

/** Signed in at one, and the cookies taken to the other. */
async function carry(t, from, to, { hasTokens = true } = {}) {
    const visitor = new Visitor(from.origin);
    await signIn(visitor, { login: "ann", start: start("/") });
    const there = new Visitor(to.origin, { jar: visitor.jar });
    for (const target of ["/api/auth/session", "/api/me", "/api/old/me"]) {
        const [here, then] = [await visitor.get(target), await there.get(target)];
        t.equal({ ...then.json, expires: "" }, { ...here.json, expires: "" }, `${target} says the same`, then);
        t.equal(then.json.user?.email, "ann@example.com", "and who it is");
    }
    t.equal((await there.get("/dashboard", { headers: navigation })).status, 200, "closed pages are open");
    if (!hasTokens) return;
    await take(there, update("", "Annie"));
    t.equal((await visitor.get("/api/me")).json.user?.nickname, "Annie",
        "what the other wrote, the first reads");
}

/** A person with a browser. */
async function person(t, app, { op }) {
    const { context, page } = await openBrowser(t, app.origin);
    const at = (id) => page.locator(`#${id}`).textContent();

    await page.goto(`${app.origin}/dashboard`);
    t.match(page.url(), /\/api\/auth\/signin\?callbackUrl=http%3A%2F%2F\S+%2Fdashboard$/,
        "the closed page leads to the sign-in page");
    await page.getByRole("button", { name: "Sign in with Company" }).click();
    await passProvider(page, { login: "ann", issuer: op.issuer });
    await page.waitForURL(`${app.origin}/dashboard`);
    t.equal(await at("who"), "ann@example.com", "and after the sign-in it is open");
    await page.goto(`${app.origin}/profile`);
    t.equal([await at("status"), await at("name"), await at("nickname")],
        ["authenticated", "Ann Exemplar", "none"], "useSession knows who it is");
    await page.locator("#rename").click();
    await page.locator("#nickname", { hasText: "Annie" }).waitFor();
    t.ok(true, "update() changes the session");
    await page.goto(`${app.origin}/rename`);
    await page.locator("input[name=nickname]").fill("Nan");
    await page.locator("#go").click();
    await page.locator("#nickname", { hasText: "Nan" }).waitFor();
    t.ok(true, "and so does unstable_update() in an action");
    t.equal(await page.evaluate(() => document.cookie), "", "scripts see no cookie");
    await page.goto(`${app.origin}/profile`);
    await page.locator("#sign-out").click();
    await page.waitForURL(`${app.origin}/`);
    t.equal(await at("who"), "Not signed in", "sign-out leads home");
    t.ok(!(await context.cookies(app.origin)).some(({ name }) => name.startsWith(sessionCookie)),
        "without a session");
    await page.goto(`${app.origin}/sign-in`);
    await page.locator("#go").click();
    await page.waitForURL(`${app.origin}/dashboard`);
    t.equal(await at("who"), "ann@example.com", "an action signs in, where the provider knows the person");
    await page.goto(`${app.origin}/sign-out`);
    await page.locator("#go").click();
    await page.waitForURL(`${app.origin}/`);
    t.equal(await at("who"), "Not signed in", "and another signs out");
    t.equal(page.complaints, [], "the browser has no complaint");
    await context.close();
}

/** The configured runtime: `app` holds the secret, or asks one that does. */
async function runtime(t, app, { cookies, unverified, bad, secret }) {
    const visitor = (cookie) => new Visitor(app.origin, { headers: cookie ? { cookie } : {} });
    const who = "ann@example.com";

    t.equal((await visitor(cookies).get("/runtime/session")).json.user?.email, who, "getServerSession(request)");
    t.equal((await visitor(cookies).get("/runtime/forms")).json,
        { request: who, headers: who, pairs: who, record: who, nothing: null }, "in every form");
    t.equal((await visitor(cookies).get("/runtime/guard")).json, { email: who }, "a verified person passes");
    t.equal((await visitor(unverified).get("/runtime/guard")).status, 403, "one who is not does not");
    for (const [what, cookie] of [["nobody", ""], ...Object.entries(bad)]) {
        const answer = await visitor(cookie).get("/runtime/session");
        t.equal([answer.status, answer.json], [401, { error: "not signed in" }], `${what}: 401`);
        t.equal((await visitor(cookie).get("/runtime/guard")).status, 401, `${what}: the guard throws`);
    }
    const token = await visitor(cookies).get("/runtime/token");
    if (secret) t.equal(token.json?.email, who, "getToken opens the token itself");
    const raw = await visitor(cookies).get("/runtime/token?raw=1");
    t.ok(cookies.includes(`${sessionCookie}=${raw.json}`), "and hands it out as it is", raw);
}

/** What a route reads often is kept, until anybody signs in or out. */
async function cached(t, app, { cookies }) {
    const asked = async () => (await new Visitor(app.origin, { headers: { cookie: cookies } }).get("/runtime/hot")).headers["x-session-cache"];
    const other = new Visitor(app.origin);

    t.equal([await asked(), await asked()], ["miss", "hit"], "a session that was read is kept");
    t.equal((await new Visitor(app.origin).get("/runtime/hot")).status, 401, "for whoever has its cookie");
    await signIn(other, { login: "zoe", start: start("/") });
    t.equal([await asked(), await asked()], ["miss", "hit"], "a sign-in empties the cache");
    await take(other, signOut());
    t.equal([await asked(), await asked()], ["miss", "hit"], "and so does a sign-out");
}

/** The rows that a statement answers with. */
async function onDatabase({ url }, text, values) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(text, values);
    await client.end();
    return rows;
}

/** The configured runtime where sessions are rows: renewed when that is due, removed when they are over. */
async function runtimeOnRows(t, app, database) {
    const visitor = new Visitor(app.origin);
    await signIn(visitor, { login: "ann", start: start("/") });
    const key = visitor.cookie(sessionCookie);
    const left = async () => (await onDatabase(database, 'select expires from sessions where "sessionToken" = $1', [key]))
        .map(({ expires }) => Math.round((expires - Date.now()) / 86400000));
    const ends = (when) => onDatabase(database, `update sessions set expires = now() + interval '${when}' where "sessionToken" = $1`, [key]);

    const { json } = await visitor.get("/runtime/session");
    t.equal(Object.keys(json.user).sort(), ["email", "id", "image", "name"], "getServerSession() has the user", JSON.stringify(json));
    t.ok(!JSON.stringify(json).includes(key), "and not the row's key");
    t.equal((await visitor.get("/runtime/token?raw=1")).json, key, "raw is the key");
    await ends("12 days");
    await visitor.get("/runtime/session");
    t.equal(await left(), [30], "a row is renewed when that is due");
    await ends("-1 second");
    t.equal((await visitor.get("/runtime/session")).status, 401, "one that is over is nobody");
    t.equal(await left(), [], "and gone, so that it is not looked at again");
    t.equal((await visitor.get("/runtime/session")).status, 401, "which it still is");
}

/** Sessions of five seconds; both at once, and whatever else goes on meanwhile. */
const byTheClock = (t, op, apps) => Promise.all(variants.map((variant) =>
    t.case(`by the clock, on ${variant}`, (t) => authjsByTheClock(t, apps[variant], {
        seconds: 5,
        cookie: sessionCookie,
        copies: true,
        async signIn(page) {
            await page.goto(`${apps[variant].origin}/dashboard`);
            await page.getByRole("button", { name: "Sign in with Company" }).click();
            await passProvider(page, { login: "ann", issuer: op.issuer });
        },
    }))));

const claims = { name: "Ann", email: "ann@example.com", sub: "ann", emailVerified: true };
const { encode } = originals["authjs-5"];

async function sealed(secret, more = {}) {
    const seal = (key, maxAge, own = {}) =>
        encode({ claims: { ...claims, ...own }, secret: key, maxAge, salt: sessionCookie });
    return {
        good: await seal(secret, HOUR, more),
        expired: await seal(secret, -HOUR),
        foreign: await seal(newSecret(), HOUR),
    };
}

function signedTokens(secret) {
    const now = Math.floor(Date.now() / 1000);
    const sign = (more, options, key = secret) => jsonwebtoken.sign({ ...claims, ...more }, key, options);
    return {
        good: sign({ iat: now, exp: now + HOUR }),
        expired: sign({ iat: now - 2 * HOUR, exp: now - HOUR }),
        foreign: sign({ iat: now, exp: now + HOUR }, {}, newSecret()),
        unsigned: sign({ iat: now, exp: now + HOUR }, { algorithm: "none" }, null),
    };
}

export default async function run(t) {
    for (const variant of variants) buildApp(t, "v5", variant);
    const { op, origins, trust } = await startProvider(t, [...["", "custom-", "rows-", "short-"]
        .flatMap((prefix) => variants.map((variant) => prefix + variant)), "proxy", "cut-off", "unset"], "/api/auth/callback/company");
    const secret = newSecret();
    const env = (more) => (origin) => ({
        ...trust,
        AUTH_URL: origin,
        AUTH_SECRET: secret,
        COMPANY_ISSUER: op.issuer,
        COMPANY_ID: clientId,
        COMPANY_SECRET: clientSecret,
        COMPANY_IS_INSIDE: "yes",
        ...more,
    });
    const plain = await startBoth(t, "v5", { origins, env: env() });
    await t.case("swap", async (t) => swap(t, "v5", plain, { op }, visit(await sealed(secret))));
    await t.case("signed in at the original, and at usher", (t) => carry(t, plain.original, plain.usher));
    await t.case("signed in at usher, and at the original", (t) => carry(t, plain.usher, plain.original));
    for (const variant of variants)
        await t.case(`a person, on ${variant}`, (t) => person(t, plain[variant], { op }));

    const cookie = (token) => `${sessionCookie}=${token}`;
    const { good, expired, foreign } = await sealed(secret);
    const unverified = await sealed(secret, { emailVerified: false });
    const people = {
        cookies: cookie(good),
        unverified: cookie(unverified.good),
        bad: { nonsense: cookie("nonsense"), "an expired one": cookie(expired), "another's": cookie(foreign) },
    };
    await t.case("the runtime, local", (t) => runtime(t, plain.usher, { ...people, secret }));
    const alone = (name, upstream) => startApp(t, { app: "v5", variant: "usher", name, origin: origins[name],
        env: { AUTH_URL: origins[name], AUTH_TRUST_HOST: "true", AUTH_UPSTREAM: upstream } });
    // It has no secret: whoever is asked about a session has it, on the original or on usher.
    for (const variant of variants)
        await t.case(`the runtime, through ${variant}`, async (t) => {
            const app = await alone("proxy", plain[variant].origin);
            await runtime(t, app, people);
            await app.program.stop();
        });
    await t.case("the runtime, cut off", async (t) => {
        const app = await alone("cut-off", "http://127.0.0.1:9");
        const answer = await new Visitor(app.origin, { headers: { cookie: people.cookies } }).get("/runtime/session");
        t.equal(answer.status, 401, "an outage is nobody", answer);
        t.match(app.program.out + app.program.err, /upstream|fetch|127\.0\.0\.1:9/i, "and is reported");
    });
    await t.case("the runtime, not configured", async (t) => {
        const app = await startApp(t, { app: "v5", variant: "usher", name: "unset", origin: origins.unset,
            env: { AUTH_URL: origins.unset, AUTH_TRUST_HOST: "true" } });
        const visitor = new Visitor(app.origin, { headers: { cookie: people.cookies } });
        const health = await visitor.get("/runtime/health");
        t.equal([health.status, health.json], [503, { runtime: "Auth runtime has not been configured" }], "a call throws", health);
        t.equal((await visitor.get("/runtime/session")).status, 500, "so nobody is told that they are not signed in");
        const other = await new Visitor(plain.usher.origin).get("/runtime/health");
        t.equal([other.status, other.json], [200, { runtime: "configured" }], "a configured one does not", other);
        await app.program.stop();
    });
    await t.case("the runtime, with a cache", (t) => cached(t, plain.usher, people));

    const custom = await startBoth(t, "v5", { prefix: "custom-", origins,
        env: env({ SIGNED_TOKENS: "yes", OWN_PAGES: "yes", SESSION_SECONDS: "600" }) });
    await t.case("swap, own tokens and pages", (t) =>
        swap(t, "v5-custom", custom, { op }, customVisit(signedTokens(secret))));

    const clock = byTheClock(t, op, await startBoth(t, "v5", { prefix: "short-", origins, env: env({ SESSION_SECONDS: "5" }) }));
    const database = await Postgres.start(t);
    await onDatabase(database, tables);
    const rows = await startBoth(t, "v5", { prefix: "rows-", origins, env: env({ DATABASE_URL: database.url }) });
    await t.case("swap, sessions in a database", (t) => swap(t, "v5-rows", rows, { op }, rowsVisit));
    await t.case("a row of the original, at usher", (t) => carry(t, rows.original, rows.usher, { hasTokens: false }));
    await t.case("a row of usher, at the original", (t) => carry(t, rows.usher, rows.original, { hasTokens: false }));
    await t.case("the runtime, on rows", (t) => runtimeOnRows(t, rows.usher, database));
    await clock;
    proveCalls(t, "apps/v5");
}
