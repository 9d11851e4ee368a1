// Auth0's SDK: sessions read and renewed, its version 3's, sessions in a store, sign-ins under way, returnTo.
import { CompactEncrypt, base64url } from "jose";
import { hkdf } from "@panva/hkdf";
import { NOW, SECRET, asHeader, file } from "./kit.mjs";
import { someUrl } from "./urls.mjs";

const { Auth0Client } = await import(file("@auth0/nextjs-auth0/dist/server/index.js"));
const { NextRequest } = await import("next/server.js");
const { decrypt, sign } = await import(file("@auth0/nextjs-auth0/dist/server/cookies.js"));

const quietly = async (ask) => {
    const { warn, error } = console;
    console.warn = () => {};
    console.error = () => {};
    try {
        return await ask();
    } finally {
        console.warn = warn;
        console.error = error;
    }
};

/* --- the client, and the tenant it talks to -------------------------------------------------------- */

const issuer = "https://tenant.example.com/";
const json = (value) => new Response(JSON.stringify(value), { headers: { "content-type": "application/json" } });
const segment = (value) => base64url.encode(JSON.stringify(value));

/** Answers discovery and the code; tells which code_verifier came. */
async function withTenant(nonce, ask) {
    const { fetch } = globalThis;
    const seen = { code_verifier: null };
    globalThis.fetch = async (target, init) => {
        if (String(target.url ?? target).includes("/.well-known/")) return json({ issuer, jwks_uri: `${issuer}jwks`,
            authorization_endpoint: `${issuer}authorize`, token_endpoint: `${issuer}oauth/token`,
            id_token_signing_alg_values_supported: ["RS256"], code_challenge_methods_supported: ["S256"] });
        seen.code_verifier = new URLSearchParams(String(init.body)).get("code_verifier");
        const now = Math.floor(Date.now() / 1000);
        const claims = { iss: issuer, aud: "client123", sub: "auth0|1", sid: "s", iat: now, exp: now + 3600, auth_time: now, nonce };
        return json({ access_token: "at", token_type: "Bearer", expires_in: 3600, scope: "openid",
            id_token: `${segment({ alg: "RS256", kid: "k" })}.${segment(claims)}.${base64url.encode("x".repeat(256))}` });
    };
    try {
        return await ask(seen);
    } finally {
        globalThis.fetch = fetch;
    }
}

function clientOf({ secret, options = {}, store }, calls = []) {
    const has = (id) => Object.hasOwn(store, id);
    const masked = (id) => (/^[0-9a-f]{32}$/.test(id) && !has(id) ? "<32 hex>" : id);
    const sessionStore = store && {
        get: async (id) => { calls.push(`get ${masked(id)}`); return has(id) ? JSON.parse(store[id]) : null; },
        set: async (id) => { calls.push(`set ${masked(id)}`); },
        delete: async (id) => { calls.push(`delete ${masked(id)}`); },
    };
    return new Auth0Client({ domain: "tenant.example.com", clientId: "client123", clientSecret: "client-secret", secret,
        appBaseUrl: options.app_base_url ?? "https://app.example.com", sessionStore,
        signInReturnToPath: options.sign_in_return_to_path, enableParallelTransactions: options.parallel_transactions,
        transactionCookie: options.transaction_cookie,
        session: { rolling: options.rolling, absoluteDuration: options.absolute_duration,
            inactivityDuration: options.inactivity_duration, cookie: options.cookie } });
}

const requestOf = ({ cookie_header, options }, path = "/x") =>
    new NextRequest(new URL(path, options?.app_base_url ?? "https://app.example.com"),
        { headers: cookie_header === undefined ? {} : { cookie: cookie_header } });

/* --- reading and renewing -------------------------------------------------------------------------- */

async function getSession(input) {
    try {
        const session = await quietly(() => clientOf(input).getSession(requestOf(input)));
        return session ? { result: "valid", payload_json: JSON.stringify(session) } : { result: "none" };
    } catch {
        return { result: "invalid" };
    }
}

const number = ({ name }) => Number(name.split("_").at(-1));

