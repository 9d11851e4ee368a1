// What an identity provider, or somebody between it and us, can do wrong; one row each. A row names
// the causes that usherd's log may give (include/usher/cause.h), and where in the flow it must stop:
//   start     the authorization request was not made
//   check     the way back does not belong to this browser or this provider
//   provider  the provider said no
//   callback  the code, the ID token or the user information is not acceptable
//   works     a legal oddity: the visitor is signed in
import { b64u, Reply, privateKey, publicJwk, publicKey, signRaw } from "./op.mjs";
import { startSignIn } from "../e2e/kit/flows.mjs";
import { Visitor } from "../e2e/kit/visitor.mjs";

const claims = (change) => ({ claims: (honest, { now }) => ({ ...honest, ...change(honest, now) }) });
const without = (name) => ({ claims: ({ [name]: _, ...rest }) => rest });
const header = (change) => ({ header: (honest) => ({ ...honest, ...change(honest) }) });
const token = (change) => ({ idToken: change });
const set = (...keys) => ({ jwks: () => ({ keys }) });
const key = (name, more = {}) => publicJwk(name, { use: "sig", alg: "RS256", kid: "key-1", ...more });
const discovery = (change) => ({ discovery: (honest) => ({ ...honest, ...change(honest) }) });
const without_ = (name) => ({ discovery: ({ [name]: _, ...rest }) => rest });
const tokens = (change) => ({ tokens: (honest) => ({ ...honest, ...change(honest) }) });
const response = (change) => ({ response: (params) => (change(params), params) });

const empty = new Reply(200, "", { "content-type": "application/json" });
const quick = { timeout: "700ms" };

/** Changes one character somewhere in the middle of a segment. */
function corrupt(jwt, segment) {
    const parts = jwt.split(".");
    const text = parts[segment];
    const at = text.length >> 1;
    parts[segment] = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    return parts.join(".");
}

/** A row's token made by hand, with this header and these claims. */
const made = (make) => ({ sign: make });

function section(cause, failure, rows) {
    return rows.map(([name, lies, more = {}]) => ({ name, lies, cause, failure, ...more }));
}

const issuerClaim = section("id_token_iss", "callback", [
    ["iss with one more character", claims(({ iss }) => ({ iss: `${iss}x` }))],
    ["iss with a slash at its end", claims(({ iss }) => ({ iss: `${iss}/` }))],
    ["iss with another scheme", claims(({ iss }) => ({ iss: iss.replace("http:", "https:") }))],
    ["iss in capitals", claims(({ iss }) => ({ iss: iss.replace("http", "HTTP") }))],
    ["iss of another issuer", claims(({ iss }) => ({ iss: iss.replace(/[^/]+$/, "other") }))],
    ["iss missing", without("iss")],
    ["iss a list", claims(({ iss }) => ({ iss: [iss] }))],
    ["iss a number", claims(() => ({ iss: 7 }))],
]);

const audience = section("id_token_aud", "callback", [
    ["aud with one more character", claims(({ aud }) => ({ aud: `${aud}x` }))],
    ["aud missing", without("aud")],
    ["aud an empty list", claims(() => ({ aud: [] }))],
    ["aud a list in a list", claims(({ aud }) => ({ aud: [[aud]] }))],
    ["aud an object", claims(({ aud }) => ({ aud: { [aud]: true } }))],
    ["aud null", claims(() => ({ aud: null }))],
    ["aud with a stranger and no azp", claims(({ aud }) => ({ aud: [aud, "stranger"] }))],
    ["azp of another client", claims(({ aud }) => ({ aud: [aud, "stranger"], azp: "stranger" }))],
    ["azp of another client, aud alone", claims(() => ({ azp: "stranger" }))],
]);

const subject = section("id_token_claims", "callback", [
    ["sub missing", without("sub")],
    ["sub empty", claims(() => ({ sub: "" }))],
    ["sub a number", claims(() => ({ sub: 42 }))],
    ["sub null", claims(() => ({ sub: null }))],
    ["sub of 256 characters", claims(() => ({ sub: "s".repeat(256) }))],
    ["sub with NUL", claims(() => ({ sub: "a\u0000b" }))],
    ["sub with an owl", claims(() => ({ sub: "🦉" }))],
    ["at_hash of another access token", claims(() => ({ at_hash: b64u(Buffer.alloc(16, 7)) }))],
]);

