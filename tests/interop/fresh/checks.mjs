// The way back of a sign-in: state, PKCE and nonce in their cookies, judged by Auth.js v4 and v5.
import { createHmac } from "node:crypto";
import { NOW, SECRET, file, quiet, require, stopClock } from "./kit.mjs";

const v4 = require(file("next-auth/jwt"));
const v5 = await import(file("@auth/core/jwt.js"));
const { AuthHandler } = require(file("next-auth/core"));
const { Auth, customFetch } = await import(file("@auth/core/index.js"));
const { TokenSet } = require(file("openid-client"));
const { parse: parse4 } = require(file("next-auth/node_modules/cookie"));

const ISSUER = "https://idp.example.com";
const OTHER = "another-public-test-secret-9876543210";

const b64 = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** The provider's ID token, signed with the client's secret; v5 takes it from the token endpoint as it is. */
function idToken(alg, nonce) {
    const input = `${b64({ alg })}.${b64({ iss: ISSUER, aud: "cid", sub: "user-1", iat: NOW, exp: NOW + 300, nonce })}`;
    return `${input}.${createHmac("sha256", "csecret").update(input).digest("base64url")}`;
}

const tokensOf = ({ checks, id_token_nonce }, alg) => ({ access_token: "at", token_type: "bearer",
    ...(checks.includes("nonce") ? { id_token: idToken(alg, id_token_nonce) } : {}) });

/** Nobody is told about without a token. */
function userOf({ tokens }) {
    if (tokens.access_token !== "at") throw new Error("no access token");
    return { sub: "user-1" };
}

/* --- the originals --------------------------------------------------------------------------------- */

const rejected = (location, sent) => ({ result: "rejected", location, token_request_sent: sent !== undefined });

const isCheck = (name) => /\.(state|nonce|pkce\.code_verifier)$/.test(name);

function outcome({ sent, location, cookies }) {
    if (!cookies.some(({ name, cleared }) => name.endsWith(".session-token") && !cleared)) return rejected(location, sent);
    return { result: "accepted", code_verifier: sent.code_verifier ?? null, location,
        cleared: cookies.filter(({ name, cleared }) => cleared && isCheck(name)).map(({ name }) => name) };
}

/** openid-client does all it does, but for the request that it would send. */
async function callback4(input) {
    let sent;
    const withToken = input.checks.includes("nonce");
    async function exchanged({ client, provider, params, checks }) {
        client.grant = async (body) => {
            sent = body;
            return new TokenSet(tokensOf(input, "HS256"));
        };
        return { tokens: withToken ? await client.callback(provider.callbackUrl, params, checks) : await client.oauthCallback(provider.callbackUrl, params, checks) };
    }
    const provider = { id: input.provider, name: "Provider", type: "oauth", issuer: ISSUER, idToken: withToken, clientId: "cid", clientSecret: "csecret", checks: input.checks,
        client: { id_token_signed_response_alg: "HS256" }, authorization: `${ISSUER}/authorize`, token: { url: `${ISSUER}/token`, request: exchanged },
        userinfo: withToken ? undefined : { request: userOf }, profile: ({ sub }) => ({ id: sub }) };
    const before = process.env.NEXTAUTH_URL;
    process.env.NEXTAUTH_URL = input.base_url;
    const answer = await AuthHandler({ req: { action: "callback", providerId: input.provider, method: "GET", query: input.query, headers: {}, cookies: parse4(input.cookie_header ?? "") },
        options: { secret: input.secret, providers: [provider], logger: quiet } });
    if (before === undefined) delete process.env.NEXTAUTH_URL;
    else process.env.NEXTAUTH_URL = before;
    return outcome({ sent, location: answer.redirect, cookies: (answer.cookies ?? []).map(({ name, options }) => ({ name, cleared: options.maxAge === 0 })) });
}

async function callback5(input) {
    let sent;
    const withToken = input.checks.includes("nonce");
    const provider = { id: input.provider, name: "Provider", type: withToken ? "oidc" : "oauth", issuer: ISSUER, clientId: "cid", clientSecret: "csecret", checks: input.checks,
        authorization: `${ISSUER}/authorize`, token: `${ISSUER}/token`, userinfo: { url: `${ISSUER}/userinfo`, request: userOf }, profile: ({ sub }) => ({ id: sub }),
        [customFetch]: async (_, { body }) => {
            sent = Object.fromEntries(new URLSearchParams(body));
            return Response.json(tokensOf(input, "RS256"));
        } };
    const answer = await Auth(new Request(`${input.base_url}/api/auth/callback/${input.provider}?${new URLSearchParams(input.query)}`, { headers: input.cookie_header ? { cookie: input.cookie_header } : {} }),
        { secret: input.secret, providers: [provider], logger: quiet, trustHost: true, basePath: "/api/auth" });
    return outcome({ sent, location: answer.headers.get("location"), cookies: answer.headers.getSetCookie().map((line) => ({ name: line.split("=", 1)[0], cleared: line.includes("Max-Age=0;") })) });
}

/* --- what is made ---------------------------------------------------------------------------------- */

