// ID tokens: signature by jose, claims by oauth4webapi, at_hash by the package of openid-client.
import { createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { compactVerify, createLocalJWKSet } from "jose";
import * as oauth from "oauth4webapi";
import { NOW, file, require, stopClock } from "./kit.mjs";

const tokenHash = require(file("oidc-token-hash"));

/* --- the answer ------------------------------------------------------------------------------------ */

/** Each key that may be the one, as jose's documentation has it. */
async function verified({ id_token: token, jwks, allowed_algs: algorithms, client_secret: secret }) {
    const options = { algorithms };
    if (algorithms[0].startsWith("HS")) return compactVerify(token, new TextEncoder().encode(secret), options);
    try {
        return await compactVerify(token, createLocalJWKSet(jwks), options);
    } catch (error) {
        if (error.code !== "ERR_JWKS_MULTIPLE_MATCHING_KEYS") throw error;
        for await (const key of error) {
            try {
                return await compactVerify(token, key, options);
            } catch {
                // the next one
            }
        }
        throw error;
    }
}

async function claimsOf(input) {
    const as = { issuer: input.issuer };
    const client = { client_id: input.client_id, id_token_signed_response_alg: input.allowed_algs[0],
        [oauth.clockTolerance]: input.clock_tolerance ?? 0 };
    const body = { access_token: input.access_token ?? "at", token_type: "bearer", id_token: input.id_token };
    const result = await oauth.processAuthorizationCodeResponse(as, client, Response.json(body), { requireIdToken: true,
        expectedNonce: input.nonce ?? oauth.expectNoNonce, maxAge: input.max_age ?? oauth.skipAuthTimeCheck });
    return oauth.getValidatedIdTokenClaims(result);
}

async function answer(input) {
    try {
        const { protectedHeader: { alg } } = await verified(input);
        const claims = await claimsOf(input);
        for (const [claim, source, of] of [["at_hash", "access_token", input.access_token], ["c_hash", "code", input.code]])
            if (of !== undefined && claims[claim] !== undefined)
                tokenHash.validate({ claim, source }, claims[claim], of, alg, "Ed25519");
        return { verdict: "accept", claims_json: JSON.stringify(claims), strength: "MUST" };
    } catch (error) {
        return { verdict: "reject", reason: error.message, strength: "MUST" };
    }
}

/* --- where usher may answer otherwise: docs/compatibility.md, ID tokens -------------------------------- */

const decoded = (part) => JSON.parse(Buffer.from(part, "base64url"));
const text = (value) => value === undefined || typeof value === "string";
const date = (value) => value === undefined || Math.abs(value) < 2 ** 53;

/** Has a coordinate more than its curve's bytes? */
const zeros = ({ crv, x, y }) => crv?.startsWith("P-") && [x, y].some((c) => text(c) && c?.length > Math.ceil(Math.ceil(crv.slice(2) / 8) * 4 / 3));

/** Is a claim there twice in the case that was made last? A parser does not tell. */
let twice = false;

function stricter({ now, id_token: token, jwks, clock_tolerance: skew, client_id: client }) {
    const [header, claims] = token.split(".", 2).map(decoded);
    return twice || "crit" in header || "b64" in header || !text(header.typ) || !text(header.kid)
        || (claims.azp !== undefined && claims.azp !== client) || !/^[!-~]{1,255}$/.test(claims.sub)
        || [claims.aud].flat().some((aud) => !text(aud)) || !text(claims.at_hash) || !text(claims.c_hash) || claims.iat > now + skew
        || ![claims.exp, claims.iat, claims.nbf].every(date)
        || jwks.keys.some((key) => !text(key.kid) || !text(key.alg) || !text(key.use) || zeros(key));
}

/** The same keys as jose would have to have them: the token's kid if they have none, `verify` alone, no private part, no `ext`. */
function named(input) {
    const { kid } = decoded(input.id_token.split(".", 1)[0]);
    const keys = input.jwks.keys.map(({ d, ext, ...key }) => ({ ...key, ...(key.kid === undefined ? { kid } : {}),
        ...(Array.isArray(key.key_ops) && key.key_ops.includes("verify") ? { key_ops: ["verify"] } : {}) }));
    return { ...input, jwks: { keys } };
}

async function other({ input, expected: { verdict } }) {
    if (verdict === "accept") return stricter(input) ? "stricter-allowed" : null;
    stopClock(input.now);
    try {
        const again = await answer(named(input));
        const unasked = input.max_age === undefined && /auth_time/.test(again.reason);
        return again.verdict === "accept" || unasked ? "looser-allowed" : null;
    } catch {
        return null; // no header that can be read
    } finally {
        stopClock();
    }
}

/* --- keys and signatures --------------------------------------------------------------------------- */

const RSA = { modulusLength: 2048 };
const pairOf = {
    RSA: () => generateKeyPairSync("rsa", RSA),
    ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
    ES384: () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
    ES512: () => generateKeyPairSync("ec", { namedCurve: "P-521" }),
    EdDSA: () => generateKeyPairSync("ed25519"),
};
const kindOf = (alg) => (/^[RP]S/.test(alg) ? "RSA" : alg);
const pairs = Object.fromEntries(Object.entries(pairOf).map(([kind, make]) => [kind, [make(), make()]]));
const short = generateKeyPairSync("rsa", { modulusLength: 1024 });
const foreign = [generateKeyPairSync("ec", { namedCurve: "secp256k1" }), generateKeyPairSync("x25519"), generateKeyPairSync("ed448"), short]
    .map(({ publicKey }) => publicKey.export({ format: "jwk" }));
const algs = ["RS256", "RS256", "ES256", "ES256", "EdDSA", "HS256", "PS256", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512",
    "HS384", "HS512"];
const ISSUER = "https://tenant.example.com/";
const CLIENT = "client123";
const NONCE = "n-0S6_WzA2Mj";
const SECRET = "a-client-secret-of-the-tests-that-is-long-enough-for-each-of-the-algorithms-with-secrets";

function signed(data, alg, pair, secret = SECRET) {
    const digest = `sha${alg.slice(2)}`;
    if (alg.startsWith("HS")) return createHmac(digest, secret).update(data).digest();
    const key = pair.privateKey;
    if (alg === "EdDSA") return sign(null, data, key);
    if (alg.startsWith("PS")) return sign(digest, data, { key, padding: 6, saltLength: -1 });
    return sign(digest, data, { key, dsaEncoding: "ieee-p1363" });
}

/* --- inputs ---------------------------------------------------------------------------------------- */

const odd = ["null", "true", "false", "0", "-1", "\"\"", "\"x\"", "[]", "{}", "[null]", "[[]]", "1e3", `"${NOW}"`, `["${CLIENT}"]`];
const seconds = (pick, at) => `${at + pick.of([-1, 0, 1, 0, 2, -2])}${pick.of(["", "", "", ".0", ".5", ".999"])}`;
const half = (alg, of) => JSON.stringify(tokenHash.generate(of, alg, "Ed25519"));

/** The claims that are right, each as text. */
function rightClaims(pick, input, alg) {
    const claims = { iss: JSON.stringify(ISSUER), sub: "\"auth0|652f0001\"", aud: `"${CLIENT}"`, exp: `${NOW + 3600}`, iat: `${NOW - 5}` };
    if (pick.chance(0.8)) input.nonce = NONCE, claims.nonce = `"${NONCE}"`;
    if (pick.chance(0.3)) {
        input.access_token = "aaxMF537HtLUPbREKbiGcIjIBAv1i2b9";
        if (pick.chance(0.7)) claims.at_hash = half(alg, input.access_token);
    }
    if (pick.chance(0.1)) input.code = "KlRgydacLLOtA4dRCeEVwvIjGD7JIV", claims.c_hash = half(alg, input.code);
    if (pick.chance(0.2)) input.max_age = pick.of([0, 60, 3600]), claims.auth_time = `${NOW - pick.below(input.max_age + 1)}`;
    if (pick.chance(0.2)) claims[pick.of(["name", "é", "__proto__", "0", "x"])] = pick.of([...odd, "1.50", "\"\\ud83e\\udd89\"", "{\"a\":[1,{}]}"]);
    return claims;
}

const wrongClaims = [
    (pick, c) => { c[pick.of(Object.keys(c))] = pick.of(odd); },
    (pick, c) => { delete c[pick.of(Object.keys(c))]; },
    (pick, c) => { c.iss = pick.of(["\"https://tenant.example.com\"", "\"https://TENANT.example.com/\"", "\"https://other.example.com/\"", "\"https:\\/\\/tenant.example.com\\/\""]); },
    (pick, c) => {
        c.aud = pick.of([`["${CLIENT}"]`, `["${CLIENT}","x"]`, `["x","${CLIENT}"]`, `["${CLIENT}","${CLIENT}"]`, "[\"x\"]", "\"x\"", `"${CLIENT} "`, "\"CLIENT123\"", `["${CLIENT}",1]`, `["${CLIENT}",null]`, `[["${CLIENT}"]]`]);
        if (pick.chance(0.5)) c.azp = pick.of([`"${CLIENT}"`, `"${CLIENT}"`, "\"x\"", ...odd]);
    },
    (pick, c) => { c.azp = pick.of([`"${CLIENT}"`, "\"x\"", ...odd]); },
    (pick, c, { clock_tolerance: skew }) => { c.exp = seconds(pick, NOW - skew); },
    (pick, c, { clock_tolerance: skew }) => { c.nbf = pick.chance(0.8) ? seconds(pick, NOW + skew) : pick.of(odd); },
    (pick, c, { clock_tolerance: skew }) => { c.iat = pick.chance(0.6) ? seconds(pick, NOW + skew) : pick.of(["0", "1e9", `${NOW}e0`, "-5"]); },
    (pick, c, input) => { c.auth_time = pick.chance(0.7) ? seconds(pick, NOW - (input.max_age ?? 60) - input.clock_tolerance) : pick.of(odd); },
    (pick, c) => { c.nonce = pick.of([`"${NONCE}"`, `"${NONCE.toLowerCase()}"`, `"${NONCE}="`, `"\\u006e${NONCE.slice(1)}"`, ...odd]); },
    (pick, c) => { c[pick.of(["at_hash", "c_hash"])] = pick.of(["\"ctmgS08eqTFOQzKv5Hkfrw\"", "\"AA\"", ...odd]); },
    (pick, c) => { c.sub = pick.of(["\"a\"", "\"é\"", "\"a b\"", `"${"s".repeat(255)}"`, `"${"s".repeat(256)}"`, "\"\\u0000\"", ...odd]); },
    (pick, c) => { c.exp = pick.of(["1e300", "9007199254740993", "1e10", "9007199254740991", `${NOW + 1}e0`, "-0"]); },
];

const wrongHeaders = [
    (pick, h) => { h.alg = pick.of(["\"none\"", "\"None\"", "\"\"", "\"rs256\"", "\"RS1\"", "\"dir\"", ...odd, ...algs.map((a) => `"${a}"`)]); },
    (pick, h) => { delete h.alg; },
    (pick, h) => { h.kid = pick.of(["\"unknown\"", "\"K1\"", ...odd]); },
    (pick, h) => { delete h.kid; },
    (pick, h) => { h.kid = pick.of(["\"k2\"", "\"\\u006b1\"", "\"k3\""]); },
    (pick, h) => { h.typ = pick.of(["\"JWT\"", "\"jwt\"", "\"at+jwt\"", "\"logout+jwt\"", ...odd]); },
    (pick, h) => { h.cty = pick.of(["\"JWT\"", ...odd]); },
    (pick, h) => { h.crit = pick.of(["[]", "[\"exp\"]", "[\"b64\"]", "[\"x\"]", ...odd]); if (pick.chance(0.3)) h.b64 = pick.of(["true", "false"]); },
    (pick, h) => { h.b64 = pick.of(["true", "false", "null", "1"]); },
    (pick, h) => { h[pick.of(["jku", "x5u", "x5c", "jwk", "x5t", "zip", "enc", "p2c", "é", "exp"])] = pick.of(["\"https://x.example.com/\"", "{}", "[]", "1", "\"DEF\""]); },
];

const wrongKeys = [
    (pick, k) => { k.use = pick.of(["enc", "sig", "", "SIG", "x"]); },
    (pick, k) => { k.key_ops = pick.of([["verify"], ["sign"], [], ["verify", "sign"], ["encrypt"], ["verify", "x"], ["verify", "verify"], "verify", {}]); },
    (pick, k) => { k.alg = pick.of(["RS256", "ES256", "EdDSA", "PS256", "HS256", "", "none", "rs256"]); },
    (pick, k) => { delete k.alg; },
    (pick, k) => { k.d = pick.of(["AQAB", ""]); },
    (pick, k) => { delete k.kid; },
    (pick, k) => { k.kid = pick.of(["", "k3", "K1", "k2"]); },
    (pick, k) => { k.kty = pick.of(["RSA", "EC", "OKP", "oct", "rsa", "", "AKP"]); },
    (pick, k) => { delete k[pick.of(Object.keys(k))]; },
    (pick, k) => { k.crv = pick.of(["P-256", "P-384", "P-521", "Ed25519", "ed25519", "X25519", "secp256k1"]); },
    (pick, k) => { k[pick.of(["kid", "alg", "use", "key_ops", "ext", "x5c", "x5t", "é"])] = pick.of([null, 1, true, [], {}, ["x"]]); },
    (pick, k) => { const name = pick.of(["n", "e", "x", "y"]); if (k[name]) k[name] = pick.of(["", "AQAB", "AA", "AQ", k[name].slice(4), k[name] + "AAAA", `AAAA${k[name]}`, "*"]); },
];

function keySet(pick, alg, pair) {
    const publicJwk = (key, kid) => ({ ...key.export({ format: "jwk" }), kid, alg, use: "sig" });
    const kind = kindOf(alg);
    const own = publicJwk(createPublicKey(pair.privateKey), "k1");
    if (pick.chance(0.3)) delete own.alg;
    if (pick.chance(0.3)) delete own.use;
    if (pick.chance(0.35)) pick.of(wrongKeys)(pick, own);
    const keys = [own];
    const other = pick.of(Object.keys(pairs));
    if (pick.chance(0.5)) keys.push(publicJwk(pairs[kind][1].publicKey, pick.of(["k2", "k2", "k1"])));
    if (pick.chance(0.3)) keys.push({ ...pairs[other][0].publicKey.export({ format: "jwk" }), ...pick.of([{}, { kid: "k1" }, { kid: "k3" }]) });
    if (pick.chance(0.2)) keys.push({ ...pick.of(foreign), ...pick.of([{}, { kid: "k1" }, { kid: "k3" }]) });
    if (pick.chance(0.1)) keys.push(pick.of([{ kty: "oct", k: Buffer.from(SECRET).toString("base64url"), kid: "k1" }, {}, { kty: "x" }, { kty: 1 }, own]));
    return { keys: pick.chance(0.4) ? pick.shuffled(keys) : keys };
}

const object = (pick, members) => {
    const list = Object.entries(members).map(([name, text]) => `${JSON.stringify(name)}:${text}`);
    return `{${(pick.chance(0.3) ? pick.shuffled(list) : list).join(",")}}`;
};

const damage = [
    (pick, parts) => { parts[2] = pick.of(["", parts[2].slice(4), `${parts[2]}AAAA`, "AAAA"]); },
    (pick, parts) => { parts[pick.below(3)] = pick.of(["", "e30", "bnVsbA", "W10", "!", "eyJhbGciOiJub25lIn0"]); },
    (pick, parts) => { parts.push(pick.of(["", "x"])); },
    (pick, parts) => { parts.pop(); },
    (pick, parts) => { const at = pick.below(3), n = pick.below(parts[at].length - 1); parts[at] = parts[at].slice(0, n) + (parts[at][n] === "A" ? "B" : "A") + parts[at].slice(n + 1); },
];

function make(pick) {
    const alg = pick.of(algs);
    const mac = alg.startsWith("HS");
    const pair = mac ? null : pairs[kindOf(alg)][0];
    const input = { now: NOW, issuer: ISSUER, client_id: CLIENT, allowed_algs: [alg], clock_tolerance: pick.of([0, 0, 10, 30, 60]) };
    if (mac || pick.chance(0.2)) input.client_secret = SECRET;
    const claims = rightClaims(pick, input, alg);
    const header = { alg: `"${alg}"`, kid: "\"k1\"" };
    if (pick.chance(0.25)) delete header.kid;
    if (pick.chance(0.55)) for (const wrong of pick.some(1, 2, () => pick.of(wrongClaims))) wrong(pick, claims, input);
    if (pick.chance(0.25)) pick.of(wrongHeaders)(pick, header);
    twice = "iss" in claims && pick.chance(0.03);
    if (twice) claims.iss += `,${JSON.stringify(pick.of(["iss", "sub", "nonce", "aud"]))}:"${CLIENT}"`; // may be there once
    input.jwks = keySet(pick, mac ? "RS256" : alg, pair ?? pairs.RSA[0]);
    const encoded = [object(pick, header), object(pick, claims)].map((text) => Buffer.from(text).toString("base64url"));
    const data = Buffer.from(encoded.join("."));
    const signer = pick.chance(0.04) && pair ? pairs[kindOf(alg)][1] : pair;
    const parts = [...encoded, signed(data, alg, signer, pick.chance(0.05) ? `${SECRET}x` : SECRET).toString("base64url")];
    if (pick.chance(0.06)) pick.of(damage)(pick, parts);
    input.id_token = parts.join(".");
    return input;
}

/* --- the part -------------------------------------------------------------------------------------- */

export const parts = [{
    name: "jose-id-token",
    weight: 3,
    answers: { "oidc.id-token": answer },
    /** What is no MUST, and a subject that is empty, was judged by rules that no package has. */
    unmeasured: (v) => v.expected.strength !== "MUST" || v.tests === "empty subject",
    make: (pick) => ({ system: "jose", op: "oidc.id-token", input: make(pick) }),
    other,
}];