const times = section("id_token_time", "callback", [
    ["exp missing", without("exp")],
    ["exp ten minutes ago", claims((_, now) => ({ exp: now - 600, iat: now - 900 }))],
    ["exp as text", claims(({ exp }) => ({ exp: String(exp) }))],
    ["exp negative", claims(() => ({ exp: -1 }))],
    ["exp null", claims(() => ({ exp: null }))],
    ["exp true", claims(() => ({ exp: true }))],
    ["iat missing", without("iat")],
    ["iat as text", claims(({ iat }) => ({ iat: String(iat) }))],
    ["iat ten minutes from now", claims((_, now) => ({ iat: now + 600, exp: now + 900 }))],
    ["nbf ten minutes from now", claims((_, now) => ({ nbf: now + 600 }))],
    ["nbf as text", claims((_, now) => ({ nbf: String(now) }))],
]);

const nonce = section("id_token_nonce", "callback", [
    ["nonce missing", without("nonce")],
    ["nonce with one more character", claims((c) => ({ nonce: `${c.nonce}x` }))],
    ["nonce empty", claims(() => ({ nonce: "" }))],
    ["nonce in a list", claims((c) => ({ nonce: [c.nonce] }))],
    ["nonce of another sign-in", claims(() => ({ nonce: "A".repeat(43) }))],
    ["nonce that nobody asked for", claims(() => ({ nonce: "A".repeat(43) })),
        { settings: { checks: ["state"] } }],
]);

const spki = (name, format) => publicKey(name).export({ type: "spki", format });

const algorithm = section("id_token_alg", "callback", [
    ["alg none", made(({ claims: c }) => signRaw({ alg: "none" }, c))],
    ["alg None", made(({ claims: c }) => signRaw({ alg: "None" }, c))],
    ["alg nOnE with a kid", made(({ claims: c, header: h }) => signRaw({ ...h, alg: "nOnE" }, c))],
    ["alg empty", made(({ claims: c, header: h, key: k }) =>
        signRaw({ ...h, alg: "" }, c, { key: k, alg: "RS256" }))],
    ["HS256 with the public key as PEM", made(({ claims: c, header: h }) =>
        signRaw({ ...h, alg: "HS256" }, c, { secret: spki("rsa", "pem") }))],
    ["HS256 with the public key as DER", made(({ claims: c, header: h }) =>
        signRaw({ ...h, alg: "HS256" }, c, { secret: spki("rsa", "der") }))],
    ["HS256 with the modulus", made(({ claims: c, header: h }) =>
        signRaw({ ...h, alg: "HS256" }, c, { secret: Buffer.from(publicJwk("rsa").n, "base64url") }))],
    ["HS256 with the client's secret", made(({ claims: c, header: h, issuer }) =>
        signRaw({ ...h, alg: "HS256" }, c, { secret: issuer.clientSecret }))],
    ["ES256 where RS256 is configured", {
        sign: ({ claims: c, header: h }) =>
            signRaw({ ...h, alg: "ES256", kid: "ec" }, c, { key: privateKey("ec") }),
        jwks: (honest) => ({ keys: [...honest.keys, key("ec", { alg: "ES256", kid: "ec" })] }),
    }],
    ["PS256 where RS256 is configured", made(({ claims: c, header: h, key: k }) =>
        signRaw({ ...h, alg: "PS256" }, c, { key: k }))],
    ["RS256 where ES256 is configured", {
        sign: ({ claims: c, header: h }) =>
            signRaw({ ...h, alg: "RS256" }, c, { key: privateKey("rsa") }),
        jwks: (honest) => ({ keys: [...honest.keys, key("rsa")] }),
    }, { settings: { id_token_alg: "ES256" } }],
]);

const keys = section("id_token_key", "callback", [
    ["kid that nobody has", header(() => ({ kid: "nobody" }))],
    ["kid that is a path", header(() => ({ kid: "../../../../dev/null" }))],
    ["kid with NUL", header(() => ({ kid: "key-1\u0000" }))],
    ["a key for encryption", set(key("rsa", { use: "enc" }))],
    ["a key for another algorithm", set(key("rsa", { alg: "RS512" }))],
    ["another kind of key under the kid", set(key("ec", { alg: "ES256" }))],
    ["no kid, and no key of the kind", { ...set(key("ec", { alg: "ES256" })),
        header: ({ kid: _, ...rest }) => rest }],
], );

