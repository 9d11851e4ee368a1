// Cookie headers, as four parsers read them.
import { file, require, writable } from "./kit.mjs";

const { parse: pages } = require(file("next/dist/compiled/cookie"));
const { parse: plain } = require(file("next-auth/node_modules/cookie"));
const { RequestCookies } = require(file("next/dist/compiled/@edge-runtime/cookies"));
const { parse: authjs } = await import(file("@auth/core/lib/vendored/cookie.js"));

function edge(header) {
    const headers = new Headers();
    headers.get = (name) => (name === "cookie" ? header : null); // a character is a character
    return [...new RequestCookies(headers)].map(([name, { value }]) => [name, value]);
}

const answer = ({ header }) => ({
    cookie: Object.entries(plain(header)),
    authjs: Object.entries(authjs(header)),
    next_pages: Object.entries(pages(header)),
    edge: edge(header),
});

// No U+00A0: a parser that trims takes it for white space, here a text of UTF-8 is cut in bytes. Whole headers
// of bytes are among the cases of getToken.
const names = ["a", "b", "A", "next-auth.session-token", "authjs.session-token.0", "__Host-x", "0", "1", "10", "01",
    "-1", "4294967294", "4294967295", "1.5", "", " ", "a b", "é", "ÿ", "a%20b", "\"q\"", "__proto__", "constructor",
    "toString", "hasOwnProperty", "a,b", "a[0]", "{", "$Version", "x\ty", "Path", "=", "9007199254740993"];
const values = ["1", "", "x", "\"x\"", "\"x", "x\"", "\"", "\"\"", "\"\"\"", " \"x\" ", "\" x \"", "%20", "%C3%A9", "%c3%a9",
    "%", "%4", "%zz", "%E0%A4", "%ED%A0%80", "%F0%9F%98%80", "%F4%90%80%80", "%C0%80", "%00", "%7F", "%2541", "a=b", "a==",
    "=", "é", "Ã©", "x y", "x\ty", "a,b", "+", "true", "undefined", "\\\"", "%22x%22", "%0d%0a", "%3B",
    "\u0085", "x%FFy", "%EF%BB%BFx", "ÿ%41", "é%zz"];
const between = ["; ", ";", ";  ", ";\t", " ;", ";;", "; ;", ", ", "; \t", "\t;\t", "; =; "];
const pieces = [..."=;\"% \t,aA0.\\", "%4", "%41", "\u0085", "é", "; ", "=\""];

function make(pick, seeds) {
    if (pick.chance(0.25)) return { header: pick.mutated(pick.of(seeds).input.header.slice(0, 400), pieces) };
    const pair = () => {
        const equals = pick.of(["=", "=", "=", "=", " = ", "= ", " =", "", "=="]);
        const value = pick.chance(0.2) ? pick.of(values) + pick.of(values) : pick.of(values);
        return pick.of(names) + equals + value;
    };
    let header = "";
    for (let n = pick.between(0, 6); n; n -= 1) header += pair() + (n > 1 ? pick.of(between) : "");
    if (pick.chance(0.1)) header = pick.of([" ", ";", "\t", "; "]) + header;
    if (pick.chance(0.1)) header += pick.of([" ", ";", "\t", "; ", "\"", "="]);
    return { header };
}

export const parts = [{
    name: "cookie-headers",
    weight: 3,
    answers: { "cookie.parse": answer },
    make(pick, seeds) {
        const input = make(pick, seeds);
        // The ends are trimmed before a parser sees the header.
        input.header = input.header.replace(/^[ \t]+|[ \t]+$/g, "");
        // Nor here: one character is cut off behind a quote.
        if (/"[^;]*[^\0-\x7f][ \t]*(;|$)/.test(input.header)) return null;
        return writable(answer(input)) ? { op: "cookie.parse", system: "authjs4", input } : null;
    },
}];
