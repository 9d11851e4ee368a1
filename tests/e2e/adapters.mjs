// Sessions and users in PostgreSQL behind @auth/pg-adapter, shared by the originals and by usher: a
// session made by one is read, renewed and ended by the other, and one person is one user at both.
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import PostgresAdapter from "@auth/pg-adapter";
import { Auth } from "@auth/core";
import pg from "pg";
import { csrfToken, startSignIn } from "./kit/flows.mjs";
import { close, listen } from "./kit/net.mjs";
import { Postgres, tables } from "./kit/postgres.mjs";
import { newSecret } from "./kit/sites.mjs";
import { Jar, Visitor } from "./kit/visitor.mjs";
import { oddSecret, passOidcProvider, startOidcProvider } from "../provider/oidc-provider.mjs";

const require = createRequire(import.meta.url);
const DAY = 24 * 60 * 60 * 1000;
const CLIENT = "basic-rs256";
const quiet = { debug() {}, warn() {}, error() {} };
const systems = ["nextauth-4", "authjs-5"];
const cookieOf = { "nextauth-4": "next-auth.session-token", "authjs-5": "authjs.session-token" };
const nobodyAt = { "nextauth-4": {}, "authjs-5": null };

// ---- an application ------------------------------------------------------------------------------

function providerOf(system, op, id, more) {
    return {
        id,
        name: id,
        type: system === "nextauth-4" ? "oauth" : "oidc",
        wellKnown: `${op.issuer}/.well-known/openid-configuration`,
        issuer: op.issuer,
        idToken: true,
        clientId: CLIENT,
        clientSecret: oddSecret,
        authorization: { params: { scope: "openid profile email" } },
        checks: ["pkce", "state"],
        profile: (p) => ({ id: p.sub, name: p.name, email: p.email, image: p.picture ?? null }),
        ...more,
    };
}

function optionsOf(system, { op, pool, secret, told }, more = {}) {
    const events = Object.fromEntries(["createUser", "linkAccount", "signIn", "signOut"].map(
        (name) => [name, (message) => { told.push([name, message]); }]));
    return {
        secret,
        adapter: PostgresAdapter(pool),
        providers: [
            providerOf(system, op, "real"),
            providerOf(system, op, "other"),
            providerOf(system, op, "trusted", { allowDangerousEmailAccountLinking: true }),
        ],
        events,
        logger: quiet,
        ...(system === "authjs-5" && { basePath: "/api/auth", trustHost: true }),
        ...more,
    };
}

/** What a framework's response has and Node's lacks. */
function extended(res) {
    res.status = (code) => { res.statusCode = code; return res; };
    res.json = (value) => { res.setHeader("content-type", "application/json"); res.end(JSON.stringify(value)); };
    res.send = (value) => (typeof value === "string" || value === undefined ? res.end(value) : res.json(value));
    res.redirect = (url) => { res.statusCode = 302; res.setHeader("location", url); res.end(); };
    return res;
}

async function textOf(req) {
    let text = "";
    for await (const part of req.setEncoding("utf8")) text += part;
    return text;
}

async function pages(handler, req, res) {
    const url = new URL(req.url, "http://localhost");
    const text = await textOf(req);
    req.query = { ...Object.fromEntries(url.searchParams), nextauth: url.pathname.split("/").slice(3) };
    req.cookies = Object.fromEntries((req.headers.cookie ?? "").split("; ").filter(Boolean).map((pair) => {
        const at = pair.indexOf("=");
        return [pair.slice(0, at), decodeURIComponent(pair.slice(at + 1))];
    }));
    req.body = Object.fromEntries(new URLSearchParams(text));
    await handler(req, extended(res));
}

async function standard(handler, origin, req, res) {
    const body = req.method === "POST" ? await textOf(req) : undefined;
    const answer = await handler(new Request(origin + req.url, { method: req.method, headers: req.headers, body }));
    res.statusCode = answer.status;
    for (const [name, value] of answer.headers) if (name !== "set-cookie") res.setHeader(name, value);
    res.setHeader("set-cookie", answer.headers.getSetCookie());
    res.end(await answer.text());
}

