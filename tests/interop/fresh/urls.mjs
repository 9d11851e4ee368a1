// Where a visitor may be sent: callback URLs of Auth.js, and the sign-in page of NextAuth's middleware.
import { NOW, SECRET, asHeader, file, quiet, require, writable } from "./kit.mjs";

const { AuthHandler } = require(file("next-auth/core"));
const { defaultCallbacks } = require(file("next-auth/core/lib/default-callbacks.js"));
const { withAuth } = require(file("next-auth/middleware"));
const { encode } = require(file("next-auth/jwt"));
const { NextRequest } = require(file("next/server"));
const { Auth } = await import(file("@auth/core/index.js"));

/* --- the rule, and what the endpoint makes of it -------------------------------------------------- */

function rule({ url, base_url }) {
    try {
        return { result: defaultCallbacks.redirect({ url, baseUrl: base_url }) };
    } catch (error) {
        return { throws: error.code };
    }
}

/** With NEXTAUTH_URL as it is in this case, and only then. */
async function withUrl(url, ask) {
    const before = process.env.NEXTAUTH_URL;
    if (url) process.env.NEXTAUTH_URL = url;
    else delete process.env.NEXTAUTH_URL;
    try {
        return await ask();
    } finally {
        if (before === undefined) delete process.env.NEXTAUTH_URL;
        else process.env.NEXTAUTH_URL = before;
    }
}

async function handler4({ url, base_url, secret }) {
    const answer = await withUrl(base_url, () => AuthHandler({
        req: { action: "signin", method: "GET", query: { callbackUrl: url }, cookies: {}, headers: {} },
        options: { secret, providers: [], logger: quiet } }));
    const cookie = answer.cookies?.find(({ name }) => name.endsWith("callback-url"));
    if ((answer.status ?? 200) === 500) return { result: "config-error", status: 500 };
    return { result: "ok", callback_url: cookie?.value };
}

async function handler5({ url, base_url, secret }) {
    const answer = await Auth(new Request(`${base_url}/api/auth/signin?${new URLSearchParams({ callbackUrl: url })}`), {
        secret, trustHost: true, providers: [], basePath: "/api/auth", logger: quiet });
    if (answer.status === 500) return { result: "config-error", status: 500 };
    const line = answer.headers.getSetCookie().find((one) => /callback-url=/.test(one));
    return { result: "ok", callback_url: line && decodeURIComponent(/=([^;]*)/.exec(line)[1]) };
}

const whole = (handler) => async (input) => ({ callback: rule(input), handler: await handler(input) });

const schemes = ["https:", "http:", "HTTPS:", "ftp:", "ws:", "wss:", "javascript:", "data:", "mailto:", "blob:", "file:", "about:", "x:",
    "https", "", "https::", "view-source:", "blob:https:", "blob:http:", "filesystem:https:", "ht\ttps:", " https:"];
const slashes = ["//", "//", "//", "/", "///", "\\\\", "/\\", "", "////", "/\t/", "\\"];
const hosts = ["app.example.com", "APP.example.com", "app.example.com.", "app.example.com:443", "app.example.com:80", "app.example.com:8443",
    "app.example.com:", "app.example.com:0443", "app.example.com:00443", "u@app.example.com", "u:p@app.example.com", "@app.example.com", ":@app.example.com",
    "app.example.com@evil.example", "evil.example", "evil.example#@app.example.com", "evil.example\\@app.example.com", "app.example.com\\@evil.example",
    "sub.app.example.com", "app.example.com.evil.example", "app%2eexample.com", "app%2Eexample%2Ecom", "%61pp.example.com", "app。example。com", "ａpp.example.com", "app.example.com%00",
    "localhost:3000", "LOCALHOST:3000", "127.0.0.1:3000", "[::1]:3000", "localhost:03000", "127.1:3000", "0x7f.1:3000", "2130706433:3000", "localhost", "[::ffff:127.0.0.1]:3000",
    "[0:0:0:0:0:0:0:1]:3000", "127.0.0.1.:3000", "0177.0.0.1:3000", "127.0.0.256", "a b.example", "app_example.com", "xn--bcher-kva.example", "bücher.example", "app.example.com:65536", "app.example.com:x",
    "app.example.com\t", "app.exam\tple.com", "app.example\u00ad.com", "app.example.com\u200b", "", "-", "*", "a<b", "app^", "[::1", "[]", "[::1]x", "app.example.com|", "1.2.3", "256", "0x", "app.example.com:4 43", "é.example:443"];