/** The order among new connection tokens is arbitrary: here by name, as in the recorded cases. */
function ordered(lines) {
    const fresh = lines.filter(({ name, value_length }) => /^__FC_\d+$/.test(name) && value_length);
    fresh.sort((a, b) => number(a) - number(b));
    return lines.map((line) => (/^__FC_\d+$/.test(line.name) && line.value_length ? fresh.shift() : line));
}

async function roll(input) {
    const calls = [];
    let answer;
    try {
        answer = await quietly(() => clientOf(input, calls).middleware(requestOf(input, input.path)));
    } catch {
        return { result: "throws" };
    }
    const name = input.options?.cookie?.name ?? "__session";
    let token = "";
    const set_cookies = answer.headers.getSetCookie().map((line) => {
        const [, cookie, value, attributes] = /^([^=]*)=([^;]*); (.*)$/.exec(line);
        if (value && (cookie === name || cookie.startsWith(`${name}__`))) token += decodeURIComponent(value);
        return value ? { name: cookie, attributes, value_length: value.length } : { name: cookie, attributes, value };
    });
    const out = { result: "ok", status: answer.status, set_cookies: ordered(set_cookies) };
    if (token) {
        const { payload } = await decrypt(token, input.secret);
        if (input.store && !Object.hasOwn(input.store, payload.id)) payload.id = "<32 hex>";
        out.new_token = { length: token.length, header_json: Buffer.from(token.split(".")[0], "base64url").toString(),
            payload_json: JSON.stringify(payload) };
    }
    if (input.store) out.store_calls = calls;
    return out;
}

/* --- signing in ------------------------------------------------------------------------------------ */

function transactionName({ state, options }) {
    const prefix = options?.transaction_cookie?.prefix ?? "__txn_";
    return options?.parallel_transactions === false ? prefix : `${prefix}${state}`;
}

/** What the provider would know: the nonce it was asked for. */
async function nonceOf(input) {
    const value = requestOf(input).cookies.get(transactionName(input))?.value ?? "";
    try {
        return (await decrypt(value.slice(value.indexOf(":") + 1), input.secret))?.payload.nonce;
    } catch {
        return undefined;
    }
}

async function callback(input) {
    const query = new URLSearchParams({ code: "code-1" });
    if (input.state !== null && input.state !== undefined) query.set("state", input.state);
    return withTenant(await nonceOf(input), async (seen) => {
        const answer = await quietly(() => clientOf(input).middleware(requestOf(input, `/auth/callback?${query}`))).catch(() => null);
        if (!answer) return { result: "rejected" };
        if (answer.status >= 400) return { result: "rejected", status: answer.status, message: await answer.text() };
        const prefix = input.options?.transaction_cookie?.prefix ?? "__txn_";
        return { result: "accepted", code_verifier: seen.code_verifier, location: answer.headers.get("location"),
            deleted_cookies: answer.headers.getSetCookie().filter((line) => line.startsWith(prefix) && /Max-Age=0/.test(line))
                .map((line) => line.slice(0, line.indexOf("="))) };
    });
}

async function returnTo(input) {
    return withTenant(undefined, async () => {
        const client = clientOf(input);
        const login = await quietly(() => client.middleware(requestOf(input, `/auth/login?${new URLSearchParams({ returnTo: input.return_to })}`)));
        const [, name, value] = /^([^=]*)=([^;]*)/.exec(login.headers.getSetCookie().find((line) => line.startsWith("__txn_")));
        const whole = decodeURIComponent(value);
        const { payload } = await decrypt(whole.slice(whole.indexOf(":") + 1), input.secret);
        const answer = await callback({ ...input, state: payload.state, cookie_header: `${name}=${value}` });
        return { stored_return_to: payload.returnTo, location: answer.location };
    });
}

/* --- sealing --------------------------------------------------------------------------------------- */

const keys = new Map();

async function keyOf(secret) {
    if (!keys.has(secret)) keys.set(secret, await hkdf("sha256", secret, "", "JWE CEK", 32));
    return keys.get(secret);
}