/** Both of them behind one origin: who answers is said by a header. */
async function startApplication(t, system, more) {
    const usher = path.join(t.tools.root, "hosts/node");
    const v4 = { original: require("next-auth").default, usher: require(`${usher}/next-auth/index.cjs`) };
    const v5 = require(`${usher}/authjs/index.cjs`);
    let options;
    let origin;
    const handlers = {
        "nextauth-4": (which) => (req, res) => pages(v4[which].default ? v4[which].default(options) : v4[which](options), req, res),
        "authjs-5": (which) => (req, res) => standard(which === "usher" ? v5(options).handlers.GET : (r) => Auth(r, options), origin, req, res),
    }[system];
    const server = http.createServer((req, res) => {
        handlers(req.headers["x-which"])(req, res).catch((error) => {
            if (!res.headersSent) res.writeHead(500);
            res.end(String(error?.stack ?? error));
        });
    });
    const port = await listen(server);
    t.defer(() => close(server));
    origin = `http://localhost:${port}`;
    return {
        origin,
        use: (given) => { options = given; },
        get options() { return options; },
        visitors(jar = new Jar()) {
            return Object.fromEntries(["original", "usher"].map(
                (which) => [which, new Visitor(origin, { jar, headers: { "x-which": which } })]));
        },
        ...more,
    };
}

// ---- what is asked -------------------------------------------------------------------------------

const other = { original: "usher", usher: "original" };

async function signIn(visitor, provider, login) {
    const start = await startSignIn(visitor, provider, "/closed");
    if (!start.location) throw new Error(`signing in began with ${start}`);
    const back = await passOidcProvider(visitor, start.location, { login });
    return visitor.get(back);
}

async function signOut(visitor) {
    return visitor.post("/api/auth/signout", { csrfToken: await csrfToken(visitor), callbackUrl: "/" });
}

const sessionOf = (visitor) => visitor.get("/api/auth/session");
const rows = async (pool, table) => (await pool.query(`SELECT * FROM ${table} ORDER BY id`)).rows;
const near = (date, ms) => Math.abs(date.getTime() - (Date.now() + ms)) < 60_000;

async function clear(pool) {
    await pool.query("TRUNCATE users, accounts, sessions RESTART IDENTITY");
}

async function shared(t, context, which) {
    const { system, pool, app, told } = context;
    const visitors = app.visitors();
    const mine = visitors[which];
    const theirs = visitors[other[which]];
    await clear(pool);
    told.length = 0;

    const done = await signIn(mine, "real", "ann");
    t.need(done.status === 302 && done.location === `${app.origin}/closed`, "signed in", String(done));
    const [user] = await rows(pool, "users");
    const [account] = await rows(pool, "accounts");
    const [session] = await rows(pool, "sessions");
    t.equal([user.name, user.email, user.emailVerified], ["Ann Exemplar", "ann@example.com", null], "the user's row");
    t.equal([account.userId, account.provider, account.providerAccountId, account.type], [user.id, "real", "ann", system === "nextauth-4" ? "oauth" : "oidc"], "the account's row");
    t.ok(account.access_token && account.id_token && account.token_type.toLowerCase() === "bearer" && Number(account.expires_at) > Date.now() / 1000, "its tokens", JSON.stringify(account));
    t.equal([session.sessionToken, session.userId], [mine.cookie(cookieOf[system]), user.id], "the session's row");
    t.ok(near(session.expires, 30 * DAY), "ends in thirty days");
    t.equal(told.map(([name]) => name), ["createUser", "linkAccount", "signIn"], "events");
    t.equal(told[2][1].isNewUser, true, "a new user");

    const own = await sessionOf(mine);
    const seen = await sessionOf(theirs);
    t.equal(seen.json, own.json, "both show the same session");
    t.equal(seen.json.user.email, "ann@example.com", "which is hers");

    const old = new Date(Date.now() + 10 * DAY);
    await pool.query('UPDATE sessions SET expires = $1', [old]);
    const rolled = await sessionOf(theirs);
    t.equal(rolled.json.expires, old.toISOString(), "shown as it was read");
    t.ok(near((await rows(pool, "sessions"))[0].expires, 30 * DAY), "and renewed by the other");
    t.equal(theirs.cookie(cookieOf[system]), session.sessionToken, "under the same token");

    const again = await signIn(theirs, "real", "ann");
    t.equal(again.status, 302, "signing in once more");
    t.equal([(await rows(pool, "users")).length, (await rows(pool, "accounts")).length], [1, 1], "she is one user");
    const stayed = await rows(pool, "sessions");
    t.equal(stayed.length, 1, "with one session");
    const key = stayed[0].sessionToken;
    t.equal(theirs.cookie(cookieOf[system]), key, "whose key she has");
    t.equal(key === session.sessionToken, other[which] === "original", "under a new key here, under the old one there");

    told.length = 0;
    const gone = await signOut(theirs);
    t.equal(gone.status, 302, "signed out by the other");
    t.equal(await rows(pool, "sessions"), [], "no row is left");
    t.equal([told[0][0], told[0][1].session?.sessionToken ?? null], ["signOut", told[0][1].session ? key : null], "the event has what the adapter gave");
    t.equal(theirs.cookie(cookieOf[system]), undefined, "nor a cookie");
    mine.setCookie(cookieOf[system], key);
    t.equal((await sessionOf(mine)).json, nobodyAt[system], "who kept it is nobody");
    t.equal(mine.cookie(cookieOf[system]), undefined, "and loses it");
}