const rests = ["", "/", "/x", "/x?y=1#z", "?x", "#x", "/../x", "/%2e%2e/x", "/a b", "/é", "/\\x", "\\x", "/%zz", "/%", "//x", "/x\ty", "/😀", "?é", "#é", "/x ", "/\"<>`{}|^", "?'\"<>", "/%00", "/x%0d%0ay",
    ";x", "/@y", ":x", "/:x", "/\u00a0", "/\u2028", "/\ufeff", "?a=b&c=d+e", "/x#\"", "//", "/.", "/..", "/./x"];
const odd = ["", "/", "//", "///", "\\", "/\\", "\\/", " ", " /x", "/x ", "x", "../x", "?x", "#x", ".", "/a/../b", "/%2f%2fx", "//app.example.com", "//localhost:3000/x", "/\u0001", "/\u007f", "/\u0085", "null", "undefined",
    "http", "http:", "https:", "https://", "http:/", "http:/x", "https:/x", "https:x", "blob:https://app.example.com/x", "blob:http://localhost:3000/x", "blob:null/x", "blob:blob:https://app.example.com/x",
    "\ufeff/x", "\ufeffhttps://app.example.com/x", "\u0000https://app.example.com", "\u001fhttps://app.example.com/x", "https://app.example.com/x\u001f", "http://localhost:3000/x  ", "%68ttps://app.example.com", "/é", "/straße?ü#ö", "/🦉"];
const bases = ["https://app.example.com", "https://app.example.com", "http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000",
    "https://app.example.com:8443", "http://app.example.com", "https://xn--bcher-kva.example"];
const pieces = [..."/\\:@?#.%[] \t\n", "//", "%2f", "é", "。", "\u00ad", "https:", "\u0001", "&", "+", "=", "0", "443", "a"];

export function someUrl(pick, seeds) {
    const kind = pick.next();
    if (kind < 0.2) return pick.of(odd);
    if (kind < 0.35) return pick.mutated(pick.of(seeds), pieces);
    if (kind < 0.5) return `/${pick.of(rests)}${pick.of(rests)}`;
    const url = pick.of(kind < 0.8 ? ["https:", "http:"] : schemes) + pick.of(kind < 0.9 ? ["//"] : slashes) + pick.of(hosts) + pick.of(rests);
    return kind > 0.95 ? pick.mutated(url, pieces) : url;
}

const control = (text) => /[\0-\x1f\x7f-\x9f]/.test(text); // eslint-disable-line no-control-regex

