// The four systems, each through its own package: sealed, opened, and cut into cookies.
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Auth0Client } from "@auth0/nextjs-auth0/server";
import { generateSessionCookie } from "@auth0/nextjs-auth0/testing";
import { NextRequest, NextResponse } from "next/server.js";
import * as v5jwt from "@auth/core/jwt";
import * as v5olderjwt from "auth-core-040/jwt";

const require = createRequire(import.meta.url);
const v4jwt = require("next-auth/jwt");
const packages = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../node_modules");
const file = (...parts) => path.join(packages, ...parts);
const { SessionStore: V4Store } = require(file("next-auth/core/lib/cookie.js"));
const { SessionStore: V5Store } = await import(file("@auth/core/lib/utils/cookie.js"));
const { SessionStore: V5OlderStore } = await import(file("auth-core-040/lib/utils/cookie.js"));

const quiet = { debug() {}, warn() {}, error() {} };
const header = (cookies) => Object.entries(cookies).map(([k, v]) => `${k}=${v}`).join("; ");
const now = () => Math.floor(Date.now() / 1000);

/** Members that whoever seals sets, and all others. */
const without = (object, names) =>
    Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

function chunks(Store, name, token) {
    const store = new Store({ name, options: {} }, { cookies: {}, headers: {} }, quiet);
    return Object.fromEntries(store.chunk(token, {}).map((c) => [c.name, c.value]));
}

function authjs({ name, cookie, chunk, jwt, Store, salted, request }) {
    const salt = (cookieName) => (salted ? cookieName : "");
    return {
        name,
        cookie,
        chunk,
        stamps: ["iat", "exp", "jti"],
        /** What is sealed for a payload. */
        whole: (payload) => payload,
        encode: (claims, secret, cookieName = cookie, maxAge = 3600) =>
            jwt.encode({ token: claims, secret, maxAge, salt: salt(cookieName) }),
        decode: (token, secret, cookieName = cookie) =>
            jwt.decode({ token, secret, salt: salt(cookieName) }),
        cookies: async (claims, secret, cookieName = cookie, maxAge = 3600) => chunks(Store, cookieName,
            await jwt.encode({ token: claims, secret, maxAge, salt: salt(cookieName) })),
        open: (cookies, secret, cookieName = cookie) => jwt.getToken({
            req: request(cookies), secret, salt: cookieName, cookieName, logger: quiet,
            secureCookie: cookieName.startsWith("__Secure-") }),
    };
}

const asNode = (cookies) => ({ cookies, headers: {} });
const asWeb = (cookies) => new Request("http://localhost/", { headers: { cookie: header(cookies) } });

/* --- Auth0's ------------------------------------------------------------------------------------- */

const clients = new Map();

function clientOf(secret) {
    if (!clients.has(secret))
        clients.set(secret, new Auth0Client({
            domain: "tenant.example.com", clientId: "client", clientSecret: "client-secret",
            appBaseUrl: "http://localhost:3000", secret }));
    return clients.get(secret);
}

const asNext = (cookies) =>
    new NextRequest("http://localhost:3000/", { headers: { cookie: header(cookies) } });

/** Set-Cookie of the SDK as a browser's cookies. */
export function obeyed(lines, before = {}) {
    const after = { ...before };
    for (const line of lines) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
        delete after[name];
        if (value !== "" && !/;\s*max-age=0/i.test(line)) after[name] = decodeURIComponent(value);
    }
    return after;
}

/** As the SDK writes a session into a browser that has one already. */
async function updated(session, secret) {
    const client = clientOf(secret);
    // What is internal stays what it was before, whatever an update says.
    const { internal } = session;
    const first = await generateSessionCookie({ user: { sub: "0" }, tokenSet: {}, internal }, { secret });
    const before = { __session: first };
    const response = new NextResponse();
    const warn = console.warn; // about each session that is large
    console.warn = () => {};
    await client.updateSession(asNext(before), response, session);
    console.warn = warn;
    return obeyed(response.headers.getSetCookie(), before);
}

const auth0 = {
    name: "auth0-4",
    cookie: "__session",
    chunk: 3500,
    stamps: ["exp"],
    whole: ({ sub, ...payload }) => ({
        user: { sub, ...payload },
        tokenSet: { accessToken: `at-${sub}`, scope: "openid", expiresAt: now() + 3600 },
        internal: { sid: "S", createdAt: now() },
    }),
    encode: (session, secret) => generateSessionCookie(session, { secret }),
    decode: (token, secret) => clientOf(secret).getSession(asNext({ __session: token })),
    cookies: updated,
    open: (cookies, secret) => clientOf(secret).getSession(asNext(cookies)),
};

export const systems = {
    "nextauth-4": authjs({ name: "nextauth-4", cookie: "next-auth.session-token", chunk: 3933,
        jwt: v4jwt, Store: V4Store, salted: false, request: asNode }),
    "authjs-5": authjs({ name: "authjs-5", cookie: "authjs.session-token", chunk: 3936,
        jwt: v5jwt, Store: V5Store, salted: true, request: asWeb }),
    "robojs": authjs({ name: "robojs", cookie: "authjs.session-token", chunk: 3936,
        jwt: v5olderjwt, Store: V5OlderStore, salted: true, request: asWeb }),
    "auth0-4": auth0,
};

export const secrets = [
    "m4Hn0cXrT7uZk2Qe9wLbVy5sJd8pGa1fRi6oCtNxE3U",
    "пароль, который никто не угадает, 🦉🦉🦉",
    "with spaces, \"quotes\", 'more', $HOME, `x`, \\ and = signs =",
    "智子".repeat(40),
    "k".repeat(31) + "K" + "0123456789".repeat(50),
];

/** Equal as JSON and in the same order, but for what sealing sets. */
export function same(system, sealed, opened) {
    const bare = (object) => JSON.stringify(Object.entries(without(object, system.stamps)));
    return Boolean(opened) && typeof opened === "object" && bare(sealed) === bare(opened);
}

export const cookieHeader = header;