async function expired(t, { system, pool, app }) {
    const visitors = app.visitors();
    for (const which of ["original", "usher"]) {
        await clear(pool);
        await signIn(visitors[other[which]], "real", "ann");
        await pool.query("UPDATE sessions SET expires = now() - interval '1 second'");
        t.equal((await sessionOf(visitors[which])).json, nobodyAt[system], `${which}: nobody`);
        t.equal(await rows(pool, "sessions"), [], `${which}: its row is removed`);
        t.equal(visitors[which].cookie(cookieOf[system]), undefined, `${which}: its cookie, too`);
    }
}

/** Each branch that needs another way in, at both; the rows and where it leads are the same. */
async function linking(t, { system, pool, app, told }) {
    const seen = {};
    for (const which of ["original", "usher"]) {
        const steps = [];
        const note = async (name, answer) => {
            const users = (await rows(pool, "users")).map(({ id, email }) => [id, email]);
            const accounts = (await rows(pool, "accounts")).map((a) => [a.userId, a.provider, a.providerAccountId]);
            const sessions = (await rows(pool, "sessions")).map((s) => s.userId);
            const location = new URL(answer.location, app.origin);
            steps.push([name, answer.status, location.pathname + location.search, users, accounts, sessions,
                told.map(([event, m]) => [event, m.isNewUser ?? null])]);
            told.length = 0;
        };
        await clear(pool);
        told.length = 0;
        await note("first", await signIn(app.visitors()[which], "real", "ann"));
        await note("same address, another account", await signIn(app.visitors()[which], "other", "ann"));
        await note("an address that is trusted", await signIn(app.visitors()[which], "trusted", "ann"));
        const jar = new Jar();
        const zoe = app.visitors(jar)[which];
        await note("somebody else", await signIn(zoe, "real", "zoe"));
        await note("links a second account", await signIn(zoe, "other", "zoe"));
        for (const name of [...jar.of("127.0.0.1").keys()]) jar.of("127.0.0.1").delete(name);
        await note("an account that is another's", await signIn(zoe, "real", "ann"));
        seen[which] = steps;
    }
    for (const [i, step] of seen.original.entries()) t.equal(seen.usher[i], step, step[0]);
    t.ok(seen.original[1][2].includes("OAuthAccountNotLinked"), "control: the original refuses", seen.original[1][2]);
}

async function callbacks(t, context) {
    const { system, pool, app } = context;
    const visitors = app.visitors();
    const given = { original: [], usher: [] };
    let which;
    const session = (params) => {
        given[which].push(params);
        return { ...params.session, user: { ...params.session.user, role: "admin" } };
    };
    app.use(optionsOf(system, context, { callbacks: { session }, session: { generateSessionToken: () => `token-${which}-${Date.now()}` } }));
    await clear(pool);
    which = "usher";
    await signIn(visitors.usher, "real", "ann");
    t.match(visitors.usher.cookie(cookieOf[system]), /^token-usher-/, "generateSessionToken");
    const bodies = {};
    for (which of ["original", "usher"]) bodies[which] = (await sessionOf(visitors[which])).json;
    t.equal(bodies.usher, bodies.original, "the same body");
    t.equal(given.usher, given.original, "the callback gets the same");
    t.ok(given.usher[0].user.id === 1, "the user's row", JSON.stringify(given.usher[0]));
    app.use(optionsOf(system, context));
}