/** docs/compatibility.md, callback URLs. */
function otherUrl({ input: { url } }) {
    const [, scheme, host] = /^\s*(?:([^/\\?#:]*):)?[/\\]*([^/\\?#]*)/s.exec(url);
    if (control(url)) return "stricter-allowed";
    // Of a URL of another scheme nobody asks more than that: the endpoint answers that it is none.
    if (scheme && !/^https?$/i.test(scheme)) return /^(?!xn--)[a-z.-]*$/.test(host) ? null : "skip";
    return /[^\0-\x7f]|xn--/.test(host) ? "either" : null; // nor is Punycode looked into
}

/* --- withAuth ------------------------------------------------------------------------------------- */

async function middleware({ url, secret, nextauth_url, pages, cookie_header, cookie_name, require_claim, base_path }) {
    return withUrl(nextauth_url, async () => {
        const request = new NextRequest(url, { headers: cookie_header === undefined ? {} : { cookie: cookie_header },
            ...(base_path ? { nextConfig: { basePath: base_path } } : {}) });
        const options = { secret, pages, cookies: cookie_name ? { sessionToken: { name: cookie_name } } : undefined };
        if (require_claim) options.callbacks = { authorized: ({ token }) => token?.[require_claim[0]] === require_claim[1] };
        const { error } = console;
        console.error = () => {};
        const answer = await withAuth(request, options);
        console.error = error;
        if (!answer) return { decision: "next" };
        return { decision: "redirect", status: answer.status, location: answer.headers.get("location") };
    });
}

const places = ["/dashboard", "/", "/api/auth", "/api/auth/", "/api/auth/signin", "/api/authors", "/api/auth%2fsignin", "/API/auth/x", "/_next", "/_next/", "/_next/static/x.js",
    "/_nextx", "/favicon.ico", "/favicon.ico/", "/favicon.icon", "/login", "/login/", "/login/x", "/oops", "/x/login", "/a/../api/auth", "/a/./b", "//api/auth", "/api//auth", "/%61pi/auth", "/d%C3%A9j%C3%A0",
    "/é", "/a b", "/a%20b", "/a+b", "/;x", "/:x", "/@x", "/custom/auth", "/custom/auth/signin", "/custom/authx", "/custom", "/%", "/%zz", "/\\x", "/api\\auth", "/base", "/base/", "/base/dashboard",
    "/base/api/auth/signin", "/basex", "/base/_next/x", "/base/login", "/base/favicon.ico", "/baseball/x", "/%2e%2e/x", "/x/%2e%2e/api/auth", "/index", "/_next/data/b/x.json", "/_next/data/b/index.json", "/api/auth?x", "/😀"];
const queries = ["", "", "", "?", "?a=1", "?a=1&b=%20x#h", "#h", "?callbackUrl=/x", "?a=b c", "?é", "?a=\"<>'", "?%zz", "?a=%2B+", "?x=1?y", "?a[]=1&a[]=2", "?__nextLocale=en", "?#", "?a=1#b?c", "?\\", "?a=😀", "?_rsc=1"];
const pageSets = [undefined, undefined, { signIn: "/login" }, { signIn: "/login", error: "/oops" }, { signIn: "/login?from=mw" }, { signIn: "https://app.example.com/login" },
    { signIn: "/login#x" }, { signIn: "/login?a=é&b=%20" }, { error: "/oops" },
    { error: "/oops?x=1" }, { error: "https://app.example.com/oops" }, { signIn: "/login?callbackUrl=/x" }, { signIn: "/login?" }, { signIn: "https://app.example.com" }];
const settings = ["http://localhost:3000", "http://localhost:3000", "https://app.example.com", null, "http://localhost:3000/custom/auth", "http://localhost:3000/", "app.example.com", "http://localhost:3000/api/auth/",
    "https://app.example.com/base/api/auth", "http://localhost:3000/base", "http://localhost:3000/custom/auth/?x=1", "localhost:3000", "https://app.example.com/%C3%A9"];
const origins = ["http://localhost:3000", "http://localhost:3000", "https://app.example.com", "http://127.0.0.1:4000", "http://[::1]:3000", "https://app.example.com:8443", "http://app.example.com:80", "http://127.0.0.2", "http://127.5.6.7:81", "https://u:p@app.example.com", "http://APP.example.com"];

const plainNames = ["next-auth.session-token", "__Secure-next-auth.session-token", "sid"];

async function makeMiddleware(pick) {
    // As a middleware is shown it.
    const { href } = new URL(pick.of(origins) + pick.of(places) + pick.of(queries));
    const input = { now: NOW, url: href, secret: SECRET, nextauth_url: pick.of(settings) };
    const pages = pick.of(pageSets);
    if (pages) input.pages = pages;
    if (pick.chance(0.25)) input.base_path = pick.of(["/base", "/base", "/b.c", "/base/two", "/bäse"]);
    if (pick.chance(0.1)) input.cookie_name = "sid";
    if (pick.chance(0.04)) delete input.secret;
    if (pick.chance(0.35)) {
        const name = pick.chance(0.7) ? input.cookie_name ?? plainNames[input.nextauth_url?.startsWith("https://") ? 1 : 0] : pick.of(plainNames);
        const role = pick.of(["admin", "user", "Admin", ""]);
        const token = await encode({ token: { sub: "1", role }, secret: pick.chance(0.9) ? SECRET : "another", maxAge: pick.of([3600, -14, -15, -16, 0]) });
        input.cookie_header = asHeader(`${pick.of(["", "a=b; ", "x; "])}${name}=${token}${pick.of(["", "", "; c=d", "; ", "x"])}`).trim();
        if (pick.chance(0.5)) input.require_claim = ["role", pick.of(["admin", "user", ""])];
    }
    return input;
}

/** docs/compatibility.md, Next.js' middleware: what is open ends with a segment, and is in its plain form. An
 * absolute page is not put behind the base path. */
async function otherPlace({ input, expected }) {
    if (expected.decision === "next")
        return (await middleware({ ...input, cookie_header: undefined })).decision === "next" ? "stricter-allowed" : null;
    return input.base_path && /^https/.test(input.pages?.signIn ?? input.pages?.error) ? "skip" : null;
}

export const parts = [{
    name: "redirects-authjs",
    weight: 4,
    answers: { "authjs4.redirect": whole(handler4), "authjs5.redirect": whole(handler5) },
    unmeasured: ({ conformance }) => conformance !== "exact",
    make(pick, seeds) {
        const system = pick.of(["authjs4", "authjs5"]);
        const url = someUrl(pick, seeds.map(({ input }) => input.url));
        return url && writable(url) ? { system, op: `${system}.redirect`, input: { url, base_url: pick.of(bases), secret: SECRET } } : null;
    },
    other: otherUrl,
}, {
    name: "authjs4-middleware",
    weight: 3,
    answers: { "authjs4.with-auth": middleware },
    async make(pick) {
        const input = await makeMiddleware(pick);
        try {
            await middleware(input);
        } catch {
            return null; // NEXTAUTH_URL or a page that is no URL
        }
        return { system: "authjs4", op: "authjs4.with-auth", input };
    },
    other: otherPlace,
}];
