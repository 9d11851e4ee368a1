// examples/next-app/v4: the calls of NextAuth v4 in Next.js 16. The same visit on the original package
// and on usher, answer by answer; whoever is signed in under one is signed in under the other; a browser.
import { randomUUID } from "node:crypto";
import jsonwebtoken from "jsonwebtoken";
import pg from "pg";
import { Postgres, tables } from "../e2e/kit/postgres.mjs";
import { newSecret } from "../e2e/kit/sites.mjs";
import { Visitor, navigation } from "../e2e/kit/visitor.mjs";
import { v4jwt } from "../e2e/kit/originals.mjs";
import { openBrowser, passProvider } from "./kit/browser.mjs";
import { authjsByTheClock } from "./kit/clock.mjs";
import { buildApp, variants } from "./kit/build.mjs";
import { proveCalls } from "./kit/calls.mjs";
import { clientId, clientSecret, startProvider } from "./kit/people.mjs";
import { ask, send, signIn, startBoth, swap, take } from "./kit/visit.mjs";

const HOUR = 3600;
const sessionCookie = "next-auth.session-token";

/** Other names for the session's cookie, and how getToken is asked for them. */
const ownCookies = [["own.session", "cookie=own.session"], ["__Secure-next-auth.session-token", "secure=1"]];

const start = (callbackUrl, json) =>
    send("", "/api/auth/signin/company", { callbackUrl, ...(json && { json: "true" }) }, { csrf: true });

/** What anybody may ask for; the visitor is new each time. */
const anonymous = (token) => [
    ask("session", "/api/auth/session"),
    ask("csrf", "/api/auth/csrf"),
    ask("providers", "/api/auth/providers"),
    ask("sign-in page", "/api/auth/signin"),
    ask("sign-in page, way back", "/api/auth/signin?callbackUrl=%2Fdashboard"),
    ask("sign-in page, foreign way back", "/api/auth/signin?callbackUrl=https%3A%2F%2Fevil.example%2F"),
    ask("sign-in page, no URL", "/api/auth/signin?callbackUrl=foo"),
    ask("sign-in page, error", "/api/auth/signin?error=OAuthCallback"),
    ask("sign-in page, provider", "/api/auth/signin/company"),
    ask("sign-out page", "/api/auth/signout"),
    ask("error page", "/api/auth/error"),
    ask("error page, Configuration", "/api/auth/error?error=Configuration"),
    ask("error page, AccessDenied", "/api/auth/error?error=AccessDenied"),
    ask("error page, Verification", "/api/auth/error?error=Verification"),
    ask("error page, OAuthSignin", "/api/auth/error?error=OAuthSignin"),
    ask("verify-request page", "/api/auth/verify-request"),
    ask("unknown action", "/api/auth/nonsense"),
    ask("base path", "/api/auth"),
    { name: "session, HEAD", method: "HEAD", target: "/api/auth/session" },
    { name: "session, PUT", method: "PUT", target: "/api/auth/session" },
    send("sign-in without CSRF token", "/api/auth/signin/company", { callbackUrl: "/" }),
    send("sign-in with another's CSRF token", "/api/auth/signin/company", { csrfToken: "0".repeat(64), callbackUrl: "/" }),
    send("sign-in without CSRF token, for a program", "/api/auth/signin/company", { json: "true", callbackUrl: "/" }),
    send("sign-out without CSRF token", "/api/auth/signout", { callbackUrl: "/" }),
    send("session, POST without CSRF token", "/api/auth/session", undefined, { json: { data: {} } }),
    ask("callback without cookies", "/api/auth/callback/company?code=x&state=y"),
    ask("callback with an error", "/api/auth/callback/company?error=access_denied&state=y"),
    ask("callback of nobody", "/api/auth/callback/nobody?code=x&state=y"),
    send("log", "/api/auth/_log", { level: "error", code: "X" }),
    ask("home", "/"),
    ask("dashboard", "/dashboard"),
    ask("dashboard, query", "/dashboard/x?a=b%20c&d=1+2"),
    ask("admin", "/admin"),
    ask("plain", "/plain"),
    ask("old", "/old"),
    ask("note", "/note"),
    ask("me", "/api/me"),
    ask("verified", "/api/verified"),
    ask("token", "/api/token"),
    ask("token, raw", "/api/token?raw=1"),
    ask("old me", "/api/old/me"),
    ask("old me, by its old name", "/api/old/unstable"),
    ask("old token", "/api/old/token"),
    ask("asked", "/asked"),
    ask("members", "/members"),
    ask("enter", "/enter"),
    ...ownCookies.flatMap(([name, query]) => [token.good, token.foreign].map((value, i) =>
        ask(`token of ${name}${i ? ", another's" : ""}`, `/api/token?${query}`, { headers: { cookie: `${name}=${value}` } }))),
    ask("pages router: session", "/api/pages-auth/session"),
    ask("pages router: csrf", "/api/pages-auth/csrf"),
    ask("pages router: providers", "/api/pages-auth/providers"),
    ask("pages router: sign-in page", "/api/pages-auth/signin"),
    ask("pages router: unknown action", "/api/pages-auth/nonsense"),
    send("pages router: sign-in without CSRF token", "/api/pages-auth/signin/company", { callbackUrl: "/" }),
    send("pages router: session, POST without CSRF token", "/api/pages-auth/session", undefined, { json: { data: {} } }),
    ...["/api/auth/session", "/api/me", "/dashboard", "/old", "/api/old/me"].flatMap((target) => [
        ask(`bad cookie: ${target}`, target, { headers: { cookie: `${sessionCookie}=nonsense` } }),
        ask(`expired cookie: ${target}`, target, { headers: { cookie: `${sessionCookie}=${token.expired}` } }),
        ask(`another's cookie: ${target}`, target, { headers: { cookie: `${sessionCookie}=${token.foreign}` } }),
    ]),
    ask("bad csrf cookie", "/api/auth/csrf", { headers: { cookie: "next-auth.csrf-token=nonsense" } }),
    ask("bad callback-url cookie", "/api/auth/session", { headers: { cookie: "next-auth.callback-url=nonsense" } }),
    ask("foreign callback-url cookie", "/api/auth/csrf", { headers: { cookie: "next-auth.callback-url=https%3A%2F%2Fevil.example" } }),
    ...["/api/token", "/api/old/token", "/dashboard", "/api/me", "/api/auth/session"].flatMap((target) => [
        ask(`Bearer: ${target}`, target, { headers: { authorization: `Bearer ${token.good}` } }),
        ask(`bad Bearer: ${target}`, target, { headers: { authorization: "Bearer %zz" } }),
    ]),
];