const NAMES = { state: "state", pkce: "pkce.code_verifier", nonce: "nonce" };
const nameOf = (system, { base_url }, check) => `${base_url.startsWith("https:") ? "__Secure-" : ""}${system === "authjs4" ? "next-auth" : "authjs"}.${NAMES[check]}`;
const ages = [0, 0, 0, 0, 0, 1, 60, 899, 900, 914, 915, 916];
const random = (pick) => Buffer.from(pick.hex(64), "hex").toString("base64url");

/** As the original would have sealed it some time ago. */
async function sealed(pick, system, { secret }, salt, token, maxAge = 900) {
    stopClock(NOW - pick.of(ages));
    const made = await (system === "authjs4" ? v4 : v5).encode({ token, secret: pick.chance(0.97) ? secret : OTHER, salt: pick.chance(0.97) ? salt : salt.replace("state", "nonce"), maxAge });
    stopClock(NOW);
    return made;
}

/** Whether the case that was made last has a cookie whose value is neither a text nor nothing, or an empty state: docs/compatibility.md. */
let strange = false;

const odd = [undefined, null, "", 1, {}, [], true, "x"];

async function cookieOf(pick, system, input, check, value) {
    const name = nameOf(system, input, check);
    const token = { value, provider: input.provider };
    if (pick.chance(0.04)) token.value = pick.of(odd);
    strange ||= Boolean(token.value) && typeof token.value !== "string";
    if (pick.chance(0.06)) token.provider = pick.of([...odd, "google", input.provider.toUpperCase()]);
    if (pick.chance(0.06)) token.extra = pick.of([1, "x", null, {}]);
    const text = await sealed(pick, system, input, name, JSON.parse(JSON.stringify(token)), pick.chance(0.95) ? 900 : pick.of([1, 2592000]));
    return `${name}=${pick.chance(0.97) ? text : pick.of(["", "x", text.slice(0, -4), `${text}.`, text.slice(4)])}`;
}

/** [what the state parameter is, what the cookie holds] */
async function stateOf(pick, system, input) {
    if (system === "authjs4") return random(pick);
    const inner = pick.chance(0.95) ? { random: random(pick) } : pick.of([{}, { random: 1 }, { random: "" }, { origin: "https://x.example", random: "r" }]);
    return pick.chance(0.97) ? sealed(pick, system, input, "encodedState", inner) : pick.of(["", "x", random(pick)]);
}

async function make(pick) {
    strange = false;
    const system = pick.of(["authjs4", "authjs5"]);
    const input = { now: NOW, base_url: pick.of(["http://localhost:3000", "http://localhost:3000", "https://app.example.com"]), secret: SECRET, provider: pick.of(["github", "github", "my-company"]),
        checks: pick.of([["pkce", "state"], ["pkce", "state"], ["state"], ["pkce"], ["pkce", "state", "nonce"], ["nonce", "state"], ["nonce"], ["none"]]) };
    const values = { state: await stateOf(pick, system, input), pkce: random(pick), nonce: random(pick) };
    const jar = [];
    for (const check of Object.keys(NAMES)) {
        if (!pick.chance(input.checks.includes(check) ? 0.96 : 0.1)) continue;
        jar.push(await cookieOf(pick, system, input, pick.chance(0.98) ? check : pick.of(Object.keys(NAMES)), values[check]));
    }
    if (pick.chance(0.1)) jar.push(pick.of(["a=b", "theme=dark", "x"]));
    if (jar.length > 1 && pick.chance(0.03)) jar[0] = `${jar[0].split("=", 1)[0]}=${jar[1].split("=")[1]}`;
    if (jar.length && pick.chance(0.03)) jar.push(`${jar[0].split("=", 1)[0]}=${pick.of(["", "x"])}`);
    if (jar.length && pick.chance(0.03)) jar[0] = jar[0].replace("=", "=\"").concat("\"");
    if (jar.length) input.cookie_header = pick.shuffled(jar).join("; ");
    input.query = { code: "code-1" };
    if (pick.chance(input.checks.includes("state") ? 0.96 : 0.1)) input.query.state = pick.chance(0.95) ? values.state : pick.of(["x", `${values.state}x`, values.state.toUpperCase(), values.state.slice(1)]);
    strange ||= input.query.state === "";
    if (pick.chance(0.06)) input.query.iss = pick.of([ISSUER, ISSUER, `${ISSUER}/`, "https://other.example.com"]);
    if (pick.chance(0.03)) input.query.code = "";
    if (pick.chance(0.03)) delete input.query.code;
    if (pick.chance(0.05)) {
        delete input.query.code;
        input.query.error = pick.of(["access_denied", "server_error", "login_required"]);
    }
    if (pick.chance(0.03)) input.query[pick.of(["scope", "session_state", "foo"])] = "x";
    if (input.checks.includes("nonce")) input.id_token_nonce = pick.chance(0.93) ? values.nonce : pick.of(["x", `x${values.nonce}`, values.nonce.slice(1)]);
    return { system, op: `${system}.oauth-callback`, input };
}

export const parts = [{
    name: "oauth-checks",
    weight: 2,
    answers: { "authjs4.oauth-callback": callback4, "authjs5.oauth-callback": callback5 },
    make,
    other: () => (strange ? "skip" : null),
}];