/** `text` is what is sealed, as it is. */
async function sealed(text, secret = SECRET, header = { enc: "A256GCM", alg: "dir" }) {
    return new CompactEncrypt(Buffer.from(text)).setProtectedHeader(header).encrypt(await keyOf(secret));
}

const edges = [-17, -16, -15, -14, -1, 0, 1, 14, 15, 16];
const strange = [null, true, false, 0, 1, -1, "", "1", "x", [], {}, [1], { a: 1 }, 1.5, 1e300];
const anything = (pick) => structuredClone(pick.of(strange));
const users = [{ sub: "auth0|1" }, { sub: "auth0|1", name: "Zoë 🦉", email: "z@example.com", email_verified: true }, { sub: "a", sid: "s1", "https://x/roles": ["a", "b"] },
    {}, { sub: 1 }, { sub: null }, { sub: "" }, { sub: "a", updated_at: "2026-01-01", nested: { a: [1, { b: null }] } }, { sub: "\u0000\ud83e" }];

function tokenSetOf(pick) {
    const all = { accessToken: "at", idToken: "a.b.c", scope: "openid profile", refreshToken: "rt", expiresAt: NOW + pick.of([...edges, 3600]),
        requestedScope: "openid", token_type: "Bearer", audience: "https://api" };
    return Object.fromEntries(pick.shuffled(Object.entries(all)).slice(0, pick.below(6)));
}

function sessionOf(pick, plain) {
    const out = { user: pick.of(users), tokenSet: tokenSetOf(pick), internal: { sid: "s", createdAt: NOW - pick.of([0, 1, 60, 86400, 259199, 259200, 259201, 172800, 999999, -60, -1, 999, 1000, 1001]) } };
    if (pick.chance(0.15)) out.internal.sessionExpiresAt = NOW + pick.of([28, 29, 30, 31, 32, -1, 0, 1, 3600]);
    if (pick.chance(0.1)) out.internal.mcd = pick.of([{ domain: "tenant.example.com", issuer }, { domain: "other.example.com", issuer: "https://other.example.com/" }]);
    if (pick.chance(0.3)) out[pick.of(["custom", "exp", "iat", "jti", "sub", "__proto__x", "connectionTokenSetsX", "id"])] = pick.of(["x", 1, NOW]);
    if (plain) return out;
    if (pick.chance(0.25)) delete out[pick.of(["user", "tokenSet", "internal"])];
    if (pick.chance(0.2)) out[pick.of(["user", "tokenSet", "internal"])] = anything(pick);
    if (pick.chance(0.15) && out.internal && typeof out.internal === "object") out.internal[pick.of(["createdAt", "sid", "sessionExpiresAt", "mcd"])] = anything(pick);
    if (pick.chance(0.2)) out[pick.of(["exp", "nbf", "iat"])] = pick.chance(0.6) ? NOW + pick.of(edges) : anything(pick);
    return out;
}

function withExp(pick, session) {
    if (pick.chance(0.85)) session.exp = NOW + pick.of([...edges, 60, 60, 3600, 3600, 86400, 86400]);
    return pick.chance(0.9) ? JSON.stringify(session) : JSON.stringify(Object.fromEntries(pick.shuffled(Object.entries(session))));
}

const texts = ["", "null", "[]", "\"x\"", "1", "{}", "{", "{\"exp\":1767229200}", "{\"user\":{}}", " {\"user\":{\"sub\":\"a\"},\"tokenSet\":{},\"internal\":{\"sid\":\"s\",\"createdAt\":1767225500}} ",
    "{\"user\":{\"sub\":\"a\"},\"user\":{\"sub\":\"b\"},\"tokenSet\":{},\"internal\":{\"createdAt\":1.7672255e9,\"sid\":\"s\"},\"exp\":1767225700.5}",
    "{\"user\":{\"sub\":\"\\ud800\"},\"tokenSet\":{},\"internal\":{\"sid\":\"s\",\"createdAt\":1767225500},\"n\":1e999}", "{\"user\":{\"sub\":\"a\"},\"tokenSet\":{},\"internal\":{\"sid\":\"s\",\"createdAt\":1767225500}}x"];

