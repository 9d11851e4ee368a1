// config.matcher of Next.js' middleware: which requests it runs for.
import { file, require } from "./kit.mjs";

const { getMiddlewareMatchers } = require(file("next/dist/build/analysis/get-page-static-info.js"));
const { getMiddlewareRouteMatcher } =
    require(file("next/dist/shared/lib/router/utils/middleware-route-matcher.js"));
const { getCookieParser } = require(file("next/dist/server/api-utils/get-cookie-parser.js"));
const url = require("node:url");

const lower = (headers) => Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toLowerCase(), v]));

function decoded(pathname) {
    try {
        return decodeURIComponent(pathname);
    } catch {
        return pathname;
    }
}

function compiled(matcher, config) {
    const { exit } = process;
    const { error } = console;
    process.exit = () => { throw new Error("invalid"); };
    console.error = () => {};
    try {
        return getMiddlewareMatchers(matcher, config ?? {});
    } catch {
        return null;
    } finally {
        process.exit = exit;
        console.error = error;
    }
}

export function answer({ matcher, path, headers, cookies, next_config }) {
    if (matcher === undefined) return { result: "ok", match_raw: true, match_decoded: true, runs: true };
    const matchers = compiled(matcher, next_config);
    if (!matchers) return { result: "invalid-pattern" };
    const [pathname] = path.split(/[?#]/, 1); // as it was sent
    const { query } = url.parse(path, true);
    const all = lower(headers ?? {});
    if (cookies) all.cookie = Object.entries(cookies)
        .map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join("; ");
    const request = { headers: all, cookies: getCookieParser(all)() };
    const runs = getMiddlewareRouteMatcher(matchers);
    const plain = decoded(pathname);
    const raw = runs(pathname, request, query);
    const other = runs(plain, request, query);
    return { result: "ok", match_raw: raw, match_decoded: other, runs: raw || other,
        regexps: matchers.map(({ regexp }) => regexp) };
}

/* --- inputs -------------------------------------------------------------------------------------- */

const words = ["dashboard", "admin", "api", "a", "b", "_next", "en", "de", "x.json", "index", "favicon.ico", "a-b",
    "über", "A", "public", "robots.txt", "login", "(x)", "@slot", "a b", "🦉"];
const names = ["path", "a", "slug", "id", "lang", "x1", "_y", "0", "é"];
const expressions = ["\\d+", "\\d{1,3}", "en|de", "[a-z]+", ".*", ".+", "[^/]+", "(?!api).*", "?!api", "(?:a|b)+", "a(?:b|c)",
    "[^.]*", "\\w+", "\\w+\\.json", "(?:en|de)?", "[A-Za-z0-9_-]+", "[\\d.]+", "\\S+", "[\\s\\S]*", ".*\\.(?:png|css)", "a{2,}",
    "[^\\d]+", "(?=a).*", "\\D", "\\b.*", "a|", "|a", ".", "x*?y", "(?<!a)b", "(?<=a)b", "\\x61+", "\\u0061", "[\\u00e0-\\u00ff]+",
    "^a$", "[.]", "\\/", "a\\/b", "[\\w-]+", "\\-", "[[]", "[]a", "a{,3}", "a{", "\\p{L}", "\\cA", "\\_", "(?i)a", "[a-\\d]",
    "(a)", "((a))", "(?:(?!x).)*"]; // no back references: docs/compatibility.md
const lookaheads = ["api", "_next/static", "_next/image", "favicon.ico", "login", "public$", ".*\\..*", "sitemap.xml",
    "[^/]*\\.png", "a/b", "auth(?:/|$)", "\\.well-known", "$", "en|de"];
const keys = ["x-role", "X-Role", "sid", "q", "next-router-prefetch", "a", "A", "0", "ab"];
const texts = ["1", "admin", "", "true", "a b", "é", "administrator", "x,y", "0", "%41", "a=b", "\"1\""];
const tests = ["1", "admin", "adm.*", "(?<r>adm.*)", "a|b", "^admin$", "\\d+", ".*", "", "a b", "é", "[a-z]+", "(1|2)", "1$|x",
    "(?!x).*", "true", "a\\|b", "app\\.example\\.com", "(?<a>1)|(?<b>2)"];
const hosts = ["app.example.com", "APP.example.com:8443", "localhost:3000", "[::1]:3000", "a.b", "1"];

function segment(pick) {
    switch (pick.below(11)) {
    case 0: case 1: case 2: case 3: return `/${pick.of(words)}`;
    case 4: case 5: return `/:${pick.of(names)}${pick.of(["", "", "?", "*", "+"])}`;
    case 6: return `/:${pick.of(names)}(${pick.of(expressions)})${pick.of(["", "", "?", "*", "+"])}`;
    case 7: return `/(${pick.of(expressions)})${pick.of(["", "", "?", "*", "+"])}`;
    case 8: return `/((?!${pick.some(1, 4, () => pick.of(lookaheads)).join("|")})${pick.of([".*", ".*", ".+", "[^/]*", ""])})`;
    case 9: return pick.of(["{/x}?", "{/:a}?", "{/:a}*", "{/a}+", "{-:a}?", ".:ext", "-:b", "(.*)", "{/:a.:b}?", "{/:a-:b}*",
        "{x:a(\\d+)y}*", "{:a}?", "/:a.json", "/:a-:b", "/:a.:ext?"]);
    default: return pick.of(["/", "//", "/\\:x", "\\(a\\)", "/a\\.b", "/é", "/%61", "/:", "/*", "/(", ")", "/a?", "/a+", "{", "}", "#x", "/a b"]);
    }
}

/** A path that such a source might be about. */
function pathFor(pick, source) {
    let out = source.replace(/^\{?\/?/, "/")
        .replace(/\(\(\?![^)]*\)[^)]*\)/g, () => pick.of(["", "dashboard", "api", "a/b", "login", "x.png", "public"]))
        .replace(/:\w+\([^)]*\)[?*+]?|:\w+[?*+]?|\([^)]*\)[?*+]?/g,
            () => pick.of(["x", "12", "en", "a/b", "", "A", "a.b", "x.json", "aa", "b", "a%2Fb"]))
        .replace(/[{}\\]|[?*+]/g, "");
    if (!out.startsWith("/")) out = `/${out}`;
    return out;
}

