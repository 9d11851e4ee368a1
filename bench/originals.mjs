// The original packages, timed in rounds on the word of bench/run.mjs: genuine next-auth 4 and
// @auth/core out of tests/node_modules, next-auth 5 out of bench/node_modules, called as their
// documentation calls them.
//
//   node bench/originals.mjs fixtures FILE          mints the sessions, writes them for all runners
//   node bench/originals.mjs open|seal FILE         then, a line each on standard input:
//     check          every row must give the right answer, and refuse a broken token
//     verify JSON    [{profile, size, token}] of ours: the originals must open them
//     round MS       times each row for about MS milliseconds
//
// Answers are JSON objects, a line each; {"end":true} closes each.
import { createHash, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";

// As a deployment runs them; and where they are told that they run.
process.env.NODE_ENV = "production";
process.env.NEXTAUTH_URL = process.env.AUTH_URL = "http://localhost:3000";

// Bare names in this file mean the packages of tests/. next-auth 5 names files of Next.js without
// their suffix, which its bundlers add and Node does not.
const packages = new URL("../tests/package.json", import.meta.url).href;
const hook = `export const resolve = (name, context, next) => next(
    /^next\\/(server|headers|navigation)$/.test(name) ? name + ".js" : name,
    context.parentURL === ${JSON.stringify(import.meta.url)} && !/^([./]|node:|file:|data:)/.test(name)
        ? { ...context, parentURL: ${JSON.stringify(packages)} } : context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const v4 = await import("next-auth/jwt");
const v5 = await import("@auth/core/jwt");
const { getServerSession } = await import("next-auth/next");
const { default: NextAuth5 } = await import(new URL("node_modules/next-auth/index.js", import.meta.url));

const secret = "a measurement's own secret, at least 32 characters";
const year = 365 * 86400;
const options = { secret, providers: [], session: { strategy: "jwt" } };
const { auth } = NextAuth5({ ...options, trustHost: true, basePath: "/api/auth" });

// What a handler of an API route gets from Next.js, as far as the two calls use it.
const responseOf = () => ({
    cookies: [],
    setHeader(name, value) { this.cookies = [].concat(value); },
    getHeader() { return this.cookies; },
    appendHeader(name, value) { this.cookies.push(value); },
});

const profiles = {
    "nextauth-4": {
        peer: "next-auth 4.24.15",
        cookie: "next-auth.session-token",
        piece: 4096 - 163,
        key: () => hkdfSync("sha256", secret, "", "NextAuth.js Generated Encryption Key", 32),
        encode: (token) => v4.encode({ token, secret, maxAge: year }),
        decode: (token) => v4.decode({ token, secret }),
        sessionPeer: "next-auth 4.24.15",
        sessionCall: "getServerSession",
        session: (request, response) => getServerSession(request, response, options),
        // With the cookies parsed already, as Next.js hands them over: the peer's better case.
        getToken: (request) => v4.getToken({ req: request, secret, secureCookie: false }),
    },
    "authjs-5": {
        peer: "@auth/core 0.41.3",
        cookie: "authjs.session-token",
        piece: 4096 - 160,
        key: () => {
            const salt = "authjs.session-token";
            return hkdfSync("sha256", secret, salt, `Auth.js Generated Encryption Key (${salt})`, 64);
        },
        encode: (token) => v5.encode({ token, secret, salt: "authjs.session-token", maxAge: year }),
        decode: (token) => v5.decode({ token, secret, salt: "authjs.session-token" }),
        sessionPeer: "next-auth 5.0.0-beta.32",
        sessionCall: "auth",
        session: (request, response) => auth(request, response),
        getToken: (request) => v5.getToken({ req: { headers: request.headers }, secret,
            secureCookie: false, salt: "authjs.session-token" }),
    },
};

const claims = (bytes) => ({
    name: "Ada Lovelace-Byron",
    email: "ada.lovelace@example.com",
    picture: "https://images.example.com/avatars/u/1815?v=4",
    sub: "5f7c8ec7-c33c-4c00-8bba-fe82ada01815",
    role: "admin",
    accessToken: randomBytes(bytes).toString("base64url").slice(0, bytes),
});

function pieces({ cookie, piece }, token) {
    if (token.length <= piece) return { [cookie]: token };
    const out = {};
    for (let i = 0; i * piece < token.length; i++)
        out[`${cookie}.${i}`] = token.slice(i * piece, (i + 1) * piece);
    return out;
}

// A good one, as it stands in a browser that has been here before: nobody has to make another.
function csrfToken() {
    const token = randomBytes(32).toString("hex");
    return `${token}%7C${createHash("sha256").update(token + secret).digest("hex")}`;
}

// What a browser sends beside the session: analytics, preferences, other parts of the site.
function browserLike(session, prefix, total) {
    const before = { _ga: "GA1.1.1463218790.1767225600", theme: "dark", locale: "en-GB" };
    const after = {
        [`${prefix}.callback-url`]: "http%3A%2F%2Flocalhost%3A3000%2Fdashboard",
        [`${prefix}.csrf-token`]: csrfToken(),
        consent: "analytics=1&marketing=0",
    };
    const all = { ...before, ...session, ...after };
    const length = Object.entries(all).map(([k, v]) => `${k}=${v}`).join("; ").length;
    const room = total - length - "; _ga_measurements=".length;
    if (room > 0) all._ga_measurements = randomBytes(room).toString("base64url").slice(0, room);
    return all;
}

async function mintFixtures(file) {
    const fixtures = [];
    for (const [profile, p] of Object.entries(profiles)) {
        for (const [size, bytes, total] of [["small", 300, 1800], ["large", 3500, 6200], ["double", 7335, 12400]]) {
            const payload = claims(bytes);
            const token = await p.encode(payload);
            const cookies = browserLike(pieces(p, token), p.cookie.split(".")[0], total);
            const header = Object.entries(cookies).map(([k, v]) => `${k}=${v}`).join("; ");
            const settings = JSON.stringify({ site: { base_url: "http://localhost:3000",
                development: true, profile, secret } });
            fixtures.push({ profile, size, key: Buffer.from(p.key()).toString("hex"), settings, token,
                header, email: payload.email, cookies, claims: payload });
        }
    }
    const columns = ["profile", "size", "key", "settings", "token", "header", "email"];
    writeFileSync(`${file}.json`, JSON.stringify(fixtures));
    writeFileSync(`${file}.tsv`, fixtures.map((f) => `${columns.map((c) => f[c]).join("\t")}\n`).join(""));
}

const say = (object) => process.stdout.write(`${JSON.stringify(object)}\n`);

function rowsOf(mode, fixtures) {
    return fixtures.flatMap((f) => {
        const p = profiles[f.profile];
        const decoded = Object.entries(f.cookies).map(([name, value]) => [name, decodeURIComponent(value)]);
        const request = { headers: { host: "localhost:3000", cookie: f.header },
            cookies: Object.fromEntries(decoded), method: "GET", query: {} };
        const row = (name, run, right) => ({ profile: f.profile, size: f.size, name, peer: p.peer, run, right });
        const isUser = (answer) => answer?.email === f.email;
        const renewed = async () => {
            const response = responseOf();
            const session = await p.session(request, response);
            return { email: session?.user?.email, cookies: response.cookies };
        };
        const isRenewed = (answer) => isUser(answer) &&
            answer.cookies.some((line) => String(line).startsWith(p.cookie));
        if (mode === "seal")
            return [row("encode", () => p.encode(f.claims), (token) => token?.split(".").length === 5),
                { ...row(p.sessionCall, renewed, isRenewed), peer: p.sessionPeer }];
        return [row("decode", () => p.decode(f.token), isUser),
            row("getToken", () => p.getToken(request), isUser)];
    });
}

async function check(fixtures, rows) {
    for (const row of rows)
        if (!row.right(await row.run())) throw new Error(`${row.peer} ${row.name}: wrong answer`);
    for (const f of fixtures) {
        const at = f.token.length >> 1;
        const broken = f.token.slice(0, at) + (f.token[at] === "A" ? "B" : "A") + f.token.slice(at + 1);
        // Refusing is either an exception or nothing, depending on the package.
        const answer = await Promise.resolve(profiles[f.profile].decode(broken)).catch(() => null);
        if (answer) throw new Error(`${f.profile}: the original takes a broken token`);
    }
    say({ checked: rows.length });
}

async function verify(fixtures, minted) {
    for (const { profile, size, token } of minted) {
        const f = fixtures.find((x) => x.profile === profile && x.size === size);
        const answer = await profiles[profile].decode(token);
        if (answer?.email !== f.email || answer?.accessToken !== f.claims.accessToken)
            throw new Error(`${profile} ${size}: the original does not open our token`);
    }
    say({ verified: minted.length });
}

// A call's time is the median of single calls; with 32 in flight, an average. The better one counts.
async function timeRow(row, ms) {
    const each = [];
    const until = performance.now() + ms / 2;
    let now = performance.now();
    while (now < until) {
        await row.run();
        const then = performance.now();
        each.push(then - now);
        now = then;
    }
    each.sort((a, b) => a - b);
    const began = performance.now();
    let calls = 0;
    while (performance.now() - began < ms / 2) {
        await Promise.all(Array.from({ length: 32 }, () => row.run()));
        calls += 32;
    }
    const single = each[each.length >> 1] * 1e6;
    const window32 = ((performance.now() - began) / calls) * 1e6;
    say({ timed: row.name, profile: row.profile, size: row.size, peer: row.peer, single, window32 });
}

const [mode, file] = process.argv.slice(2);
if (mode === "fixtures") {
    await mintFixtures(file);
} else {
    const fixtures = JSON.parse(readFileSync(`${file}.json`, "utf8"));
    const rows = rowsOf(mode, fixtures);
    const warm = performance.now();
    while (performance.now() - warm < 300 * rows.length) for (const row of rows) await row.run();
    say({ ready: `Node ${process.version}` });
    for await (const line of createInterface({ input: process.stdin })) {
        const [word, rest] = [line.split(" ", 1)[0], line.slice(line.indexOf(" ") + 1)];
        if (word === "check") await check(fixtures, rows);
        else if (word === "verify") await verify(fixtures, JSON.parse(rest));
        else if (word === "round") for (const row of rows) await timeRow(row, Number(rest));
        else throw new Error(`unknown word ${word}`);
        say({ end: true });
    }
}