const headers = [{ alg: "dir", enc: "A256GCM" }, { alg: "dir", enc: "A256GCM", kid: "k" }, { alg: "dir", enc: "A256GCM", typ: "JWT" }, { enc: "A256GCM", alg: "dir", cty: "JWT", x: 1 },
    { enc: "A256GCM", alg: "dir", iat: NOW - 60, uat: NOW - 60, exp: NOW + 600 }, { enc: "A256GCM", alg: "dir", iat: NOW - 60 }, { enc: "A256GCM", alg: "dir", iat: 0 },
    { enc: "A256GCM", alg: "dir", exp: NOW - 60 }, { enc: "A256GCM", alg: "dir", iss: "x" }, { enc: "A256GCM", alg: "dir", iat: "x" }, { enc: "A256GCM", alg: "dir", kid: "" }];

const alphabet = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];

/** One thing wrong with a token. Bits that stand for nothing are left alone: docs/compatibility.md. */
function damaged(pick, token) {
    const parts = token.split(".");
    const at = pick.below(parts.length);
    const letter = pick.below(Math.max(1, parts[at].length - 1));
    switch (pick.below(8)) {
    case 0: return `${token}.`;
    case 1: return parts.slice(0, 4).join(".");
    case 2: return `${parts.join(".")}${pick.of([".x", "=", "A", "AA", "AAA", "AAAA"])}`;
    case 3: return token.slice(0, -pick.between(1, 9));
    case 4: parts[at] = ""; break;
    case 5: parts[at] = pick.of(["x", "e30", "AAAA", "eyJ", "bnVsbA", "W10", "IiI", "eyJhbGciOiJkaXIifQ", "eyJhbGciOjF9"]); break;
    case 6: parts[at] = parts[at].slice(1); break;
    default: if (parts[at]) parts[at] = parts[at].slice(0, letter) + pick.of(alphabet) + parts[at].slice(letter + 1);
    }
    return parts.join(".");
}

const others = ["a=b", "x", "__sessio=1", "__session_=1", "__session__=1", "__session__x=1", "x__session__0=1", "__session__0x=1", "__session.0=x", "appSession2=x", "__FC_=1", "__FC_x=1", "__FCx_0=1", "__txn_x=y", "=x", "__session__0 =x", "é=1"];

/** The value, in one cookie or in pieces, among others, with what may go wrong on the way. */
function cookies(pick, name, value, { legacy, plain } = {}) {
    const dash = legacy ? "." : "__";
    let pairs = [[name, value]];
    if (pick.chance(0.4)) {
        const size = pick.of([Math.ceil(value.length / pick.between(1, 12)) || 1, 3500, 100, value.length]);
        const count = Math.min(34, Math.max(1, Math.ceil(value.length / size)));
        const cut = Math.ceil(value.length / count) || 1;
        pairs = Array.from({ length: count }, (_, i) => [`${name}${dash}${i}`, value.slice(i * cut, (i + 1) * cut)]);
        if (pick.chance(0.3)) pairs = pick.shuffled(pairs);
        if (pick.chance(0.1)) pairs.splice(pick.below(pairs.length), 1);
        if (pick.chance(0.1)) pairs.push([`${name}${dash}${pairs.length + pick.between(-1, 1)}`, pick.of(["", "", "x"])]);
        if (pick.chance(0.1)) pairs = pairs.map(([n, v]) => [n.replace(/(\d+)$/, pick.of(["0$1", "00$1", "$1"])), v]);
        if (pick.chance(0.05)) pairs = pairs.map(([n, v]) => [n.replace(/(\d+)$/, (d) => Number(d) + 1), v]);
        if (pick.chance(0.1)) pairs.push([name, pick.of(["", "", "x"])]);
        if (!plain && pick.chance(0.05)) pairs.push([`${name}${dash}${pick.of(["18446744073709551616", "4294967296", "99999999999999999999", "-1", "1e0", "+0", "０"])}`, "x"]);
    }
    if (pick.chance(0.06)) pairs.push([name, pick.of(["x", "", value])]);
    let lines = pairs.map(([n, v]) => `${n}=${pick.chance(0.04) ? pick.of([`"${v}"`, v.replaceAll(".", "%2E"), ` ${v}`, `${v}%`, `${v}%zz`, `${v} `, encodeURIComponent(v)]) : v}`);
    lines = [...lines, ...pick.some(0, 2, () => pick.of(others))];
    if (pick.chance(0.4)) lines = pick.shuffled(lines);
    return asHeader(lines.join(pick.chance(0.9) ? "; " : pick.of([";", ";  ", "; ;", " ; "]))).trim();
}