/** What somebody who is signed in asks for, in one browser. */
const signedIn = [
    ask("session", "/api/auth/session"),
    ask("home", "/"),
    ask("dashboard", "/dashboard"),
    ask("admin", "/admin"),
    ask("plain", "/plain"),
    ask("old", "/old"),
    ask("note", "/note"),
    ask("me", "/api/me"),
    ask("verified", "/api/verified"),
    ask("token", "/api/token"),
    ask("token, raw", "/api/token?raw=1"),
    ask("old me", "/api/old/me"),
    ask("old me, by its old name", "/api/old/unstable"),
    ask("old token", "/api/old/token"),
    ask("asked", "/asked"),
    ask("pages router: session", "/api/pages-auth/session"),
    ask("sign-in page", "/api/auth/signin"),
    ask("sign-out page", "/api/auth/signout"),
    { name: "update", method: "POST", target: "/api/auth/session", json: { data: { nickname: "Annie" } }, csrf: true },
    ask("me, updated", "/api/me"),
    { name: "pages router: update", method: "POST", target: "/api/pages-auth/session", json: { data: { nickname: "n".repeat(5000) } }, csrf: true },
    ask("session in pieces", "/api/auth/session"),
    ask("me, in pieces", "/api/me"),
    ask("dashboard, in pieces", "/dashboard"),
    { name: "update, small again", method: "POST", target: "/api/auth/session", json: { data: { nickname: "A" } }, csrf: true },
    ask("session in one piece", "/api/auth/session"),
];