const signatures = section("id_token_signature", "callback", [
    ["signature damaged", token((jwt) => corrupt(jwt, 2))],
    ["signature of another key", made(({ claims: c, header: h }) =>
        signRaw(h, c, { key: privateKey("rsa2") }))],
    ["claims changed after signing", token((jwt) => {
        const [h, c, s] = jwt.split(".");
        const changed = { ...JSON.parse(Buffer.from(c, "base64url")), sub: "somebody-else" };
        return `${h}.${b64u(JSON.stringify(changed))}.${s}`;
    })],
    ["header changed after signing", token((jwt) => {
        const [h, c, s] = jwt.split(".");
        const changed = { ...JSON.parse(Buffer.from(h, "base64url")), typ: "at+jwt" };
        return `${b64u(JSON.stringify(changed))}.${c}.${s}`;
    })],
    ["signed by a key in its own header", made(({ claims: c, header: h }) =>
        signRaw({ ...h, jwk: publicJwk("rsa2") }, c, { key: privateKey("rsa2") }))],
    ["signed by a key at its own address", made(({ claims: c, header: h, issuer }) =>
        signRaw({ ...h, jku: `${issuer.url}/jku`, x5u: `${issuer.url}/x5u` }, c,
            { key: privateKey("rsa2") }))],
    ["ES256 signature in DER form", made(({ claims: c, header: h }) => {
        const raw = signRaw(h, c, { key: privateKey("ec") }).split(".");
        const sig = Buffer.from(raw[2], "base64url");
        const int = (half) => Buffer.concat([Buffer.from([2, 33, 0]), half]);
        const body = Buffer.concat([int(sig.subarray(0, 32)), int(sig.subarray(32))]);
        raw[2] = b64u(Buffer.concat([Buffer.from([0x30, body.length]), body]));
        return raw.join(".");
    }), { settings: { id_token_alg: "ES256" } }],
    ["ES256 signature of zeros", token((jwt) =>
        jwt.replace(/[^.]+$/, b64u(Buffer.alloc(64)))), { settings: { id_token_alg: "ES256" } }],
    ["EdDSA signature damaged", token((jwt) => corrupt(jwt, 2)),
        { settings: { id_token_alg: "EdDSA" } }],
    ["PS256 signature made as RS256", made(({ claims: c, header: h, key: k }) =>
        signRaw(h, c, { key: k, alg: "RS256" })), { settings: { id_token_alg: "PS256" } }],
]).map((row) => ({ ...row, cause: ["id_token_signature", "id_token_malformed"] }));

/* Seen by whoever looks first: at the answer, or at the token in it. */
const inTheAnswer = ["token_response", "id_token_malformed"];

const shapes = section(["id_token_malformed", "id_token_alg", "id_token_signature"], "callback", [
    ["no id_token", tokens(() => ({ id_token: undefined })), { cause: inTheAnswer }],
    ["id_token empty", token(() => ""), { cause: inTheAnswer }],
    ["id_token of two segments", token((jwt) => jwt.split(".").slice(0, 2).join("."))],
    ["id_token of five segments", token((jwt) => `${jwt}.AAAA.AAAA`)],
    ["id_token without a signature", token((jwt) => jwt.replace(/[^.]+$/, ""))],
    ["id_token with padding", token((jwt) => `${jwt}=`)],
    ["id_token with a line end", token((jwt) => `${jwt}\n`), { cause: inTheAnswer }],
    ["id_token with a bent last character", token((jwt) => {
        const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return jwt.slice(0, -1) + alphabet[alphabet.indexOf(jwt.at(-1)) | 1];
    })],
    ["id_token with + and /", token((jwt) => jwt.replaceAll("-", "+").replaceAll("_", "/"))],
    ["header that is no JSON", made(({ claims: c, key: k }) =>
        signRaw("{alg:RS256}", c, { key: k, alg: "RS256" }))],
    ["header that is a list", made(({ claims: c, key: k }) =>
        signRaw('["RS256"]', c, { key: k, alg: "RS256" }))],
    ["header with alg twice", made(({ claims: c, key: k }) =>
        signRaw('{"alg":"none","alg":"RS256","kid":"key-1"}', c, { key: k, alg: "RS256" }))],
    ["kid that is a number", header(() => ({ kid: 1 }))],
    ["header with crit", header(() => ({ crit: ["b64"], b64: true }))],
    ["header with crit and an own word", header(() => ({ crit: ["usher"], usher: 1 }))],
    ["header with b64 false", made(({ claims: c, header: h, key: k }) =>
        signRaw({ ...h, b64: false, crit: ["b64"] }, c, { key: k }))],
    ["claims that are a list", { claims: (c) => JSON.stringify([c]) }],
    ["claims that are no JSON", { claims: () => "{iss:1}" }],
    ["claims a thousand levels deep", { claims: (c) =>
        JSON.stringify(c).replace(/}$/, `,"deep":${"[".repeat(1000)}${"]".repeat(1000)}}`) },
        { cause: ["id_token_malformed", "limit"] }],
    ["claims with bytes that are no UTF-8", made(({ claims: c, header: h, key: k }) =>
        signRaw(h, Buffer.concat([
            Buffer.from(JSON.stringify(c).slice(0, -1)), Buffer.from(',"bad":"\xff\xfe"}', "latin1"),
        ]), { key: k }))],
    ["claims with iss twice", { claims: (c) =>
        JSON.stringify(c).replace(/}$/, `,"iss":${JSON.stringify(`${c.iss}/evil`)}}`) },
        { cause: ["id_token_malformed", "id_token_claims"] }],
]);

