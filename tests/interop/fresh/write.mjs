// What Auth.js v4 and v5 show of a session and write when it is asked for.
import { NOW, SECRET, asHeader, file, quiet, require } from "./kit.mjs";
import { payloadAt } from "../payloads.mjs";

const v4 = require(file("next-auth/jwt"));
const v5 = await import(file("@auth/core/jwt.js"));
const { getServerSession } = require(file("next-auth/next"));
const { Auth } = await import(file("@auth/core/index.js"));
const { getCookieParser } = require(file("next/dist/server/api-utils/get-cookie-parser.js"));

const DAYS_30 = 2592000;

function optionsOf({ secret, max_age, use_secure_cookies, session_cookie }) {
    return { secret, providers: [], logger: quiet, trustHost: true, basePath: "/api/auth",
        ...(use_secure_cookies === undefined ? {} : { useSecureCookies: use_secure_cookies }),
        ...(session_cookie ? { cookies: { sessionToken: session_cookie } } : {}),
        ...(max_age ? { session: { maxAge: max_age }, jwt: { maxAge: max_age } } : {}) };
}

function nameOf(system, { base_url, use_secure_cookies, session_cookie }) {
    const secure = use_secure_cookies ?? base_url.startsWith("https:");
    return session_cookie?.name ?? `${secure ? "__Secure-" : ""}${system === "authjs4" ? "next-auth" : "authjs"}.session-token`;
}

/** Set-Cookie lines as the recorded cases have them, and the token that they make. */
async function written(system, lines, input) {
    const name = nameOf(system, input);
    const pieces = []; // not always in order
    const set_cookies = lines.map((line) => {
        const [, cookie, raw, attributes] = /^([^=]*)=([^;]*); (.*)$/.exec(line);
        const value = decodeURIComponent(raw);
        if (/csrf-token$/.test(cookie)) return { name: cookie, attributes, value_shape: "token|hash" };
        if (!value || /callback-url$/.test(cookie)) return { name: cookie, attributes, value };
        pieces[Number(cookie.slice(name.length + 1))] = value;
        return { name: cookie, attributes, value_length: value.length };
    });
    const token = pieces.join("");
    if (!token) return { set_cookies };
    const { secret } = input;
    const payload = await (system === "authjs4" ? v4 : v5).decode({ token, secret, salt: system === "authjs4" ? "" : name });
    payload.jti = "<uuid>";
    return { set_cookies, new_token: { length: token.length, payload_json: JSON.stringify(payload),
        header_json: Buffer.from(token.split(".")[0], "base64url").toString() } };
}

async function session4(input) {
    const headers = input.cookie_header === undefined ? {} : { cookie: input.cookie_header };
    const lines = [];
    const response = { getHeader: () => lines.slice(), setHeader(key, value) {
        if (key.toLowerCase() === "set-cookie") lines.splice(0, lines.length, ...[value].flat());
    } };
    const before = process.env.NEXTAUTH_URL;
    process.env.NEXTAUTH_URL = input.base_url;
    const session = await getServerSession({ headers, cookies: getCookieParser(headers)() }, response, optionsOf(input));
    if (before === undefined) delete process.env.NEXTAUTH_URL;
    else process.env.NEXTAUTH_URL = before;
    return { session_json: session ? JSON.stringify(session) : null, ...await written("authjs4", lines, input) };
}

async function session5(input) {
    const headers = input.cookie_header === undefined ? {} : { cookie: input.cookie_header };
    const answer = await Auth(new Request(`${input.base_url}/api/auth/session`, { headers }), optionsOf(input));
    return { status: answer.status, session_json: await answer.text(), ...await written("authjs5", answer.headers.getSetCookie(), input) };
}

/* --- inputs ---------------------------------------------------------------------------------------- */

const shown = ["Ada", "", null, undefined, "智子 🦉", "\"\\/<>", "\u2028", "\u0000", "\ud800", "x".repeat(300)];

async function make(pick, system) {
    const input = { now: NOW, base_url: pick.of(["http://localhost:3000", "http://localhost:3000", "https://app.example.com", "http://127.0.0.1:3000"]), secret: SECRET };
    if (system === "authjs5" && pick.chance(0.2)) input.secret = pick.of([[SECRET], [SECRET, "another-public-test-secret-9876543210"]]);
    if (pick.chance(0.2)) input.max_age = pick.of([3600, 60, 1, 86400, 31536000]);
    if (pick.chance(0.1)) input.use_secure_cookies = pick.chance(0.5);
    const name = nameOf(system, input);
    const claims = pick.chance(0.5) ? payloadAt(pick.below(2 ** 31), pick.below(1000)) : { sub: "1" };
    for (const member of ["name", "email", "picture"]) if (pick.chance(0.6)) claims[member] = pick.of(shown);
    if (pick.chance(0.15)) claims.pad = "x".repeat(pick.of([2000, 2500, 5000, 8000]) + pick.below(1500));
    const one = Array.isArray(input.secret) ? pick.of(input.secret) : input.secret;
    const token = await (system === "authjs4" ? v4 : v5).encode({ token: claims, secret: pick.chance(0.95) ? one : "another",
        maxAge: pick.of([DAYS_30, 3600, 3600, 0, -14, -15, -16]), salt: system === "authjs4" ? "" : name });
    const count = token.length > 3900 ? Math.ceil(token.length / 3900) : pick.of([1, 1, 1, 1, 2, 3]);
    const cut = Math.ceil(token.length / count);
    let lines = count === 1 && pick.chance(0.9) ? [`${name}=${token}`]
        : Array.from({ length: count }, (_, i) => `${name}.${i}=${token.slice(i * cut, (i + 1) * cut)}`);
    if (lines.length > 1 && pick.chance(0.1)) lines.splice(pick.below(lines.length), 1);
    if (pick.chance(0.1)) lines.push(`${name}.${pick.of([1, 5, 7])}=${pick.of(["", "x"])}`);
    if (pick.chance(0.15)) lines = pick.shuffled(lines);
    if (pick.chance(0.1)) lines = [];
    if (pick.chance(0.25)) lines.push(`${name.replace("session-token", "callback-url")}=${encodeURIComponent(pick.of([input.base_url, `${input.base_url}/x`, "/y", "https://evil.example/", "/é"]))}`);
    if (pick.chance(0.2)) lines.push(pick.of(["a=b", "x", "next-auth.csrf-token=x%7Cy", "authjs.csrf-token=x"]));
    if (lines.length) input.cookie_header = asHeader(lines.join("; "));
    return { system, op: system === "authjs4" ? "authjs4.server-session" : "authjs5.session", input };
}

export const parts = [{
    name: "authjs4-write",
    weight: 2,
    answers: { "authjs4.server-session": session4 },
    make: (pick) => make(pick, "authjs4"),
}, {
    name: "authjs5-write",
    weight: 2,
    answers: { "authjs5.session": session5 },
    make: (pick) => make(pick, "authjs5"),
}];