const visit = (tokens) => async (keep, newVisitor) => {
    for (const step of anonymous(tokens)) keep("nobody")(step.name, await take(newVisitor(), step));
    for (const [login, json] of [["ann", false], ["zoe", true]]) {
        const visitor = newVisitor();
        const note = keep(login);
        const back = await signIn(visitor, { login, start: start("/dashboard", json), record: note });
        for (const step of signedIn) note(step.name, await take(visitor, step));
        note("the same callback again", await visitor.get(back, { headers: navigation }));
        note("sign-out", await take(visitor, send("", "/api/auth/signout", { callbackUrl: "/", ...(json && { json: "true" }) }, { csrf: true })));
        note("session, signed out", await visitor.get("/api/auth/session"));
    }
};

/** Tokens and pages of the application's own, and sessions of ten minutes. */
const customVisit = (tokens) => async (keep, newVisitor) => {
    for (const step of [
        ask("sign-in page", "/api/auth/signin?callbackUrl=%2Fdashboard"),
        ask("error page", "/api/auth/error?error=AccessDenied"),
        ask("error page, OAuthSignin", "/api/auth/error?error=OAuthSignin"),
        ask("callback with an error", "/api/auth/callback/company?error=access_denied&state=y"),
        ask("own page", "/enter"),
        ask("own page, as a guarded one leads there", "/enter?callbackUrl=%2Fdashboard"),
        ask("dashboard", "/dashboard"),
        ask("plain", "/plain"),
        ...Object.entries(tokens).flatMap(([what, token]) => ["/api/auth/session", "/dashboard", "/api/token", "/api/me"].map((target) =>
            ask(`${what} token: ${target}`, target, { headers: { cookie: `${sessionCookie}=${token}` } }))),
    ]) keep("nobody")(step.name, await take(newVisitor(), step));
    const visitor = newVisitor();
    await signIn(visitor, { login: "ann", start: start("/dashboard"), record: keep("ann") });
    for (const step of signedIn) keep("ann")(step.name, await take(visitor, step));
    keep("ann")("sign-out", await take(visitor, send("", "/api/auth/signout", { callbackUrl: "/" }, { csrf: true })));
};

/** Users and sessions in a database: one for both, so one person is one user there. */
const rowsVisit = async (keep, newVisitor) => {
    for (const target of ["/", "/plain", "/dashboard", "/api/me", "/api/token", "/api/auth/session"])
        for (const [who, headers] of [["nobody", {}], ["nobody's row", { cookie: `${sessionCookie}=${randomUUID()}` }]])
            keep(who)(target, await take(newVisitor(), ask("", target, { headers })));
    const visitor = newVisitor();
    const note = keep("ann");
    await signIn(visitor, { login: "ann", start: start("/dashboard"), record: note });
    const old = visitor.cookie(sessionCookie);
    for (const target of ["/", "/dashboard", "/admin", "/plain", "/old", "/note", "/api/me", "/api/old/me", "/api/token",
        "/api/token?raw=1", "/api/auth/session"]) note(target, await take(visitor, ask("", target)));
    note("sign-out", await take(visitor, send("", "/api/auth/signout", { callbackUrl: "/" }, { csrf: true })));
    note("session, signed out", await visitor.get("/api/auth/session"));
    note("the row that was", await take(newVisitor(), ask("", "/api/me", { headers: { cookie: `${sessionCookie}=${old}` } })));
};

/** An application that was given no secret. */
const secretlessVisit = async (keep, newVisitor) => {
    for (const target of ["/plain", "/dashboard/x?a=b", "/admin", "/api/auth/session", "/api/auth/signin", "/api/auth/error",
        "/api/auth/error?error=Configuration", "/api/token", "/api/me", "/old"])
        keep("nobody")(target, await take(newVisitor(), ask("", target)));
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
    if (!hasTokens) return;
    t.equal((await there.get("/dashboard", { headers: navigation })).status, 200, "closed pages are open");
    await take(there, { method: "POST", target: "/api/auth/session", json: { data: { nickname: "Annie" } }, csrf: true });
    t.equal((await visitor.get("/api/me")).json.user?.nickname, "Annie", "what the other wrote, the first reads");
}