const fitting = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** docs/compatibility.md, sessions: what was opened must have the shape of one. Here as much as is asked as the original. */
function shaped({ user, tokenSet, internal }) {
    const { mcd, sessionExpiresAt } = internal ?? {};
    if (mcd !== undefined && mcd !== null && !fitting(mcd)) return false;
    if (sessionExpiresAt !== undefined && sessionExpiresAt !== null && typeof sessionExpiresAt !== "number") return false;
    return fitting(user) && (tokenSet === undefined || fitting(tokenSet)) && (internal === undefined || (fitting(internal) && typeof internal.createdAt === "number"));
}

/** Base64url with white space behind it, and numbers that no double holds. */
const spaced = ({ cookie_header }) => / (;|$)|= /.test(cookie_header);
const loose = ({ input, expected }) => spaced(input) || /"n":null/.test(expected.payload_json);

function otherSession({ input, expected }) {
    // Where a connection token makes the original throw, here it is left out.
    if (expected.result === "invalid" && input.cookie_header.includes("__FC_")) return "either";
    if (expected.result !== "valid") return null;
    if (loose({ input, expected })) return "stricter-allowed";
    const session = JSON.parse(expected.payload_json);
    if (!shaped(session)) return "stricter-allowed";
    for (const one of session.connectionTokenSets ?? [])
        if (typeof one.connection !== "string" || typeof one.accessToken !== "string") return "skip";
    return null;
}

const someOptions = (pick) => {
    const options = {};
    if (pick.chance(0.12)) options.cookie = { name: pick.of(["sid", "s.x", "__Host-s", "a__0"]) };
    if (pick.chance(0.1)) options.app_base_url = pick.of(["http://localhost:3000", "https://app.example.com/base"]);
    return options;
};

async function connectionTokens(pick) {
    const many = await Promise.all(pick.some(1, 3, async () => {
        const set = { connection: pick.of(["github", "google"]), accessToken: "cat", expiresAt: NOW + pick.of(edges), loginHint: pick.of(["a", 1]) };
        const token = await sealed(JSON.stringify({ ...set, exp: NOW + pick.of(edges) }));
        return `__FC_${pick.of(["0", "1", "2", "10", "00", "x", ""])}=${pick.chance(0.9) ? token : damaged(pick, token)}`;
    }));
    return many.join("; ");
}

async function makeSession(pick, plain = false) {
    const options = someOptions(pick);
    const secret = pick.chance(0.85) ? SECRET : pick.of(["k", "пароль-🔐", " x ", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]);
    const text = !plain && pick.chance(0.08) ? pick.of(texts) : withExp(pick, sessionOf(pick, plain));
    const header = !plain && pick.chance(0.2) ? pick.of(headers.filter(({ iat }) => !iat)) : undefined;
    let token = await sealed(text, !plain && pick.chance(0.04) ? "another" : secret, header);
    if (!plain && pick.chance(0.12)) token = damaged(pick, token);
    let cookie_header = cookies(pick, options.cookie?.name ?? "__session", token, { plain });
    if (pick.chance(0.15)) cookie_header += `; ${await connectionTokens(pick)}`;
    const input = { now: NOW, secret, cookie_header };
    return Object.keys(options).length ? { ...input, options } : input;
}

/* --- version 3 ------------------------------------------------------------------------------------- */

