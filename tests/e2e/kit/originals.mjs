// The original packages, called in this process as an application calls them.
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as v5jwt from "@auth/core/jwt";

const require = createRequire(import.meta.url);
export const v4jwt = require("next-auth/jwt");

// Not exported by the package, but it is what its handlers cut and join cookies with.
const packages = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../node_modules");
const { SessionStore: V4Store } = require(path.join(packages, "next-auth/core/lib/cookie.js"));
const { SessionStore: V5Store } = await import(
    path.join(packages, "@auth/core/lib/utils/cookie.js"));
export const { AuthHandler } = require(path.join(packages, "next-auth/core/index.js"));

const quiet = { debug() {}, warn() {}, error() {} };

/** encode, decode, getToken and cookie chunks of the package that a profile is named after. */
export const originals = {
    "nextauth-4": {
        // Session tokens have no salt in v4; check cookies have their name.
        encode: ({ claims, secret, maxAge, salt, check = false }) =>
            v4jwt.encode({ token: claims, secret, maxAge, salt: check ? salt : "" }),
        decode: ({ token, secret }) => v4jwt.decode({ token, secret }),
        getToken: ({ cookies, secret, secure = false, raw = false, authorization }) =>
            v4jwt.getToken({
                req: { cookies, headers: authorization ? { authorization } : {} },
                secret,
                secureCookie: secure,
                raw,
                logger: quiet,
            }),
        chunks: (name, token) => chunks(V4Store, name, token),
    },
    "authjs-5": {
        encode: ({ claims, secret, maxAge, salt }) =>
            v5jwt.encode({ token: claims, secret, maxAge, salt }),
        decode: ({ token, secret, salt }) => v5jwt.decode({ token, secret, salt }),
        getToken: ({ cookies, secret, secure = false, raw = false, authorization }) => {
            const cookie = Object.entries(cookies).map(([k, v]) => `${k}=${v}`).join("; ");
            const headers = authorization ? { cookie, authorization } : { cookie };
            return v5jwt.getToken({
                req: new Request("http://localhost/", { headers }),
                secret,
                secureCookie: secure,
                raw,
                logger: quiet,
            });
        },
        chunks: (name, token) => chunks(V5Store, name, token),
    },
};

/** {name: value} as the package would set the cookies. */
function chunks(Store, name, token) {
    const store = new Store({ name, options: {} }, { cookies: {}, headers: {} }, quiet);
    return Object.fromEntries(store.chunk(token, {}).map((c) => [c.name, c.value]));
}

/** The session route of the original for these cookies: {body, setCookies: {name: value}}. */
export const sessionOf = {
    async "nextauth-4"({ origin, secret, cookies }) {
        const answer = await AuthHandler({
            req: { method: "GET", action: "session", cookies, headers: {}, query: {}, origin },
            options: { secret, providers: [], logger: quiet },
        });
        const set = (answer.cookies ?? []).map((c) => [c.name, c.value]);
        return { body: JSON.parse(JSON.stringify(answer.body)), setCookies: Object.fromEntries(set) };
    },
    async "authjs-5"({ origin, secret, cookies }) {
        const answer = await auth5(origin, secret, "/session", { cookies });
        return { body: await answer.json(), setCookies: cookiesOf(answer) };
    },
};

/** Signs in at the real handlers of the original with a Credentials provider; returns its cookies. */
export const signInAt = {
    async "nextauth-4"({ origin, secret, user, providers }) {
        const options = { secret, providers, logger: quiet };
        const ask = (req) => AuthHandler({
            req: { headers: {}, query: {}, cookies: {}, origin, ...req }, options });
        const csrf = await ask({ method: "GET", action: "csrf" });
        const cookies = Object.fromEntries(csrf.cookies.map((c) => [c.name, c.value]));
        const done = await ask({
            method: "POST", action: "callback", providerId: "credentials", cookies,
            body: { csrfToken: csrf.body.csrfToken, json: "true", user: JSON.stringify(user) },
        });
        return { ...cookies, ...Object.fromEntries(done.cookies.map((c) => [c.name, c.value])) };
    },
    async "authjs-5"({ origin, secret, user, providers }) {
        const csrf = await auth5(origin, secret, "/csrf", { providers });
        const cookies = cookiesOf(csrf);
        const { csrfToken } = await csrf.json();
        const done = await auth5(origin, secret, "/callback/credentials", {
            providers, cookies,
            form: { csrfToken, user: JSON.stringify(user) },
        });
        return { ...cookies, ...cookiesOf(done) };
    },
};

/** A Credentials provider that believes everything it is told. */
export async function credentials(profile) {
    const authorize = (given) => JSON.parse(given.user);
    if (profile === "authjs-5") {
        const { default: Credentials } = await import("@auth/core/providers/credentials");
        return Credentials({ credentials: { user: {} }, authorize });
    }
    const { default: Credentials } = require("next-auth/providers/credentials");
    return Credentials({ credentials: { user: {} }, authorize });
}

async function auth5(origin, secret, path, { cookies = {}, form, providers = [] }) {
    const { Auth } = await import("@auth/core");
    const headers = { cookie: Object.entries(cookies).map(([k, v]) => `${k}=${v}`).join("; ") };
    if (form) headers["content-type"] = "application/x-www-form-urlencoded";
    const request = new Request(`${origin}/api/auth${path}`, {
        method: form ? "POST" : "GET",
        headers,
        body: form ? new URLSearchParams(form) : undefined,
    });
    return Auth(request, { secret, providers, basePath: "/api/auth", trustHost: true, logger: quiet });
}

const cookiesOf = (answer) => Object.fromEntries(
    answer.headers.getSetCookie()
        .map((line) => /^([^=]+)=([^;]*)/.exec(line).slice(1, 3)));