/** A page that looks again every second sees what was changed behind its back. */
async function live(t, app, page) {
    await page.goto(`${app.origin}/live`);
    await page.locator("#nickname", { hasText: "Annie" }).waitFor();
    await page.evaluate(async () => {
        const { csrfToken } = await (await fetch("/api/auth/csrf")).json();
        await fetch("/api/auth/session", { method: "POST", headers: { "content-type": "application/json" },
            body: JSON.stringify({ csrfToken, data: { nickname: "Nan" } }) });
    });
    await page.locator("#nickname", { hasText: "Nan" }).waitFor();
    t.ok(true, "refetchInterval and basePath: a page that looks again sees a change");
}

/** A person with a browser. */
async function person(t, app, { op }) {
    const { context, page } = await openBrowser(t, app.origin);
    const at = (id) => page.locator(`#${id}`).textContent();

    await page.goto(`${app.origin}/dashboard`);
    t.match(page.url(), /\/api\/auth\/signin\?callbackUrl=%2Fdashboard$/, "the closed page leads to the sign-in page");
    await page.getByRole("button", { name: "Sign in with Company" }).click();
    await passProvider(page, { login: "ann", issuer: op.issuer });
    await page.waitForURL(`${app.origin}/dashboard`);
    t.equal(await at("who"), "ann@example.com", "and after the sign-in it is open");
    await page.goto(`${app.origin}/profile`);
    t.equal([await at("status"), await at("name"), await at("nickname")], ["authenticated", "Ann Exemplar", "none"],
        "useSession knows who it is");
    await page.locator("#rename").click();
    await page.locator("#nickname", { hasText: "Annie" }).waitFor();
    t.ok(true, "update() changes the session");
    await page.goto(`${app.origin}/members`);
    await page.locator("#who", { hasText: "ann@example.com" }).waitFor();
    t.ok(true, "a component that requires a session has it");
    await page.goto(`${app.origin}/ask`);
    await page.locator("#all").click();
    await page.locator("#said", { hasText: "company" }).waitFor();
    const said = JSON.parse(await at("said"));
    t.equal([said.session.user.email, said.csrf, said.providers], ["ann@example.com", 64, ["company"]],
        "getSession, getCsrfToken and getProviders ask");
    t.ok(!/eyJ/.test(await page.content()), "no token is in a page");
    await live(t, app, page);
    await page.goto(`${app.origin}/note`);
    await page.locator("#keep").click();
    await page.locator("#kept").waitFor();
    t.equal(await at("kept"), "ann@example.com: hello", "a Server Action knows who it is");
    t.equal(await page.evaluate(() => document.cookie), "", "scripts see no cookie");
    await page.goto(`${app.origin}/profile`);
    await page.locator("#sign-out").click();
    await page.waitForURL(`${app.origin}/`);
    t.equal(await at("who"), "Not signed in", "sign-out leads home");
    t.ok(!(await context.cookies(app.origin)).some(({ name }) => name.startsWith(sessionCookie)), "without a session");
    await page.goto(`${app.origin}/profile`);
    t.equal(await at("status"), "unauthenticated", "and useSession says so");
    await page.goto(`${app.origin}/guests`);
    await page.locator("#told", { hasText: "sign in first" }).waitFor();
    t.ok(true, "onUnauthenticated is told");
    await page.goto(`${app.origin}/members`);
    await page.waitForURL((url) => url.pathname === "/api/auth/signin");
    t.match(page.url(), /[?&]error=SessionRequired\b.*callbackUrl=http\S+%2Fmembers|callbackUrl=http\S+%2Fmembers\S*error=SessionRequired/,
        "and without it, whoever is not signed in is led to the sign-in page");
    await page.goto(`${app.origin}/ask`);
    await page.locator("#enter").click();
    await page.waitForURL((url) => url.href.startsWith(op.issuer));
    await passProvider(page, { login: "ann", issuer: op.issuer, consented: true });
    await page.waitForURL(`${app.origin}/ask`);
    t.ok(true, "signIn hands parameters on"); // the provider asked who it is, though it knew
    await page.locator("#nobody").click();
    await page.waitForURL((url) => url.pathname === "/api/auth/signin");
    t.ok(true, "signIn with a provider that is not there leads to the sign-in page");
    await page.goto(`${app.origin}/ask`);
    await page.locator("#leave").click();
    await page.locator("#said", { hasText: "url" }).waitFor();
    t.equal(JSON.parse(await at("said")), { url: `${app.origin}/plain` }, "signOut without a redirect says where to");
    t.equal(page.url(), `${app.origin}/ask`, "and stays");
    t.ok(!(await context.cookies(app.origin)).some(({ name }) => name.startsWith(sessionCookie)), "signed out");
    t.equal(page.complaints, [], "the browser has no complaint");
    await context.close();
}