async function makeLegacy(pick) {
    const header = { enc: "A256GCM", alg: "dir", uat: NOW - pick.of([0, 60, 3600, 86399, 86400, 86401]), iat: NOW - pick.of([0, 60, 3600, 259199, 259201]), exp: NOW + pick.of([...edges, 600, 600]) };
    if (pick.chance(0.1)) delete header[pick.of(["uat", "iat", "exp"])];
    if (pick.chance(0.08)) header[pick.of(["uat", "iat", "exp"])] = pick.of(["x", "1767225500", true, null, 1.5]);
    const session = { user: pick.of(users), idToken: "a.b.c", accessToken: "at", accessTokenScope: "openid", accessTokenExpiresAt: NOW + pick.of(edges), refreshToken: "rt", token_type: "Bearer" };
    for (let n = pick.below(4); n; n -= 1) delete session[pick.of(Object.keys(session))];
    if (pick.chance(0.15)) session[pick.of(["user", "idToken", "accessToken", "accessTokenScope", "accessTokenExpiresAt", "custom"])] = anything(pick);
    if (pick.chance(0.1)) session[pick.of(["exp", "nbf"])] = NOW + pick.of(edges);
    let token = await sealed(JSON.stringify(session), SECRET, header);
    if (pick.chance(0.08)) token = damaged(pick, token);
    let cookie_header = cookies(pick, pick.chance(0.9) ? "appSession" : "__session", token, { legacy: pick.chance(0.9) });
    if (pick.chance(0.1)) cookie_header += pick.of(["; __session=", "; __session=x", "; __session__0=x", "; __session__1=x"]);
    return { now: NOW, secret: SECRET, cookie_header, ...(pick.chance(0.1) ? { options: { cookie: { name: "sid" } } } : {}) };
}

/** The lifetimes that version 3 wrote beside the session count here, and the original never looks. */
async function otherLegacy({ input, expected }) {
    if (expected.result !== "valid") return null;
    const session = JSON.parse(expected.payload_json);
    if (loose({ input, expected }) || !fitting(session.user) || (session.internal && typeof session.internal.createdAt !== "number")) return "stricter-allowed";
    const pairs = input.cookie_header.matchAll(/(?:appSession|__session|sid)(?:(?:\.|__)0*)?="?\s*(eyJ[\w-]*)/g);
    for (const [, text] of pairs) {
        const header = JSON.parse(Buffer.from(text, "base64url").toString().replace(/[^}]*$/, "") || "{}");
        if (!(header.exp > NOW) || !(header.uat + 86400 > NOW)) return "stricter-allowed";
    }
    return shaped(session) ? null : "stricter-allowed";
}

/* --- a store --------------------------------------------------------------------------------------- */

const ids = ["b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2", "legacy-session-id_1", "z", "a.b", "0"];

function recordOf(pick) {
    if (pick.chance(0.7)) return JSON.stringify(sessionOf(pick, pick.chance(0.8)));
    return JSON.stringify({ header: { iat: NOW - pick.of([0, 60]), uat: NOW - pick.of([0, 60, 90000]), exp: NOW + pick.of([600, 600, -1, 0, 1]) },
        data: { user: pick.of(users), idToken: "i", accessToken: "a", accessTokenScope: "openid", accessTokenExpiresAt: NOW + 9, refreshToken: "r" } });
}

async function makeStored(pick) {
    const id = pick.of(ids);
    const store = Object.fromEntries([[pick.chance(0.85) ? id : pick.of(ids), recordOf(pick)], ...(pick.chance(0.2) ? [[pick.of(ids), recordOf(pick)]] : [])]);
    const name = pick.of(["__session", "__session", "__session", "appSession"]);
    let value;
    if (pick.chance(0.7)) {
        value = await sealed(JSON.stringify({ id: pick.chance(0.94) ? id : anything(pick), ...(pick.chance(0.9) ? { exp: NOW + pick.of([...edges, 60, 60, 60]) } : {}),
            ...(pick.chance(0.1) ? { nbf: NOW + pick.of(edges) } : {}) }), pick.chance(0.95) ? SECRET : "another", pick.chance(0.2) ? pick.of(headers.filter(({ iat }) => !iat)) : undefined);
        if (pick.chance(0.1)) value = damaged(pick, value);
    } else {
        value = await sign(pick.chance(0.9) ? name : pick.of(["__session", "appSession", "x"]), id, pick.chance(0.9) ? SECRET : "another");
        if (pick.chance(0.2)) value = pick.of([id, `${id}.`, `.${value}`, `${value}.x`, `${value}=`, value.slice(0, -1), `${value}A`, value.replace(".", "%2E"), value.replace(/.$/, "A"), `x${value}`]);
    }
    let cookie_header = `${name}=${pick.chance(0.95) ? value : encodeURIComponent(value)}`;
    if (pick.chance(0.15)) cookie_header = pick.shuffled([cookie_header, pick.of(["__session=", "__session=x", "appSession=x", "appSession=", "a=b", "__session__0=x"])]).join("; ");
    return { now: NOW, secret: SECRET, store, cookie_header: asHeader(cookie_header) };
}