/** Users in the database, sessions in cookies. */
async function tokens(t, context) {
    const { system, pool, app } = context;
    app.use(optionsOf(system, context, { session: { strategy: "jwt" } }));
    for (const which of ["original", "usher"]) {
        await clear(pool);
        const visitors = app.visitors();
        await signIn(visitors[which], "real", "ann");
        t.equal(await rows(pool, "sessions"), [], `${which}: no row`);
        t.equal((await rows(pool, "users")).length, 1, `${which}: a user`);
        const theirs = (await sessionOf(visitors[other[which]])).json;
        t.equal(theirs.user, { name: "Ann Exemplar", email: "ann@example.com", image: "https://example.com/ann.png" }, `${which}: the other reads it`);
        const linked = await signIn(visitors[which], "other", "ann");
        t.equal(linked.location, `${app.origin}/closed`, `${which}: links a second account`);
        t.equal((await rows(pool, "accounts")).map((a) => a.userId), [1, 1], `${which}: to the same user`);
    }
    app.use(optionsOf(system, context));
}

const isToken = (cookie) => cookie?.startsWith("eyJ");

/** Sessions in cookies, until the site keeps them in rows: whoever was signed in by the original stays. */
async function toRows(t, context) {
    const { system, pool, app } = context;
    const given = [];
    const session = (params) => { given.push(params); return params.session; };
    const inRows = optionsOf(system, context, { callbacks: { session }, usher: { accept: [{ profile: system, subject: "user" }] } });
    await clear(pool);
    app.use(optionsOf(system, context, { session: { strategy: "jwt" } }));
    const visitors = app.visitors();
    await signIn(visitors.original, "real", "ann");
    const token = visitors.original.cookie(cookieOf[system]);
    t.ok(isToken(token), "control: the original wrote a token", token);

    app.use(inRows);
    await pool.query("ALTER TABLE sessions ADD CONSTRAINT no_more CHECK (false) NOT VALID");
    const kept = await sessionOf(visitors.usher);
    t.equal([kept.status, kept.json?.user?.email], [200, "ann@example.com"], "no row can be made: the session is shown", String(kept));
    t.equal(visitors.usher.cookie(cookieOf[system]), token, "and stays where it was");
    await pool.query("ALTER TABLE sessions DROP CONSTRAINT no_more");

    const late = app.visitors();
    late.usher.setCookie(cookieOf[system], token);
    given.length = 0;
    const both = await Promise.all([sessionOf(visitors.usher), sessionOf(late.usher)]);
    for (const one of both) t.equal(one.json?.user?.email, "ann@example.com", "shown", String(one));
    t.equal((await rows(pool, "sessions")).map((s) => s.userId), [1, 1], "two requests at once: two rows");
    t.ok(given[0].user.id === 1 && given[0].user.emailVerified === null, "the callback gets the user's row", JSON.stringify(given[0]));
    for (const visitor of [visitors, late]) {
        const key = visitor.usher.cookie(cookieOf[system]);
        t.ok(!isToken(key) && (await rows(pool, "sessions")).some((s) => s.sessionToken === key), "a key of one of them", key);
        t.equal((await sessionOf(visitor.original)).json, (await sessionOf(visitor.usher)).json, "which the original reads, too");
    }
    t.ok(near((await rows(pool, "sessions"))[0].expires, 30 * DAY), "no longer than the token had");

    await pool.query("DELETE FROM users");
    late.usher.setCookie(cookieOf[system], token);
    t.equal((await sessionOf(late.usher)).json, nobodyAt[system], "whose user is gone is nobody");
    app.use(optionsOf(system, context));
}

/** No database before: what the token names is the account. */
async function fromAccounts(t, context) {
    const { system, pool, app } = context;
    await clear(pool);
    app.use(optionsOf(system, context));
    await signIn(app.visitors().original, "real", "zoe");
    await signIn(app.visitors().original, "real", "ann");
    await pool.query("DELETE FROM sessions");
    app.use(optionsOf(system, context, { adapter: undefined, session: { strategy: "jwt" } }));
    const visitors = app.visitors();
    await signIn(visitors.original, "real", "ann");
    app.use(optionsOf(system, context, { usher: { accept: [{ profile: system, subject: "account", provider: "real" }] } }));
    t.equal((await sessionOf(visitors.usher)).json?.user?.email, "ann@example.com", "the account's owner");
    t.equal((await rows(pool, "sessions")).map((s) => s.userId), [2], "has the row");
    app.use(optionsOf(system, context));
}