/** Sessions of five seconds; both at once, and whatever else goes on meanwhile. */
const byTheClock = (t, op, apps) => Promise.all(variants.map((variant) =>
    t.case(`by the clock, on ${variant}`, (t) => authjsByTheClock(t, apps[variant], {
        seconds: 5,
        cookie: sessionCookie,
        async signIn(page) {
            await page.goto(`${apps[variant].origin}/dashboard`);
            await page.getByRole("button", { name: "Sign in with Company" }).click();
            await passProvider(page, { login: "ann", issuer: op.issuer });
        },
    }))));

const claims = { name: "Ann", email: "ann@example.com", sub: "ann" };

const sealedTokens = async (secret) => ({
    good: await v4jwt.encode({ token: claims, secret }),
    expired: await v4jwt.encode({ token: claims, secret, maxAge: -HOUR }),
    foreign: await v4jwt.encode({ token: claims, secret: newSecret() }),
});

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
    for (const variant of variants) buildApp(t, "v4", variant);
    const { op, origins, trust } = await startProvider(t, ["", "custom-", "rows-", "bare-", "short-"]
        .flatMap((prefix) => variants.map((variant) => prefix + variant)), "/api/auth/callback/company");
    const secret = newSecret();
    const env = (more) => (origin) => ({
        ...trust,
        NEXTAUTH_URL: origin,
        NEXTAUTH_SECRET: secret,
        COMPANY_ISSUER: op.issuer,
        COMPANY_ID: clientId,
        COMPANY_SECRET: clientSecret,
        COMPANY_IS_INSIDE: "yes",
        ...more,
    });

    const plain = await startBoth(t, "v4", { origins, env: env() });
    await t.case("swap", async (t) => swap(t, "v4", plain, { op }, visit(await sealedTokens(secret))));
    await t.case("signed in at the original, and at usher", (t) => carry(t, plain.original, plain.usher));
    await t.case("signed in at usher, and at the original", (t) => carry(t, plain.usher, plain.original));
    for (const variant of variants)
        await t.case(`a person, on ${variant}`, (t) => person(t, plain[variant], { op }));
    const custom = await startBoth(t, "v4", { prefix: "custom-", origins,
        env: env({ SIGNED_TOKENS: "yes", OWN_PAGES: "yes", SESSION_SECONDS: "600" }) });
    await t.case("swap, own tokens and pages", (t) =>
        swap(t, "v4-custom", custom, { op }, customVisit(signedTokens(secret))));

    const clock = byTheClock(t, op, await startBoth(t, "v4", { prefix: "short-", origins, env: env({ SESSION_SECONDS: "5" }) }));
    const database = await Postgres.start(t);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(tables);
    await client.end();
    const rows = await startBoth(t, "v4", { prefix: "rows-", origins, env: env({ DATABASE_URL: database.url }) });
    await t.case("swap, sessions in a database", (t) => swap(t, "v4-rows", rows, { op }, rowsVisit));
    await t.case("a row of the original, at usher", (t) => carry(t, rows.original, rows.usher, { hasTokens: false }));
    await t.case("a row of usher, at the original", (t) => carry(t, rows.usher, rows.original, { hasTokens: false }));

    await clock;
    const bare = await startBoth(t, "v4", { prefix: "bare-", origins, env: env({ NEXTAUTH_SECRET: "" }) });
    await t.case("swap, without a secret", (t) => swap(t, "v4-bare", bare, { op }, secretlessVisit));
    proveCalls(t, "apps/v4");
}
