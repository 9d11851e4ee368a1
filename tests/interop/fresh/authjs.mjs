// Auth.js v4 and v5: tokens, whole Cookie headers, CSRF, e-mail addresses; thumbprints of keys.
import { createCipheriv, createHash, createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import { calculateJwkThumbprint } from "jose";
import { hkdf } from "@panva/hkdf";
import { NOW, SECRET, asHeader, file, quiet, require } from "./kit.mjs";

const v4 = require(file("next-auth/jwt"));
const v5 = await import(file("@auth/core/jwt.js"));
const { AuthHandler } = require(file("next-auth/core"));
const { Auth } = await import(file("@auth/core/index.js"));
const { SessionStore: Store4 } = require(file("next-auth/core/lib/cookie.js"));
const { SessionStore: Store5 } = await import(file("@auth/core/lib/utils/cookie.js"));
const { createCSRFToken: csrf4 } = require(file("next-auth/core/lib/csrf-token.js"));
const { createCSRFToken: csrf5 } = await import(file("@auth/core/lib/actions/callback/oauth/csrf-token.js"));
const { parse: parse5 } = await import(file("@auth/core/lib/vendored/cookie.js"));
const { parse: parse4 } = require(file("next-auth/node_modules/cookie"));
const { getCookieParser } = require(file("next/dist/server/api-utils/get-cookie-parser.js"));
const { NextRequest } = require(file("next/server"));

const OTHER = "another-public-test-secret-9876543210";
const secrets = [SECRET, SECRET, SECRET, OTHER, "k", "пароль-🔐-clé-秘密", " white space\n", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"];
const edges = [-17, -16, -15, -14, -1, 0, 1, 14, 15, 16, 17];

/** A token has one spelling here: docs/compatibility.md. */
const oneSpelling = (token) => token.split(".").every((part) => Buffer.from(part, "base64url").toString("base64url") === part);

/* --- tokens made by hand --------------------------------------------------------------------------- */

const keyFor = {
    authjs4: (secret, salt) => hkdf("sha256", secret, salt ?? "", `NextAuth.js Generated Encryption Key${salt ? ` (${salt})` : ""}`, 32),
    authjs5: (secret, salt, length) => hkdf("sha256", secret, salt, `Auth.js Generated Encryption Key (${salt})`, length),
};

/** Header and claims are sealed as the texts that they are. */
function seal(header, text, key) {
    const aad = Buffer.from(header).toString("base64url");
    const gcm = key.length === 32;
    const iv = randomBytes(gcm ? 12 : 16);
    const cipher = gcm ? createCipheriv("aes-256-gcm", key, iv) : createCipheriv("aes-256-cbc", key.subarray(32), iv);
    if (gcm) cipher.setAAD(Buffer.from(aad));
    const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
    const bits = Buffer.alloc(8);
    bits.writeBigUInt64BE(BigInt(aad.length * 8));
    const tag = gcm ? cipher.getAuthTag()
        : createHmac("sha512", key.subarray(0, 32)).update(Buffer.concat([Buffer.from(aad), iv, sealed, bits])).digest().subarray(0, 32);
    return [aad, "", iv.toString("base64url"), sealed.toString("base64url"), tag.toString("base64url")].join(".");
}

const odd = ["null", "true", "false", "0", "-1", "1.5", "\"\"", "\"1767229200\"", "[]", "{}", "1e300", "-1e300", "1e15", "-0", "9007199254740993", `${NOW}.5`, `${NOW}e0`, `${NOW - 14}.999`, `${NOW - 15}.0001`];
const values = ["\"a\"", "null", "1", "{}", "[1,[2,{\"b\":null}]]", "\"\\ud800\"", "\"\\u0000\"", "\"🦉\"", "1.50", "\"\\/\\b\"", "-0.0", "1E5", "1e-400", "true", "\"<script>\""];
const names = ["sub", "name", "email", "picture", "role", "a", "2", "10", "", "__proto__", "constructor", "toString", "\\u0061", "é", "iss", "aud", "jti", "usid", "ucat", "uend"];
const broken = ["", " ", "null", "[]", "\"x\"", "1", "{", "{}x", "{\"a\":1,}", "{'a':1}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":NaN}", "{}{}", "\ufeff", "{\"a\":1}//", "{\"a\":\t1\r\n}", "tru"];

/** As text, so that members may come twice and numbers in every spelling. */
function claims(pick) {
    if (pick.chance(0.06)) return pick.of(broken);
    const members = pick.some(0, 4, () => `"${pick.of(names)}":${pick.of(values)}`);
    if (pick.chance(0.93)) members.push(`"exp":${NOW + (pick.chance(0.5) ? pick.of(edges) : 3600)}`);
    if (pick.chance(0.15)) members.push(`"nbf":${NOW + pick.of(edges)}`);
    if (pick.chance(0.2)) members.push(`"iat":${NOW + pick.of([...edges, 3600, -3600])}`);
    if (pick.chance(0.12)) members.push(`"${pick.of(["exp", "nbf", "iat"])}":${pick.of(odd)}`);
    if (pick.chance(0.03)) members.push(`"${pick.of(["e\\u0078p", "nb\\u0066"])}":${NOW + pick.of(edges)}`);
    const space = pick.chance(0.1) ? pick.of([" ", "\n", "\t", "\r\n "]) : "";
    return `${space}{${space}${pick.shuffled(members).join(`,${space}`)}${space}}${space}`;
}

const alphabet = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];

/** One thing wrong. Spellings that mean the same bytes are left alone: docs/compatibility.md. */
function damaged(pick, token) {
    const parts = token.split(".");
    const at = pick.below(parts.length);
    const letter = pick.below(Math.max(1, parts[at].length - 1));
    switch (pick.below(7)) {
    case 0: return pick.of([`${token}.`, `.${token}`, parts.slice(0, 4).join("."), parts.slice(0, 3).join("."), `${token}.x`]);
    case 1: return token.slice(0, -4 * pick.between(1, 4));
    case 2: parts[at] = ""; break;
    case 3: parts[at] = pick.of(["e30", "AAAA", "bnVsbA", "W10", "IiI", "eyJhbGciOiJkaXIifQ", "eyJhbGciOjF9", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0"]); break;
    case 4: parts[at] = parts[at].slice(4); break;
    case 5: parts[at] += pick.of(["AAAA", "A-_A"]); break;
    default: if (parts[at]) parts[at] = parts[at].slice(0, letter) + pick.of(alphabet) + parts[at].slice(letter + 1);
    }
    return parts.join(".");
}

const salts4 = ["next-auth.state", "next-auth.pkce.code_verifier", "next-auth.nonce", "__Secure-next-auth.state"];
const salts5 = ["authjs.session-token", "__Secure-authjs.session-token", "authjs.state", "encodedState", "sid", "authjs.pkce.code_verifier"];
const extras = ["", "", "", ",\"typ\":\"JWT\"", ",\"cty\":\"JWT\"", ",\"x\":[1,{\"y\":null}]", ",\"iat\":1", ",\"exp\":1", ",\"nbf\":9e9", ",\"alg2\":\"none\"", ",\"apu\":\"AA\"", ",\"\":\"\"", ",\"p2c\":1", ",\"epk\":{}"];

function headerOf(pick, enc, kid) {
    const named = kid === undefined ? "" : `,"kid":${JSON.stringify(kid)}`;
    const extra = pick.chance(0.4) ? pick.of(extras) : "";
    return pick.of([`{"alg":"dir","enc":"${enc}"${named}${extra}}`, `{"enc":"${enc}","alg":"dir"${named}${extra}}`,
        `{"alg":"dir","enc":"${enc}"${named}${extra}}`, ` { "alg" : "dir" , "enc" : "${enc}"${named}${extra} } `, `{"\\u0061lg":"d\\u0069r","enc":"${enc}"${named}${extra}}`]);
}

async function make4(pick) {
    const salt = pick.chance(0.75) ? undefined : pick.of(salts4);
    const secret = pick.of(secrets);
    const key = await keyFor.authjs4(secret, pick.chance(0.95) ? salt : pick.of([undefined, ...salts4]));
    let token = seal(headerOf(pick, "A256GCM", pick.chance(0.1) ? pick.of(["k", ""]) : undefined), claims(pick), key);
    if (pick.chance(0.15)) token = damaged(pick, token);
    return { now: NOW, token, secret: pick.chance(0.95) ? secret : OTHER, ...(salt ? { salt } : {}) };
}

async function make5(pick) {
    const salt = pick.chance(0.7) ? salts5[0] : pick.of(salts5);
    const length = pick.chance(0.75) ? 64 : 32;
    const list = pick.chance(0.6) ? [pick.of(secrets)] : pick.some(1, 3, () => pick.of(secrets));
    const secret = pick.chance(0.93) ? pick.of(list) : OTHER;
    const key = await keyFor.authjs5(secret, pick.chance(0.95) ? salt : pick.of(salts5), length);
    const print = (bytes, digest) => calculateJwkThumbprint({ kty: "oct", k: Buffer.from(bytes).toString("base64url") }, digest);
    const right = await print(key, `sha${length << 3 === 512 ? 512 : 256}`);
    const kid = pick.chance(0.6) ? right : pick.of([undefined, undefined, "", "x", right.slice(1), right.toLowerCase(), `${right}=`,
        await print(key, "sha384"), await print(await keyFor.authjs5(pick.of(list), salt, length), `sha${length === 64 ? 512 : 256}`)]);
    let token = seal(headerOf(pick, length === 64 ? "A256CBC-HS512" : "A256GCM", kid), claims(pick), key);
    if (pick.chance(0.15)) token = damaged(pick, token);
    return { now: NOW, token, secret: list.length === 1 && pick.chance(0.8) ? list[0] : list, salt };
}

const decoded = (jwt) => async ({ token, secret, salt }) => {
    try {
        const payload = await jwt.decode({ token, secret, salt });
        return payload ? { result: "valid", payload_json: JSON.stringify(payload) } : { result: "none" };
    } catch {
        return { result: "invalid" };
    }
};

const otherToken = ({ input: { token }, expected }) =>
    (expected.result === "valid" && !oneSpelling(token) ? "stricter-allowed" : null);

/* --- whole headers --------------------------------------------------------------------------------- */

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** Whether those that were assembled last have. */
let canonical = true;

function bearerOf(authorization) {
    const [scheme, token] = authorization?.split(" ") ?? [];
    try {
        return scheme === "Bearer" ? decodeURIComponent(token) : undefined;
    } catch {
        return undefined;
    }
}

async function getToken(jwt, Store, request, cookies, input) {
    const { secret, secure_cookie, cookie_name, salt, authorization } = input;
    const name = cookie_name ?? `${secure_cookie ? "__Secure-" : ""}${jwt === v4 ? "next-auth" : "authjs"}.session-token`;
    const store = Store === Store4 ? new Store({ name, options: {} }, { cookies, headers: {} }, quiet)
        : new Store({ name, options: {} }, cookies, quiet);
    const assembled = store.value || bearerOf(authorization);
    let payload = null;
    try {
        payload = await jwt.getToken({ req: request, secret, salt, cookieName: cookie_name, secureCookie: secure_cookie, logger: quiet });
    } catch { /* none */ }
    canonical &&= !payload || oneSpelling(assembled);
    const found = payload ? { result: "valid", payload_json: JSON.stringify(payload) } : { result: assembled ? "invalid" : "none" };
    if (assembled && /[^\0-\x7f]/.test(assembled)) return found; // a byte there is a character here
    return assembled ? { assembled_length: assembled.length, assembled_sha256: sha256(assembled), ...found } : found;
}

const headersOf = ({ cookie_header, authorization }) => ({ ...(cookie_header === undefined ? {} : { cookie: cookie_header }),
    ...(authorization === undefined ? {} : { authorization }) });

async function getToken4(input) {
    canonical = true;
    const headers = headersOf(input);
    const cookies = getCookieParser(headers)();
    const request = new NextRequest("http://localhost:3000/", { headers });
    return { pages: await getToken(v4, Store4, { cookies, headers }, cookies, input),
        edge: await getToken(v4, Store4, request, request.cookies, input) };
}

async function getToken5(input) {
    canonical = true;
    const headers = headersOf(input);
    return getToken(v5, Store5, new Request("http://localhost/", { headers }), parse5(new Headers(headers).get("cookie") ?? ""), input);
}

const foreign = ["a=b", "x", "=x", "é=1", "a=\"", "next-auth.session-tokenx=", "authjs.session-tokenx=1", "next-auth.session-token.x=1", "next-auth.session-token-2=x", "authjs.session-token.=", "next-auth.session-token.1.5=x", "__proto__=x"];
const suffixes = [".0", ".1", ".01", ".2", ".10", ".-1", ".1e0", ". 1", ".x", "", ".0x1", ".1.0", ".0.1", ".99999999999999999999", ".+1", ".", "0", ".1_0", ".１", ".Infinity"];

async function makeHeader(pick, system) {
    const input = { now: NOW, secret: SECRET };
    if (pick.chance(0.15)) input.secure_cookie = true;
    if (pick.chance(0.1)) input.cookie_name = pick.of(["sid", "my.sess", "a", "next-auth.session-token"]);
    const usual = `${input.secure_cookie ? "__Secure-" : ""}${system === "authjs4" ? "next-auth" : "authjs"}.session-token`;
    const name = input.cookie_name ?? usual;
    const pad = pick.chance(0.3) ? `,"pad":"${"x".repeat(pick.between(1, 9000))}"` : "";
    const text = `{"sub":"1","exp":${NOW + pick.of([3600, -15, -14])}${pad}}`;
    const key = system === "authjs4" ? await keyFor.authjs4(SECRET) : await keyFor.authjs5(SECRET, name, 64);
    const token = seal(system === "authjs4" ? "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}" : "{\"alg\":\"dir\",\"enc\":\"A256CBC-HS512\"}", text, key);
    let pairs = [[name, token]];
    if (pick.chance(0.6)) {
        const count = pick.of([1, 2, 2, 3, 3, 5, 11, 12, 24]);
        const cut = Math.ceil(token.length / count);
        pairs = Array.from({ length: count }, (_, i) => [`${name}.${i}`, token.slice(i * cut, (i + 1) * cut)]).filter(([, value]) => value);
        if (pick.chance(0.4)) pairs = pick.shuffled(pairs);
        if (pick.chance(0.1)) pairs.splice(pick.below(pairs.length), 1);
        if (pick.chance(0.1)) pairs = pairs.map(([n, v]) => [n.replace(/(\d+)$/, pick.of(["0$1", "00$1", "1$1", " $1", "$1.0"])), v]);
    }
    if (pick.chance(0.2)) pairs.push([name + pick.of(suffixes), pick.of(["", "", "x", token.slice(-20)])]);
    if (pairs.length && pick.chance(0.06)) pairs.push([pick.of(pairs)[0], pick.of(["x", "", token])]);
    let lines = pairs.map(([n, v]) => `${n}${pick.chance(0.03) ? pick.of([" = ", "= ", " =", "=\t", "=\u00a0"]) : "="}${
        pick.chance(0.04) ? pick.of([`"${v}"`, `"${v}`, v.replaceAll(".", "%2E"), `${v}%`, `${v}%zz`, encodeURIComponent(v), `${v}\u00a0`, `${v}%00`.replace("%00", "%41")]) : v}`);
    lines = [...lines, ...pick.some(0, 2, () => pick.of(foreign))];
    if (pick.chance(0.3)) lines = pick.shuffled(lines);
    input.cookie_header = asHeader(lines.join(pick.chance(0.9) ? "; " : pick.of([";", ";  ", "; ;", " ; ", ";\t", ", "]))).trim();
    if (pick.chance(0.12)) input.authorization = pick.of([`Bearer ${token}`, `bearer ${token}`, `Bearer  ${token}`, `Bearer ${token.replaceAll(".", "%2E")}`, `Bearer ${token} x`, "Bearer", "Bearer ", `Basic ${token}`, "", `Bearer\t${token}`, `Bearer ${token.slice(9)}`]).trim();
    if (input.authorization !== undefined && pick.chance(0.5)) delete input.cookie_header;
    return input;
}

/* --- CSRF ------------------------------------------------------------------------------------------ */

const csrfName = (system, url) => `${url.startsWith("https:") ? "__Host-" : ""}${system === "authjs4" ? "next-auth" : "authjs"}.csrf-token`;

const csrf = (system) => async ({ base_url, secret, cookie_header, body_csrf_token }) => {
    const cookies = system === "authjs4" ? parse4(cookie_header ?? "") : parse5(cookie_header ?? "");
    const make = system === "authjs4" ? csrf4 : csrf5;
    const got = await make({ options: { secret }, cookieValue: cookies[csrfName(system, base_url)], isPost: true, bodyValue: body_csrf_token ?? undefined });
    const fine = got.cookie === undefined;
    return { cookie_accepted: fine, csrf_token: fine ? got.csrfToken : null, post_accepted: fine && Boolean(got.csrfTokenVerified) };
};

function makeCsrf(pick, system) {
    const base_url = pick.of(["http://localhost:3000", "https://app.example.com"]);
    const secret = system === "authjs5" && pick.chance(0.3) ? pick.some(1, 3, () => pick.of(secrets)) : pick.of(secrets);
    const token = pick.of([pick.hex(64), pick.hex(64), pick.hex(64), "hello", "é🦉", " ", "a b", "%", "x".repeat(200), "a=b;c", "\"q\"", "0", "a\tb"]);
    const hash = sha256(`${token}${pick.chance(0.9) ? secret : OTHER}`);
    const bar = pick.of(["|", "|", "|", "|", "||", ":", "", "| "]);
    let value = `${token}${bar}${pick.chance(0.9) ? hash : pick.of([hash.toUpperCase(), hash.slice(1), `${hash}0`, "", `${hash}|x`, ` ${hash}`])}`;
    value = pick.of([encodeURIComponent, encodeURIComponent, encodeURI, (v) => v, (v) => `"${v}"`, (v) => v.replaceAll("|", "%7c")])(value);
    const lines = [`${pick.chance(0.9) ? csrfName(system, base_url) : pick.of(["next-auth.csrf-token", "__Secure-authjs.csrf-token", "__Host-authjs.csrf-token", "csrf"])}=${value}`];
    if (pick.chance(0.2)) lines.push(pick.of(["a=b", `${csrfName(system, base_url)}=x`, `${csrfName(system, base_url)}=`, "x"]));
    const body_csrf_token = pick.chance(0.75) ? token : pick.of([null, "", `${token} `, token.toUpperCase(), hash, "x", `${token}|${hash}`]);
    return { base_url, secret, cookie_header: asHeader(pick.shuffled(lines).join("; ")).trim(), body_csrf_token };
}

/** Tokens of letters beyond ASCII come as bytes, and are such for a parser that decodes nothing. */
const otherCsrf = ({ input, expected }) => (expected.csrf_token === "" ? "stricter-allowed" : /[^\0-\x7f]/.test(input.cookie_header) ? "skip" : null);

/* --- addresses ------------------------------------------------------------------------------------- */

async function sent(system, input) {
    const { secret, base_url, email, token, callback_url, provider_secret, provider_max_age } = input;
    let out = { result: "rejected" };
    const provider = { id: "email", type: "email", name: "Email", from: "x", options: {}, maxAge: provider_max_age ?? 86400, secret: provider_secret,
        generateVerificationToken: () => token, sendVerificationRequest: ({ url }) => { out.url = url; } };
    const adapter = { getUserByEmail: () => null, useVerificationToken: () => null,
        createVerificationToken: (one) => { out = { ...out, result: "sent", stored_token: one.token, identifier: one.identifier, expires: one.expires.toISOString() }; },
        ...(system === "authjs5" ? Object.fromEntries(["createUser", "getUser", "getUserByAccount", "updateUser", "linkAccount", "createSession", "getSessionAndUser", "updateSession", "deleteSession"].map((n) => [n, () => null])) : {}) };
    const csrfToken = "t".repeat(64);
    const cookie = `${csrfToken}|${sha256(`${csrfToken}${secret}`)}`;
    const body = { csrfToken, email, ...(callback_url === undefined ? {} : { callbackUrl: callback_url }) };
    const options = { secret, providers: [provider], adapter, session: { strategy: "jwt" }, logger: quiet, trustHost: true, basePath: "/api/auth" };
    let redirect;
    if (system === "authjs4") {
        const before = process.env.NEXTAUTH_URL;
        process.env.NEXTAUTH_URL = base_url;
        const answer = await AuthHandler({ req: { action: "signin", providerId: "email", method: "POST", body, query: {}, headers: {}, cookies: { [csrfName(system, base_url)]: cookie } }, options });
        if (before === undefined) delete process.env.NEXTAUTH_URL;
        else process.env.NEXTAUTH_URL = before;
        redirect = answer.redirect;
    } else {
        const answer = await Auth(new Request(`${base_url}/api/auth/signin/email`, { method: "POST", body: new URLSearchParams(body),
            headers: { cookie: `${csrfName(system, base_url)}=${encodeURIComponent(cookie)}` } }), options);
        redirect = answer.headers.get("location");
    }
    return { ...out, redirect };
}

const locals = ["a", "John.Doe", "a+tag", "ä", "İ", "ẞ", "K", "Σ", "ΣΑΣ", "ﬁ", "a\u0301", "ａ", "\"q\"", "a b", "", "a,b", "x@y", "a\tb", "a\u00a0b", "a\u200bb", "ǅ", "Ω", "①", "🦉", "%40", "a'b", "ſ", "ŉ", "ΐ", "ﷺ", "a\u00adb", "Ⅷ", "℡", "ª"];
const domains = ["b.example", "B.EXAMPLE", "bücher.example", "b.example,c", ",b", "b", "b.example ", "ｂ.example", "b。example", "b.example\u00a0", "", "xn--b.example", "[1.2.3.4]", "b..example", "b.example.", "ẞ.example", "localhost", "b.example@c", "b_example.c", "b\u200b.example"];

function makeEmail(pick, system) {
    const around = pick.of(["", "", "", "", " ", "\u00a0", "\ufeff", "\u2003", "\n", "\u3000", "\t "]);
    const email = `${around}${pick.of(locals)}${pick.chance(0.1) ? pick.of(locals) : ""}${pick.of(["@", "@", "@", "@", "@", "@", "＠", "@@", ""])}${pick.of(domains)}${pick.chance(0.1) ? around : ""}`;
    const input = { now: NOW, base_url: pick.of(["http://localhost:3000", "https://app.example.com"]), secret: pick.of(secrets), token: pick.chance(0.8) ? pick.hex(64) : pick.of(["123456", "a+b/c=d&e f%", "é", "~*'()!"]), email };
    if (pick.chance(0.2)) input.callback_url = pick.of(["/after", "/a?b=c&d=é#f", `${input.base_url}/x`, "https://evil.example", "//x"]);
    if (pick.chance(0.15)) input.provider_secret = OTHER;
    if (pick.chance(0.15)) input.provider_max_age = pick.of([600, 1, 0, 86401]);
    return email.trim() ? { system, op: `${system}.verification-token`, input } : null;
}

const letters = (text) => text.normalize("NFKC");

/** docs/compatibility.md, sign-in by mail: white space or control characters inside. */
function otherEmail({ input, expected }) {
    if (expected.result === "rejected") return null;
    // eslint-disable-next-line no-control-regex
    return /[\s\0-\x1f\x7f-\x9f]/.test(letters(input.email.trim())) ? "stricter-allowed" : null;
}

/* --- thumbprints ----------------------------------------------------------------------------------- */

async function thumbprint({ jwk }) {
    const of = (digest) => calculateJwkThumbprint(jwk, digest);
    return { sha256: await of("sha256"), sha384: await of("sha384"), sha512: await of("sha512") };
}

/** A private key has the thumbprint of its public one. */
const halves = ["publicKey", "publicKey", "privateKey"];

function makeKey(pick) {
    const text = (bytes) => Buffer.from(pick.hex(bytes * 2), "hex").toString("base64url");
    const jwk = pick.of([() => ({ kty: "oct", k: text(pick.between(1, 80)) }),
        () => generateKeyPairSync("ec", { namedCurve: pick.of(["P-256", "P-384", "P-521", "secp256k1"]) })[pick.of(halves)].export({ format: "jwk" }),
        () => generateKeyPairSync(pick.of(["ed25519", "x25519", "ed448", "x448"]))[pick.of(halves)].export({ format: "jwk" }),
        () => ({ kty: "RSA", n: text(256), e: pick.of(["AQAB", "Aw"]) })])();
    const members = Object.entries(jwk);
    for (let n = pick.below(4); n; n -= 1)
        members.push([pick.of(["kid", "alg", "use", "x5t", "é", "key_ops", "ext", "oth", "", "0"]), pick.of(["x", ["sign"], null, true, {}, 1, "é\"\\"])]);
    return Object.fromEntries(pick.shuffled(members));
}

/* --- the parts ------------------------------------------------------------------------------------- */

const both = (make) => (pick) => make(pick, pick.of(["authjs4", "authjs5"]));

export const parts = [{
    name: "authjs4-tokens",
    weight: 4,
    answers: { "authjs4.decode": decoded(v4) },
    make: async (pick) => ({ system: "authjs4", op: "authjs4.decode", input: await make4(pick) }),
    other: otherToken,
}, {
    name: "authjs5-tokens",
    weight: 4,
    answers: { "authjs5.decode": decoded(v5) },
    make: async (pick) => ({ system: "authjs5", op: "authjs5.decode", input: await make5(pick) }),
    other: otherToken,
}, {
    name: "authjs4-cookies",
    weight: 3,
    answers: { "authjs4.get-token": getToken4 },
    make: async (pick) => ({ system: "authjs4", op: "authjs4.get-token", input: await makeHeader(pick, "authjs4") }),
    other: () => (canonical ? null : "stricter-allowed"),
}, {
    name: "authjs5-cookies",
    weight: 3,
    answers: { "authjs5.get-token": getToken5 },
    make: async (pick) => ({ system: "authjs5", op: "authjs5.get-token", input: await makeHeader(pick, "authjs5") }),
    other: () => (canonical ? null : "stricter-allowed"),
}, {
    name: "csrf",
    weight: 2,
    answers: { "authjs4.csrf": csrf("authjs4"), "authjs5.csrf": csrf("authjs5") },
    make: both((pick, system) => ({ system, op: `${system}.csrf`, input: makeCsrf(pick, system) })),
    other: otherCsrf,
}, {
    name: "verification-tokens",
    weight: 2,
    answers: { "authjs4.verification-token": (input) => sent("authjs4", input), "authjs5.verification-token": (input) => sent("authjs5", input) },
    make: both(makeEmail),
    other: otherEmail,
}, {
    name: "jwk-thumbprints",
    weight: 1,
    answers: { "jwk.thumbprint": thumbprint },
    make: (pick) => ({ system: "jose", op: "jwk.thumbprint", input: { jwk: makeKey(pick) } }),
}];