const manyKeys = (length) => Array.from({ length }, (_, i) => key("rsa2", { kid: `k${i}` }));

const keySets = section(["jwks_invalid", "id_token_key", "id_token_signature"], "callback", [
    ["key set empty", set()],
    ["key set that is a list", { jwks: () => Reply.json([]) }],
    ["key set without keys", { jwks: () => ({}) }],
    ["keys that are an object", { jwks: () => ({ keys: { a: 1 } }) }],
    ["key set that is HTML", { jwks: () => Reply.html() }],
    ["key set with a symmetric key only", {
        jwks: () => ({
            keys: [{ kty: "oct", k: b64u("a secret for everybody"), alg: "HS256", kid: "key-1" }],
        }),
        sign: ({ claims: c }) => signRaw({ alg: "RS256", kid: "key-1" }, c,
            { secret: "a secret for everybody" }),
    }],
    ["RSA key of 1024 bits", {
        ...set(key("rsa1024")),
        sign: ({ claims: c, header: h }) => signRaw(h, c, { key: privateKey("rsa1024") }),
    }],
    ["RSA key of 32768 bits", set(key("rsa", { n: b64u(Buffer.alloc(4096, 0xff)) }))],
    ["RSA key with an even exponent", set(key("rsa", { e: "AQAA" }))],
    ["RSA key with exponent one", set(key("rsa", { e: "AQ" }))],
    ["RSA key without a modulus", { jwks: (honest) => {
        delete honest.keys[0].n;
        return honest;
    } }],
    ["EC key that is not on its curve", set(key("ec", { alg: "ES256",
        x: publicJwk("ec2").x })), { settings: { id_token_alg: "ES256" } }],
    ["EC key of another curve", set(key("p384", { alg: "ES256" })),
        { settings: { id_token_alg: "ES256" } }],
    ["EC key that lies about its curve", set(key("ec", { alg: "ES256", crv: "P-384" })),
        { settings: { id_token_alg: "ES256" } }],
    ["a hundred keys", { jwks: (honest) => ({ keys: [...manyKeys(100), ...honest.keys] }) }],
    ["ten thousand keys", { jwks: (honest) => ({ keys: [...manyKeys(10000), ...honest.keys] }) },
        { cause: ["jwks_invalid", "provider_unreachable"] }], // too large to be read at all
]);

const keySetTransport = section(["provider_unreachable", "jwks_invalid"], "callback", [
    ["key set 500", { jwks: () => Reply.html(500) }],
    ["key set 404", { jwks: () => Reply.html(404) }],
    ["key set elsewhere", { jwks: (_, { issuer }) => Reply.redirect(`${issuer.url}/other-jwks`) }],
    ["key set of 10 MiB", { jwks: (honest) => Reply.big(honest, 10 << 20) }],
    ["key set cut in half", { jwks: (honest) => Reply.half(honest) }],
    ["key set dropped", { jwks: () => Reply.drop() }],
    ["key set that never comes", { jwks: () => Reply.hang() }, { settings: quick }],
    ["key set that drips", { jwks: (honest) => Reply.drip(honest) }, { settings: quick }],
]);