function otherStored({ input, expected }) {
    if (expected.result !== "valid") return null;
    const session = JSON.parse(expected.payload_json);
    if (!shaped(session) || /\.[^.]*[^A-Za-z0-9_-]/.test(input.cookie_header)) return "stricter-allowed";
    return Object.values(input.store).some((text) => JSON.parse(text).header) ? "stricter-allowed" : null;
}

/** What is not read here is not renewed. */
function otherRolled({ input, expected }) {
    if (input.store && /=(;|$)/.test(input.cookie_header)) return "skip"; // a signature with padding
    if (expected.store_calls?.some((call) => !ids.includes(call.slice(4)) && !call.endsWith("<32 hex>"))) return "skip";
    if (expected.result !== "ok") return input.cookie_header.includes("__FC_") ? "skip" : null;
    if (!expected.set_cookies.length) return null;
    const odd = Object.values(input.store ?? {}).map((text) => JSON.parse(text)).some((one) => one.header || !shaped(one));
    return odd || spaced(input) ? "skip" : null;
}

/* --- transactions ---------------------------------------------------------------------------------- */

const states = ["6ZnM4rqTyauiVEHaDvYQBl0eM-G6YLuX-aBnuoWuS8Y", "x0TdgSiexuS1FF1Jtk1FHjXT", "s", "a.b", "0"];

async function transaction(pick, state) {
    const t = { nonce: "n0", codeVerifier: "qWbMc5XgPPQETZEsbQlCH5jSLfMEo-sJaHGF67BH66Q", responseType: "code", state: pick.chance(0.93) ? state : pick.of(states),
        returnTo: pick.chance(0.6) ? pick.of(["/dashboard", "/", "/a?b=c#d", "/é", "/a b", "/%zz", "//x", "/a//b", "/\\x", "", "x", "?a=b", "#x", "/../x", "/a/./b/", "/x/", "/%2f%2fx", "/;x", "/a\"b<>`{}|^'"]) : "/dashboard" };
    if (pick.chance(0.12)) delete t[pick.of(["nonce", "returnTo", "state"])];
    if (pick.chance(0.06)) t.maxAge = pick.of([0, 1, 3600]);
    if (pick.chance(0.06)) t.x = anything(pick);
    if (pick.chance(0.95)) t.exp = NOW + pick.of([...edges, 600, 600, 600, 600]);
    let token = await sealed(JSON.stringify(t), pick.chance(0.96) ? SECRET : "another");
    if (pick.chance(0.08)) token = damaged(pick, token);
    const prefix = pick.of([`${NOW - 60}:`, `${NOW - 60}:`, `${NOW}%3A`, "", "1:", "0:", "18446744073709551615:", "1:1:"]);
    return prefix + token;
}

async function makeTransaction(pick) {
    const state = pick.of(states);
    const options = {};
    if (pick.chance(0.1)) options.parallel_transactions = false;
    if (pick.chance(0.1)) options.transaction_cookie = { prefix: pick.of(["login_", "__txn", "t."]) };
    if (pick.chance(0.1)) options.app_base_url = pick.of(["https://app.example.com/base", "http://localhost:3000", "https://app.example.com/a/b"]);
    if (pick.chance(0.08)) options.sign_in_return_to_path = pick.of(["/home", "/a?b"]);
    const input = { now: NOW, secret: SECRET, state: pick.chance(0.94) ? state : pick.of([null, "", "other", "S"]), options };
    const name = pick.chance(0.95) ? transactionName({ state, options }) : `__txn_${state}`;
    const pairs = [`${name}=${await transaction(pick, state)}`];
    if (pick.chance(0.2)) pairs.push(`__txn_${pick.of(states)}=${await transaction(pick, pick.of(states))}`);
    if (pick.chance(0.1)) pairs.push(pick.of(["__txn_=x", "a=b", `${name}=`, `${name}=x`]));
    input.cookie_header = pick.shuffled(pairs).join("; ");
    if (!Object.keys(options).length) delete input.options;
    return input;
}

