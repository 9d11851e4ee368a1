// Claims of every kind that JavaScript can print, from a seed: the same seed gives the same claims.

/** mulberry32: small, and good enough to be unpredictable to the code under test. */
export function random(seed) {
    let a = seed >>> 0;
    return () => {
        a = (a + 0x6d2b79f5) >>> 0;
        let t = Math.imul(a ^ (a >>> 15), 1 | a);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

const texts = [
    "", " ", "a", "Ann é", "智子", "🦉", "👩‍👩‍👧‍👦", "שלום", "\u0000", "\u001f\u007f", "\u2028\u2029", "\ufeff", "\ufffd",
    "\ud800", "\udc00x", "a\ud83e", "\"\\/\b\f\n\r\t", "<script>&amp;'", "%41%zz+", "null", "1e3",
    "\u00e9e\u0301", "ﷺ", "x".repeat(255), "é".repeat(300), "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "\\u0041", "=;, \t",
];

const numbers = [
    0, -0, 1, -1, 0.1, 0.1 + 0.2, 1e21, 1e-7, 1e300, 5e-324, 1.7976931348623157e308, -2.5e-10,
    2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 - 1, -(2 ** 53), 2 ** 63, 2 ** 64, 123456789012345680000, 1e100,
    4.35, 1 / 3, 100, 1e2, 0.000001, 1234567.125,
];

const keys = [
    "", "a", "A", "0", "1", "10", "-1", "01", " ", "a.b", "a b", "ключ", "🦉", "\u0000", "\u2028", "\"", "\\",
    "constructor", "toString", "length", "__proto__", "x".repeat(100), "value", "provider", "iss",
];

const pick = (rand, list) => list[Math.floor(rand() * list.length)];

function value(rand, depth) {
    const kind = Math.floor(rand() * (depth > 0 ? 9 : 6));
    switch (kind) {
    case 0: return pick(rand, texts);
    case 1: return pick(rand, numbers);
    case 2: return (rand() - 0.5) * 10 ** Math.floor(rand() * 40 - 20);
    case 3: return Math.floor(rand() * 2 ** 53);
    case 4: return rand() < 0.5;
    case 5: return null;
    case 6: return Array.from({ length: Math.floor(rand() * 5) }, () => value(rand, depth - 1));
    default: return object(rand, Math.floor(rand() * 5), depth - 1);
    }
}

function object(rand, members, depth) {
    const entries = Array.from({ length: members },
        () => [pick(rand, keys), value(rand, depth)]);
    // As JSON.parse makes them: a member called __proto__ is a member.
    return JSON.parse(`{${[...new Map(entries)]
        .map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(",")}}`);
}

function nested(depth, leaf) {
    let inner = leaf;
    for (let i = 0; i < depth; i += 1) inner = i % 2 ? [inner] : { d: inner };
    return inner;
}

/** `count` payloads: fixed odd ones first, then random ones. Each is what JSON.parse would give. */
export function payloads(seed, count) {
    const rand = random(seed);
    const fixed = [
        {},
        { sub: "1" },
        { name: "Ann é", email: "ann@example.com", picture: null, sub: "42", role: "admin" },
        { name: null, email: null, picture: null, sub: null },
        { sub: 42, name: ["a"], email: { a: 1 }, picture: false },
        { sub: "1", iat: 1, exp: 2, jti: "zz", after: true },
        { exp: 5, sub: "1" },
        ...texts.map((text) => ({ sub: "1", text, [`k${text}`]: 1 })),
        ...numbers.map((n) => ({ sub: "1", n, list: [n, [n]] })),
        { sub: "1", deep: nested(20, "bottom") },
        { sub: "1", deep: nested(25, { a: [1, 2, { b: null }] }) },
        { sub: "1", wide: Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`m${i}`, i])) },
        Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`claim-${i}`, `v${i}`])),
        { sub: "1", list: Array.from({ length: 1000 }, (_, i) => i) },
        { sub: "1", empty: [{}, [], "", [[]], { a: {} }] },
    ];
    const members = () => 1 + Math.floor(rand() * 12);
    return Array.from({ length: count }, (_, i) => fixed[i]
        ? JSON.parse(JSON.stringify(fixed[i]))
        : { sub: `user-${i}`, ...object(rand, members(), 4) });
}

/** Text of `length` characters that makes a token grow by steps of one byte of plaintext. */
export const padding = (length) => "abcdefghij".repeat(Math.ceil(length / 10)).slice(0, length);

/** One of endlessly many payloads, by itself: the same seed and number give the same one. */
export function payloadAt(seed, number) {
    const rand = random(Math.imul(seed ^ 0x9e3779b9, 2 * number + 1) ^ number);
    const sub = `user-${number}`;
    switch (Math.floor(rand() * 12)) {
    case 0: return { sub, wide: object(rand, 40, 1), ...numbered(rand, Math.floor(rand() * 200)) };
    case 1: return { sub, deep: nested(Math.floor(rand() * 24), value(rand, 1)) };
    case 2: return { sub, ...object(rand, 6, 3), pad: padding(Math.floor(rand() * 12000)) };
    case 3: return { sub, text: units(rand, Math.floor(rand() * 300)) };
    case 4: return { sub, list: Array.from({ length: Math.floor(rand() * 300) }, () => anyDouble(rand)) };
    case 5: return JSON.parse(`{"sub":${JSON.stringify(sub)},"__proto__":${
        JSON.stringify(value(rand, 3))},"constructor":{"prototype":${JSON.stringify(value(rand, 2))}}}`);
    default: return { sub, ...object(rand, 1 + Math.floor(rand() * 12), 4) };
    }
}

const numbered = (rand, count) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, value(rand, 0)]));

/** Any 16-bit units: surrogates in pairs and alone, controls, the ends of every range. */
function units(rand, length) {
    const kinds = [0x20, 0x80, 0x800, 0xd800, 0xdc00, 0xe000, 0xfffe];
    return Array.from({ length }, () => String.fromCharCode(
        rand() < 0.3 ? pick(rand, kinds) - 1 + Math.floor(rand() * 3) : Math.floor(rand() * 65536))).join("");
}

/** Any finite double, by its bits. */
function anyDouble(rand) {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setUint32(0, Math.floor(rand() * 4294967296));
    bits.setUint32(4, Math.floor(rand() * 4294967296));
    const n = bits.getFloat64(0);
    return Number.isFinite(n) ? n : pick(rand, numbers);
}