const documents = section("metadata_invalid", "start", [
    ["discovery for another issuer", discovery(({ issuer }) => ({ issuer: `${issuer}INVALID` }))],
    ["discovery with a slash at the issuer", discovery(({ issuer }) => ({ issuer: `${issuer}/` }))],
    ["discovery in capitals", discovery(({ issuer }) => ({ issuer: issuer.toUpperCase() }))],
    ["discovery without an issuer", without_("issuer")],
    ["discovery with a list of issuers", discovery(({ issuer }) => ({ issuer: [issuer] }))],
    ["discovery without authorization_endpoint", without_("authorization_endpoint")],
    ["discovery without token_endpoint", without_("token_endpoint")],
    ["discovery without jwks_uri", without_("jwks_uri")],
    ["an authorization endpoint that is a script", discovery(() =>
        ({ authorization_endpoint: "javascript:alert(1)" }))],
    ["an authorization endpoint with a fragment", discovery((d) =>
        ({ authorization_endpoint: `${d.authorization_endpoint}#x` }))],
    ["a token endpoint that is relative", discovery(() => ({ token_endpoint: "/token" }))],
    ["a token endpoint with a user in it", discovery((d) =>
        ({ token_endpoint: d.token_endpoint.replace("//", "//user:password@") }))],
    ["a token endpoint that is a file", discovery(() => ({ token_endpoint: "file:///etc/passwd" }))],
    ["a token endpoint that is a number", discovery(() => ({ token_endpoint: 80 }))],
    ["a key set behind ftp", discovery(() => ({ jwks_uri: "ftp://127.0.0.1/jwks" }))],
    ["a token endpoint with a line end", discovery((d) =>
        ({ token_endpoint: `${d.token_endpoint}\r\nX: 1` }))],
    ["discovery that is a list", { discovery: (honest) => Reply.json([honest]) }],
    ["discovery that is HTML", { discovery: () => Reply.html() }],
    ["discovery that is empty", { discovery: () => empty }],
    ["discovery that is cut off", { discovery: (honest) => new Reply(200,
        JSON.stringify(honest).slice(0, -2), { "content-type": "application/json" }) }],
    ["discovery a thousand levels deep", { discovery: (honest) => new Reply(200,
        JSON.stringify(honest).replace(/}$/, `,"deep":${"[".repeat(1000)}${"]".repeat(1000)}}`),
        { "content-type": "application/json" }) }],
]);

const documentTransport = section("provider_unreachable", "start", [
    ["discovery 500", { discovery: () => Reply.html(500) }],
    ["discovery 404", { discovery: () => Reply.html(404) }],
    ["discovery elsewhere", { discovery: (honest) => Reply.redirect(`${honest.issuer}/elsewhere`) }],
    ["discovery inside", { discovery: () =>
        Reply.redirect("http://169.254.169.254/latest/meta-data/") }],
    ["discovery of 10 MiB", { discovery: (honest) => Reply.big(honest, 10 << 20) }],
    ["discovery cut in half", { discovery: (honest) => Reply.half(honest) }],
    ["discovery dropped", { discovery: () => Reply.drop() }],
    ["discovery that never comes", { discovery: () => Reply.hang() }, { settings: quick }],
    ["discovery that drips", { discovery: (honest) => Reply.drip(honest) }, { settings: quick }],
    ["provider down before the sign-in", {}, { before: (issuer) => (issuer.down = true) }],
]);