/** No database before, and nobody has a row yet: shown until it ends, and the next sign-in makes one. */
async function beforeRows(t, context) {
    const { system, pool, app } = context;
    await clear(pool);
    const alone = optionsOf(system, context, { adapter: undefined, session: { strategy: "jwt" } });
    app.use(alone);
    const visitors = app.visitors();
    await signIn(visitors.original, "real", "ann");
    const before = (await sessionOf(visitors.original)).json;
    const token = visitors.original.cookie(cookieOf[system]);
    app.use(optionsOf(system, context, { usher: { accept: [{ profile: system, subject: "none" }] } }));
    t.equal((await sessionOf(visitors.usher)).json?.user, before.user, "shown as the original showed it");
    t.equal([visitors.usher.cookie(cookieOf[system]), await rows(pool, "sessions"), await rows(pool, "users")], [token, [], []], "and left as it is");
    await signIn(visitors.usher, "real", "ann");
    t.equal((await rows(pool, "sessions")).map((s) => s.userId), [1], "who signs in has a row");
    t.equal((await sessionOf(visitors.usher)).json?.user?.email, "ann@example.com", "and is the same person");
    app.use(optionsOf(system, context));
}

/** And back. */
async function toTokens(t, context) {
    const { system, pool, app } = context;
    await clear(pool);
    app.use(optionsOf(system, context));
    const visitors = app.visitors();
    await signIn(visitors.original, "real", "ann");
    const key = visitors.original.cookie(cookieOf[system]);
    const late = app.visitors();
    late.usher.setCookie(cookieOf[system], key);
    app.use(optionsOf(system, context, { session: { strategy: "jwt" }, usher: { accept: [{ profile: system, strategy: "database" }] } }));
    t.equal((await sessionOf(visitors.usher)).json?.user?.email, "ann@example.com", "shown");
    const token = visitors.usher.cookie(cookieOf[system]);
    t.ok(isToken(token), "a token now", token);
    t.equal((await sessionOf(visitors.original)).json?.user?.email, "ann@example.com", "which the original reads, too");
    const slow = await sessionOf(late.usher);
    t.equal([slow.json?.user?.email, late.usher.cookie(cookieOf[system])], ["ann@example.com", key], "a request that was on its way loses nothing");
    const [row] = await rows(pool, "sessions");
    t.ok(row.expires.getTime() <= Date.now() + 60_000, "the row ends soon", row.expires.toISOString());
    late.usher.setCookie(cookieOf[system], key);
    await pool.query("UPDATE sessions SET expires = now() + interval '1 day'");
    await signOut(late.usher);
    t.equal(await rows(pool, "sessions"), [], "signing out ends it");
    app.use(optionsOf(system, context));
}

/** Rows of v4, read by a site of v5: the key stays. */
async function otherCookie(t, context) {
    const { system, pool, app, applications } = context;
    const before = "nextauth-4";
    await clear(pool);
    process.env.NEXTAUTH_URL = applications[before].origin;
    applications[before].use(optionsOf(before, context));
    const old = applications[before].visitors().original;
    await signIn(old, "real", "ann");
    const key = old.cookie(cookieOf[before]);
    app.use(optionsOf(system, context, { usher: { accept: [{ profile: before, strategy: "database" }] } }));
    const visitors = app.visitors(new Jar());
    visitors.usher.setCookie(cookieOf[before], key);
    t.equal((await sessionOf(visitors.usher)).json?.user?.email, "ann@example.com", "shown");
    t.equal([visitors.usher.cookie(cookieOf[system]), visitors.usher.cookie(cookieOf[before])], [key, undefined], "the same key, under the new name");
    t.equal((await sessionOf(visitors.original)).json?.user?.email, "ann@example.com", "which the original reads, too");
    t.equal((await rows(pool, "sessions")).length, 1, "one row");
    app.use(optionsOf(system, context));
}