/** docs/compatibility.md, signing in. Next.js shows every loopback address as localhost, also in a query. */
function otherReturn({ input: { return_to, options }, expected }) {
    const base = options?.app_base_url ?? "https://app.example.com";
    const own = (text) => text === base || text?.startsWith(`${base}/`);
    const [, host] = /^(?:[^/\\?#]*:[\s/\\]*|\s*[/\\]{2,})([^/\\?#]*)/.exec(return_to.replace(/[\t\r\n]/g, "")) ?? [null, ""];
    // Node.js 20 leaves a dot segment standing behind a segment that begins with a dot.
    return !own(expected.location) || /127|^\s*blob:/i.test(return_to) || /[^\0-\x7f]|[[]/.test(host) || /\/\.[^/]/.test(return_to) ? "skip" : null;
}

/* --- the parts ------------------------------------------------------------------------------------- */

/** A part whose cases are cookies that are read. */
const reading = (name, weight, make, other, system = "auth0") => ({
    name,
    weight,
    answers: { "auth0.get-session": getSession },
    make: async (pick) => ({ system, op: "auth0.get-session", input: await make(pick) }),
    other,
});

export const parts = [
    reading("auth0-sessions", 4, makeSession, otherSession),
    reading("auth0-legacy-v3", 2, makeLegacy, otherLegacy, "auth0-legacy-v3"),
    reading("auth0-stateful", 2, makeStored, otherStored),
    {
        name: "auth0-roll",
        weight: 3,
        answers: { "auth0.roll": roll },
        async make(pick) {
            const input = pick.chance(0.2) ? await makeStored(pick) : await makeSession(pick, true);
            const options = { ...input.options };
            if (pick.chance(0.3)) options.absolute_duration = pick.of([1000, 60, 1, 0, 86400, 259200]);
            if (pick.chance(0.3)) options.inactivity_duration = pick.of([600, 1, 0, 999999]);
            if (pick.chance(0.05)) options.rolling = false;
            if (pick.chance(0.3)) options.cookie = { ...options.cookie, ...Object.fromEntries(pick.shuffled([["domain", "example.com"], ["path", pick.of(["/app", "/"])],
                ["sameSite", pick.of(["lax", "strict", "none"])], ["transient", pick.chance(0.5)], ["secure", pick.chance(0.5)]]).slice(0, 2)) };
            if (Object.keys(options).length) input.options = options;
            return { system: "auth0", op: "auth0.roll", input };
        },
        other: otherRolled,
    }, {
        name: "auth0-transactions",
        weight: 2,
        answers: { "auth0.callback": callback },
        async make(pick) {
            return { system: "auth0", op: "auth0.callback", input: await makeTransaction(pick) };
        },
    }, {
        name: "redirects-auth0",
        weight: 2,
        answers: { "auth0.return-to": returnTo },
        make(pick, seeds) {
            const return_to = someUrl(pick, seeds.map(({ input }) => input.return_to).filter((text) => text.length < 100));
            const options = {};
            if (!return_to) return null;
            if (pick.chance(0.2)) options.app_base_url = pick.of(["https://app.example.com/base", "http://localhost:3000", "http://[::1]:3000", "https://app.example.com:8443"]);
            if (pick.chance(0.1)) options.sign_in_return_to_path = "/home";
            return { system: "auth0", op: "auth0.return-to", input: { now: NOW, secret: SECRET, return_to, ...(Object.keys(options).length ? { options } : {}) } };
        },
        other: otherReturn,
    },
];