const tokenAnswers = section("token_response", "callback", [
    ["tokens as HTML", { tokens: () => Reply.html() }],
    ["tokens as text", { tokens: (honest) =>
        new Reply(200, JSON.stringify(honest), { "content-type": "text/html" }) }],
    ["tokens: invalid_grant", { tokens: () => Reply.json({ error: "invalid_grant" }, 400) }],
    ["tokens: an error with status 200", { tokens: () => Reply.json({ error: "invalid_grant" }) }],
    ["tokens and an error with status 200", tokens(() => ({ error: "invalid_grant" }))],
    ["tokens with status 400", { tokens: (honest) => Reply.json(honest, 400) }],
    ["tokens with status 201", { tokens: (honest) => Reply.json(honest, 201) }],
    ["tokens: 500", { tokens: () => Reply.html(500) }],
    ["tokens: 429", { tokens: () => new Reply(429, "{}",
        { "content-type": "application/json", "retry-after": "60" }) }],
    ["tokens elsewhere", { tokens: (_, { issuer }) => Reply.redirect(`${issuer.url}/token`) }],
    ["tokens as a list", { tokens: (honest) => Reply.json([honest]) }],
    ["tokens: empty body", { tokens: () => empty }],
    ["tokens without token_type", tokens(() => ({ token_type: undefined }))],
    ["tokens of another type", tokens(() => ({ token_type: "mac" }))],
    ["tokens of two types", tokens(() => ({ token_type: ["Bearer", "DPoP"] }))],
    ["tokens without access_token", tokens(() => ({ access_token: undefined }))],
    ["tokens with an empty access_token", tokens(() => ({ access_token: "" }))],
    ["tokens with a number for access_token", tokens(() => ({ access_token: 1 }))],
    ["tokens with a number for id_token", tokens(() => ({ id_token: 1 }))],
    ["tokens with an id_token in a list", tokens((t) => ({ id_token: [t.id_token] }))],
]).map((row) => ({ ...row, cause: ["token_response", "id_token_malformed"] }));

const tokenTransport = section("provider_unreachable", "callback", [
    ["tokens that never come", { tokens: () => Reply.hang() }, { settings: quick }],
    ["tokens that drip", { tokens: (honest) => Reply.drip(honest) }, { settings: quick }],
    ["tokens dropped", { tokens: () => Reply.drop() }],
    ["tokens cut in half", { tokens: (honest) => Reply.half(honest) }],
    ["tokens of 10 MiB", { tokens: (honest) => Reply.big(honest, 10 << 20) }],
    ["provider down at the callback", {}, { between: (issuer) => (issuer.down = true) }],
]);

const userinfoAnswers = section("userinfo_invalid", "callback", [
    ["userinfo of another person", { userinfo: (c) => ({ ...c, sub: "person-1invalid" }) }],
    ["userinfo without sub", { userinfo: ({ sub: _, ...rest }) => rest }],
    ["userinfo with a number for sub", { userinfo: (c) => ({ ...c, sub: 1 }) }],
    ["userinfo as a list", { userinfo: (c) => Reply.json([c]) }],
    ["userinfo as HTML", { userinfo: () => Reply.html() }],
    ["userinfo: 401", { userinfo: () => Reply.json({ error: "invalid_token" }, 401) }],
    ["userinfo: 500", { userinfo: () => Reply.html(500) }],
    ["userinfo: 401 with the claims in it", { userinfo: (c) => Reply.json(c, 401) }],
    ["userinfo elsewhere", { userinfo: (_, { issuer }) => Reply.redirect(`${issuer.url}/userinfo`) }],
    ["userinfo empty", { userinfo: () => empty }],
    ["userinfo with sub twice", { userinfo: (c) => new Reply(200,
        JSON.stringify({ ...c, sub: "someone" }).replace(/}$/, `,"sub":"someone-else"}`),
        { "content-type": "application/json" }) }],
]).concat(section("provider_unreachable", "callback", [
    ["userinfo that never comes", { userinfo: () => Reply.hang() }, { settings: quick }],
    ["userinfo dropped", { userinfo: () => Reply.drop() }],
    ["userinfo of 10 MiB", { userinfo: (c) => Reply.big(c, 10 << 20) }],
])).map((row) => ({ ...row, userinfo: 1 }));

const responses = section("response_params", "check", [
    ["code twice", response((p) => p.append("code", "another"))],
    ["state twice", response((p) => p.append("state", p.get("state")))],
    ["iss twice", response((p) => p.append("iss", p.get("iss")))],
    ["code missing", response((p) => p.delete("code"))],
    ["code empty", response((p) => p.set("code", ""))],
    ["code and error", response((p) => p.set("error", "access_denied"))],
    ["error twice", response((p) => {
        p.delete("code");
        p.append("error", "access_denied");
        p.append("error", "server_error");
    })],
    ["nothing at all", { response: () => new URLSearchParams() }],
]).concat(section("state_mismatch", "check", [
    ["state with one more character", response((p) => p.set("state", `${p.get("state")}x`))],
    ["state missing", response((p) => p.delete("state"))],
    ["state empty", response((p) => p.set("state", "")),
        { cause: ["state_mismatch", "response_params"] }],
    ["state of another sign-in", response((p) => p.set("state", "A".repeat(43)))],
])).concat(section("response_iss", "check", [
    ["iss of another issuer", response((p) => p.set("iss", "https://other.example"))],
    ["iss with a slash", response((p) => p.set("iss", `${p.get("iss")}/`))],
    ["iss missing though promised", response((p) => p.delete("iss"))],
    ["iss empty", response((p) => p.set("iss", ""))],
]).map((row) => ({ ...row, cause: ["response_iss", "response_params"] }))).concat(
section("provider_error", "provider", [
    ["the provider says access_denied", response((p) => {
        p.delete("code");
        p.set("error", "access_denied");
    })],
    ["the provider says server_error with a page of HTML", response((p) => {
        p.delete("code");
        p.set("error", "server_error");
        p.set("error_description", `<script>alert(1)</script>\r\nSet-Cookie: x=1${"x".repeat(8000)}`);
    })],
    ["the provider says something in capitals", response((p) => {
        p.delete("code");
        p.set("error", "<b>NO</b>");
    })],
])).map((row) => ({ ...row, name: `response: ${row.name}` }));