/** What programs ask. */
async function calls(t, context) {
    const { system, pool, app } = context;
    const { root } = t.tools;
    await clear(pool);
    const { usher } = app.visitors();
    await signIn(usher, "real", "ann");
    const cookie = `${cookieOf[system]}=${usher.cookie(cookieOf[system])}`;
    if (system === "nextauth-4") {
        const { getServerSession } = require(`${root}/hosts/node/next-auth/index.cjs`);
        const withAuth = require(`${root}/hosts/node/next-auth/middleware.cjs`);
        const set = [];
        const res = { setHeader: (name, value) => set.push(...value), getHeader: () => undefined };
        const session = await getServerSession({ headers: { cookie }, cookies: {} }, res, app.options);
        t.equal(session.user.email, "ann@example.com", "getServerSession");
        t.ok(set.some((line) => line.startsWith(cookie)), "sends its cookie again", set.join("\n"));
        const passes = await withAuth(app.options)(new Request(`${app.origin}/closed`, { headers: { cookie } }));
        t.equal(passes, undefined, "withAuth lets her pass");
        const stops = await withAuth(app.options)(new Request(`${app.origin}/closed`, { headers: { cookie: `${cookieOf[system]}=x` } }));
        t.equal(stops?.status, 307, "and nobody else");
    } else {
        const { auth } = require(`${root}/hosts/node/authjs/index.cjs`)(app.options);
        const req = { headers: { cookie, host: new URL(app.origin).host } };
        const session = await auth(req, { appendHeader() {} });
        t.equal([session.user.email, session.user.id, session.userId], ["ann@example.com", 1, 1], "auth() shows the row");
    }
}

/** Nobody can tell while the database is away; nothing is cleared. */
async function outage(t, context) {
    const { system, pool, app, postgres } = context;
    await clear(pool);
    const { usher } = app.visitors();
    await signIn(usher, "real", "ann");
    const cookie = usher.cookie(cookieOf[system]);
    await postgres.stop();
    const away = await sessionOf(usher);
    t.equal(away.status, 503, "the session endpoint", String(away));
    const out = await signOut(usher);
    t.equal(out.status >= 500 || /error=Configuration/.test(out.location ?? ""), true, "signing out does not say that it worked", String(out));
    t.equal(usher.cookie(cookieOf[system]), cookie, "the cookie stays");
    await postgres.resume();
    t.equal((await sessionOf(usher)).json?.user?.email, "ann@example.com", "and is good again");
}

export default async function run(t) {
    const postgres = await Postgres.start(t);
    const pool = new pg.Pool({ connectionString: postgres.url, max: 4 });
    pool.on("error", () => {});
    t.defer(() => pool.end());
    await pool.query(tables);
    const applications = {};
    for (const system of systems) applications[system] = await startApplication(t, system);
    const op = await startOidcProvider(t, () => systems.flatMap((system) =>
        ["real", "other", "trusted"].map((id) => `${applications[system].origin}/api/auth/callback/${id}`)));
    const before = { ...process.env };
    t.defer(() => { for (const name of ["NEXTAUTH_URL", "AUTH_URL"]) if (before[name] === undefined) delete process.env[name]; else process.env[name] = before[name]; });

    for (const system of systems) {
        const app = applications[system];
        const context = { system, pool, app, applications, op, postgres, secret: newSecret(), told: [] };
        process.env.NEXTAUTH_URL = app.origin;
        process.env.AUTH_URL = system === "authjs-5" ? `${app.origin}/api/auth` : app.origin;
        app.use(optionsOf(system, context));
        for (const which of ["original", "usher"]) await t.case(`${system}: made by ${which === "usher" ? "usher" : "the original"}`, (t) => shared(t, context, which));
        await t.case(`${system}: a row that is over`, (t) => expired(t, context));
        await t.case(`${system}: linking`, (t) => linking(t, context));
        await t.case(`${system}: callbacks`, (t) => callbacks(t, context));
        await t.case(`${system}: users in rows, sessions in cookies`, (t) => tokens(t, context));
        await t.case(`${system}: tokens become rows`, (t) => toRows(t, context));
        if (system === "nextauth-4") await t.case(`${system}: tokens of accounts become rows`, (t) => fromAccounts(t, context));
        await t.case(`${system}: tokens of people without rows`, (t) => beforeRows(t, context));
        await t.case(`${system}: rows become tokens`, (t) => toTokens(t, context));
        if (system === "authjs-5") await t.case(`${system}: rows of v4 get another cookie`, (t) => otherCookie(t, context));
        await t.case(`${system}: calls`, (t) => calls(t, context));
        await t.case(`${system}: the database is away`, (t) => outage(t, context));
    }
}