const tails = ["", "", "", "", "/", "//", "?q=1", "?q=1&q=2", "?q=", "?q", "?a=b%20c", ".json", ".rsc", "#x", "?", "/index", "/x", "x",
    "%2F", "%2f", ";a", "%00", "%zz", "%C3%A9", "%E0%A4", "?__proto__=1", ".segments/a.segment.rsc", "?q=a+b", "?Q=1", "/.", "/..", "%0A", "\\"];

function path(pick, source) {
    let out = pick.chance(0.7) ? pathFor(pick, source)
        : `/${pick.some(0, 4, () => pick.of(words)).join("/")}`;
    if (pick.chance(0.1)) out = `/_next/data/${pick.of(["b1", "a.b", "x", ""])}${out}${pick.of([".json", ""])}`;
    if (pick.chance(0.12)) out = pick.mutated(out, [..."/.%aA?:;=&", "%2e", "%61", "é"]);
    out += pick.of(tails);
    if (pick.chance(0.08)) out = out.replace(/[a-z]/, (c) => `%${c.charCodeAt(0).toString(16)}`);
    if (!out.startsWith("/")) out = `/${out}`;
    // As it comes over the wire: bytes, one character each.
    return Buffer.from(out.replaceAll(" ", "%20"), "utf8").toString("latin1").replace(/[\0-\x20\x7f]/g, "");
}

function condition(pick) {
    const type = pick.of(["header", "header", "cookie", "query", "host"]);
    const value = pick.chance(0.6) ? { value: pick.of(tests) } : {};
    return type === "host" ? { type, value: pick.of([...tests, ...hosts]) || "1" } : { type, key: pick.of(keys), ...value };
}

function one(pick) {
    const source = pick.chance(0.06) ? pick.mutated(pick.of(["/dashboard/:path*", "/((?!api|_next).*)", "/:a/:b(\\d+)"]),
        [..."/:()*+?{}\\|.a-", "(?!", "[^/]"]) : pick.chance(0.05) ? "/" : pick.some(1, 3, () => segment(pick)).join("");
    if (pick.chance(0.7)) return source;
    const out = { source };
    if (pick.chance(0.6)) out.has = pick.some(1, 2, () => condition(pick));
    if (pick.chance(0.4)) out.missing = pick.some(1, 2, () => condition(pick));
    if (pick.chance(0.15)) out.locale = false;
    return out;
}

export const parts = [{
    name: "next-matchers",
    weight: 6,
    answers: { "next.matcher": answer },
    make(pick, seeds) {
        const input = {};
        if (pick.chance(0.15)) Object.assign(input, structuredClone(pick.of(seeds).input));
        else input.matcher = pick.chance(0.8) ? one(pick) : pick.some(1, 3, () => one(pick));
        const sources = [input.matcher ?? "/"].flat().map((m) => m.source ?? m);
        input.path = path(pick, pick.of(sources));
        if (pick.chance(0.4)) input.headers = Object.fromEntries([["host", pick.of(hosts)],
            ...new Map(pick.some(0, 3, () => [pick.of(keys), pick.of(texts)]).map((one) => [one[0].toLowerCase(), one])).values()]);
        if (pick.chance(0.2)) input.cookies = Object.fromEntries(pick.some(1, 2, () => [pick.of(["sid", "a", "q"]), pick.of(texts)]));
        if (pick.chance(0.12)) input.next_config = pick.of([{ basePath: "/base" }, { i18n: { locales: ["en", "de"], defaultLocale: "en" } },
            { basePath: "/b.c", i18n: { locales: ["en"], defaultLocale: "en" } }]);
        if (input.next_config?.basePath && pick.chance(0.7)) input.path = input.next_config.basePath + input.path;
        if (input.next_config?.i18n && pick.chance(0.7)) input.path = input.path.replace(/^(\/base|\/b\.c)?/, (b) => `${b}/en`);
        return { op: "next.matcher", system: "authjs4", input };
    },
}];