/* What the browser, or somebody who holds its URL, does wrong on the way back. */
const changed = (kind, change) => (context) => {
    const { visitor, profile } = context;
    const name = profile.cookie[kind];
    const value = change(visitor.cookie(name), context);
    if (value === undefined) visitor.cookies().delete(name);
    else visitor.setCookie(name, value);
};
const gone = () => undefined;

const browsers = section("state_cookie", "check", [
    ["callback without the state cookie", {}, { way: changed("state", gone) }],
    ["callback with a damaged state cookie", {}, { way: changed("state", (v) => corruptText(v)) }],
    ["callback with the PKCE cookie as state cookie", {}, {
        way: changed("state", (_, { visitor, profile }) => visitor.cookie(profile.cookie.pkce)) }],
    ["callback in a browser that never asked", {}, {
        way: (context) => {
            const jar = context.visitor.cookies();
            for (const kind of ["state", "pkce", "nonce"]) jar.delete(context.profile.cookie[kind]);
        },
    }],
    ["callback of another provider", {}, {
        way: (context) => {
            context.callback = context.callback.replace(`/callback/${context.id}?`,
                `/callback/${context.otherId}?`);
        },
    }],
]).concat(section("pkce_cookie", "check", [
    ["callback without the PKCE cookie", {}, { way: changed("pkce", gone) }],
    ["callback with a damaged PKCE cookie", {}, { way: changed("pkce", (v) => corruptText(v)) }],
    ["callback with the state cookie as PKCE cookie", {}, {
        way: changed("pkce", (_, { visitor, profile }) => visitor.cookie(profile.cookie.state)) }],
])).concat(section("nonce_cookie", "check", [
    ["callback without the nonce cookie", {}, { way: changed("nonce", gone) }],
    ["callback with the PKCE cookie as nonce cookie", {}, {
        way: changed("nonce", (_, { visitor, profile }) => visitor.cookie(profile.cookie.pkce)) }],
])).concat(section("state_mismatch", "check", [
    ["callback in the browser of another visitor", {}, {
        way: async (context) => {
            const other = new Visitor(context.visitor.origin);
            await startSignIn(other, context.id, "/");
            context.visitor = other;
        },
    }],
    ["callback of the sign-in before the last", {}, {
        way: async (context) => {
            await startSignIn(context.visitor, context.id, "/");
        },
    }],
])).concat(section("token_response", "callback", [
    ["callback with another visitor's code", {}, { faults: true, way: anothersCode }],
    ["callback with an invented code", {}, {
        faults: true,
        way: (context) => {
            context.callback = context.callback.replace(/code=[^&]*/, "code=invented");
        },
    }],
])).concat(section("id_token_nonce", "callback", [
    ["callback with another visitor's code, and a provider that does not look at PKCE",
        { pkce: () => true }, { faults: true, way: anothersCode }],
]));

async function anothersCode(context) {
    const other = new Visitor(context.visitor.origin);
    const start = await startSignIn(other, context.id, "/");
    const theirs = new URL((await other.get(start.location)).location);
    const url = new URL(context.callback);
    url.searchParams.set("code", theirs.searchParams.get("code"));
    context.callback = url.href;
}

function corruptText(text) {
    const at = text.length - 20;
    return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
}

/* Legal, if unusual: each row has its forbidden neighbour above. */
const works = section("none", "works", [
    ["an honest provider", {}],
    ["an honest provider and no userinfo", {}, { settings: { userinfo: false }, userinfo: 0 }],
    ["honest ES256", {}, { settings: { id_token_alg: "ES256" } }],
    ["honest PS256", {}, { settings: { id_token_alg: "PS256" } }],
    ["honest EdDSA", {}, { settings: { id_token_alg: "EdDSA" } }],
    ["keys changed just before signing", {
        // An innocent visitor's sign-in has filled the cache with the old set.
        beforeSigning: (_, { issuer }) => {
            if (issuer.hits.token < 2) return;
            issuer.signingKey = "rsa2";
            issuer.kid = "key-2";
        },
    }, { warmUp: true, jwks: 2 }],
    ["no kid, one key", header(() => ({ kid: undefined }))],
    ["no kid, several kinds of key", {
        ...header(() => ({ kid: undefined })),
        jwks: (honest) => ({ keys: [key("ec", { alg: "ES256", kid: "a" }),
            { ...publicJwk("ed"), alg: "EdDSA", use: "sig", kid: "b" }, ...honest.keys] }),
    }],
    ["no kid, the key is the second of its kind", {
        ...header(() => ({ kid: undefined })),
        jwks: (honest) => ({ keys: [key("rsa2", { kid: "old" }), ...honest.keys] }),
    }],
    ["a key without alg and use", { jwks: () => ({ keys: [publicJwk("rsa", { kid: "key-1" })] }) }],
    ["a key set with kinds we do not know", {
        jwks: (honest) => ({ keys: [{ kty: "AKP", alg: "ML-DSA-44", kid: "pq", pub: "AAAA" },
            ...honest.keys] }),
    }],
    ["token_type BEARER", tokens(() => ({ token_type: "BEARER" }))],
    ["no expires_in", tokens(() => ({ expires_in: undefined }))],
    ["expires_in as text", tokens(() => ({ expires_in: "3600" }))],
    ["no scope", tokens(() => ({ scope: undefined }))],
    ["tokens we do not know", tokens(() => ({ refresh_token: "r", device_secret: "d", x: { y: [] } }))],
    ["content type with a charset", { tokens: (honest) => new Reply(200, JSON.stringify(honest),
        { "content-type": "Application/JSON;charset=UTF-8" }) }],
    ["aud a list of one", claims(({ aud }) => ({ aud: [aud] }))],
    ["aud with a stranger, azp is us", claims(({ aud }) => ({ aud: [aud, "stranger"], azp: aud }))],
    ["no at_hash", without("at_hash")],
    ["exp with a fraction", claims(({ exp }) => ({ exp: exp + 0.5 }))],
    ["exp half a minute ago", claims((_, now) => ({ exp: now - 30, iat: now - 300 }))],
    ["iat half a minute from now", claims((_, now) => ({ iat: now + 30 }))],
    ["sub of 255 characters", claims(() => ({ sub: "s".repeat(255) })),
        { settings: { userinfo: false }, userinfo: 0 }],
    ["a claim called __proto__", { claims: (c) =>
        JSON.stringify(c).replace(/}$/, `,"__proto__":{"iss":"x"}}`) }],
    ["no iss, and none promised", { ...discovery(() =>
        ({ authorization_response_iss_parameter_supported: false })),
        ...response((p) => p.delete("iss")) }],
    ["an authorization endpoint with a query", discovery((d) =>
        ({ authorization_endpoint: `${d.authorization_endpoint}?tenant=1` }))],
    ["PKCE not advertised: it is sent all the same", without_("code_challenge_methods_supported")],
    ["only plain PKCE advertised: S256 is sent all the same", discovery(() =>
        ({ code_challenge_methods_supported: ["plain"] }))],
    ["parameters that we do not know", response((p) => {
        p.set("session_state", "s.t");
        p.set("scope", "openid");
    })],
]).map((row) => ({ userinfo: 1, ...row }));

export const misbehaviours = [
    ...works,
    ...issuerClaim, ...audience, ...subject, ...times, ...nonce,
    ...algorithm, ...keys, ...signatures, ...shapes, ...keySets, ...keySetTransport,
    ...documents, ...documentTransport,
    ...tokenAnswers, ...tokenTransport, ...userinfoAnswers,
    ...responses, ...browsers,
];

for (const [i, row] of misbehaviours.entries()) {
    row.id = `m${String(i + 1).padStart(3, "0")}`;
    row.causes = [row.cause].flat();
}
