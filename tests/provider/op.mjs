// An OpenID provider that can misbehave. It is honest until a switch ("lie") says otherwise; each
// issuer is a path of its own below one loopback port, with its own lies, counters and keys, so that
// nothing that a relying party caches crosses from one case to the next.
//
// Lies are functions that get what an honest provider would say and return what this one says: a value
// of the same kind, or a Reply for what is not even that. See misbehaviours.mjs.
import { keyPair } from "../e2e/kit/keys.mjs";
import { createHash, createHmac, randomBytes, sign, timingSafeEqual }
    from "node:crypto";
import http from "node:http";
import { CompactSign } from "jose";
import { close, listen } from "../e2e/kit/net.mjs";

/** An answer that is not what was asked for. */
export class Reply {
    constructor(status, body = "", headers = {}, how = "") {
        Object.assign(this, { status, body, headers, how });
    }
    static json(value, status = 200) {
        return new Reply(status, JSON.stringify(value), { "content-type": "application/json" });
    }
    static html(status = 200) {
        return new Reply(status, "<!DOCTYPE html><h1>Service Unavailable</h1>",
            { "content-type": "text/html" });
    }
    static redirect(location) {
        return new Reply(302, "", { location });
    }
    /** JSON with `bytes` of padding in it. */
    static big(value, bytes) {
        return Reply.json({ ...value, padding: "x".repeat(bytes) });
    }
    /** Takes the request and never answers. */
    static hang() {
        return new Reply(0, "", {}, "hang");
    }
    /** Closes the connection instead of answering. */
    static drop() {
        return new Reply(0, "", {}, "drop");
    }
    /** Promises a whole body, sends half of it, closes. */
    static half(value) {
        return new Reply(200, JSON.stringify(value), { "content-type": "application/json" }, "half");
    }
    /** One byte now and then, for ever. */
    static drip(value) {
        return new Reply(200, JSON.stringify(value), { "content-type": "application/json" }, "drip");
    }
}

export const b64u = (data) => Buffer.from(data).toString("base64url");

/** Key pairs by name; made once, since RSA keys take their time. */
const pairs = {
    rsa: keyPair("rsa", { modulusLength: 2048 }),
    rsa2: keyPair("rsa", { modulusLength: 2048 }),
    rsa1024: keyPair("rsa", { modulusLength: 1024 }),
    ec: keyPair("ec", { namedCurve: "P-256" }),
    ec2: keyPair("ec", { namedCurve: "P-256" }),
    p384: keyPair("ec", { namedCurve: "P-384" }),
    ed: keyPair("ed25519"),
};
export const privateKey = (name) => pairs[name].privateKey;
export const publicKey = (name) => pairs[name].publicKey;
export const publicJwk = (name, more = {}) =>
    ({ ...pairs[name].publicKey.export({ format: "jwk" }), ...more });

const keyOf = { RS256: "rsa", PS256: "rsa", ES256: "ec", EdDSA: "ed" };

/** Signs whatever it is given, under whatever name: what libraries refuse to do. */
export function signRaw(header, payload, { key, alg = header.alg, secret } = {}) {
    const input = `${b64u(typeof header === "string" ? header : JSON.stringify(header))}.` +
        b64u(typeof payload === "string" || Buffer.isBuffer(payload) ? payload
            : JSON.stringify(payload));
    if (secret !== undefined)
        return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
    if (!key) return `${input}.`;
    const how = {
        RS256: ["sha256", { key }],
        PS256: ["sha256", { key, padding: 6, saltLength: 32 }],
        ES256: ["sha256", { key, dsaEncoding: "ieee-p1363" }],
        EdDSA: [null, { key }],
    }[alg];
    return `${input}.${sign(how[0], Buffer.from(input), how[1]).toString("base64url")}`;
}

/** As an honest provider signs: by a library that knows the rules. */
const signHonestly = (header, claims, key) =>
    new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(header).sign(key);

export class Provider {
    #issuers = new Map();
    #hanging = new Set();

    /** Everything secret that was ever issued: none of it may be in anybody's log. */
    secrets = new Set();

    static async start(t) {
        const self = new Provider();
        self.server = http.createServer((request, response) => self.#serve(request, response));
        self.port = await listen(self.server);
        self.base = `http://127.0.0.1:${self.port}`;
        t.defer(() => self.stop());
        return self;
    }

    async stop() {
        for (const response of this.#hanging) response.destroy();
        await close(this.server);
    }

    /** Makes an issuer; returns its state, which tells what happened. */
    add(key, { alg = "RS256", lies = {}, clientId, clientSecret }) {
        const issuer = {
            key, alg, lies, clientId, clientSecret,
            url: `${this.base}/${key}`,
            hits: { discovery: 0, jwks: 0, authorize: 0, token: 0, userinfo: 0, other: 0 },
            faults: [],         // what the relying party did wrong
            codes: new Map(),
            signingKey: keyOf[alg],
            kid: "key-1",
            down: false,
        };
        this.#issuers.set(key, issuer);
        return issuer;
    }

    issuer(key) {
        return this.#issuers.get(key);
    }

    secret(text) {
        this.secrets.add(text);
        return text;
    }

    async #serve(request, response) {
        const url = new URL(request.url, this.base);
        const [, key, ...rest] = url.pathname.split("/");
        const issuer = this.#issuers.get(key);
        const route = `/${rest.join("/")}`;
        const handler = {
            "/.well-known/openid-configuration": "discovery",
            "/jwks": "jwks", "/authorize": "authorize", "/token": "token", "/userinfo": "userinfo",
        }[route] ?? "other";

        try {
            const body = await readAll(request);
            if (!issuer || issuer.down) return this.#send(response, Reply.drop());
            issuer.hits[handler] += 1;
            const context = { issuer, provider: this, request, url, body, route };
            this.#send(response, await this[`_${handler}`](context));
        } catch (error) {
            issuer?.faults.push(`the provider itself failed: ${error.stack}`);
            this.#send(response, Reply.html(500));
        }
    }

    async _discovery({ issuer }) {
        const { url, alg } = issuer;
        const document = {
            issuer: url,
            authorization_endpoint: `${url}/authorize`,
            token_endpoint: `${url}/token`,
            userinfo_endpoint: `${url}/userinfo`,
            jwks_uri: `${url}/jwks`,
            response_types_supported: ["code"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: [alg],
            token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
            code_challenge_methods_supported: ["S256"],
            authorization_response_iss_parameter_supported: true,
        };
        return asJson(await lie(issuer, "discovery", document));
    }

    async _jwks({ issuer }) {
        const { alg, signingKey, kid } = issuer;
        const set = { keys: [publicJwk(signingKey, { use: "sig", alg, kid })] };
        return asJson(await lie(issuer, "jwks", set));
    }

    async _authorize({ issuer, url }) {
        const q = url.searchParams;
        const want = (condition, what) => condition || issuer.faults.push(`authorize: ${what}`);

        want(q.get("response_type") === "code", "response_type is not code");
        want(q.get("client_id") === issuer.clientId, "another client_id");
        want(q.get("code_challenge_method") === "S256", "PKCE is not S256");
        want(/^[\w-]{43}$/.test(q.get("code_challenge")), "no PKCE challenge");
        want((q.get("scope") ?? "").split(" ").includes("openid"), "scope without openid");
        for (const name of new Set(q.keys())) want(q.getAll(name).length === 1, `${name} repeated`);

        const code = this.secret(randomBytes(24).toString("base64url"));
        issuer.codes.set(code, {
            challenge: q.get("code_challenge"),
            nonce: q.get("nonce"),
            redirectUri: q.get("redirect_uri"),
        });
        if (q.get("state")) this.secret(q.get("state"));
        const params = new URLSearchParams({ code });
        if (q.has("state")) params.set("state", q.get("state"));
        params.set("iss", issuer.url);
        const target = new URL(q.get("redirect_uri"));
        target.search = (await lie(issuer, "response", params, { target })).toString();
        return Reply.redirect(target.href);
    }

    async _token({ issuer, request, body }) {
        const form = new URLSearchParams(body);
        const grant = issuer.codes.get(form.get("code"));
        let good = true;
        const want = (condition, what) => {
            if (condition) return;
            good = false;
            issuer.faults.push(`token: ${what}`);
        };

        issuer.codes.delete(form.get("code"));
        want(request.method === "POST", `method ${request.method}`);
        want(clientOf(request, form, issuer), "the client does not authenticate");
        want(form.get("grant_type") === "authorization_code", "another grant type");
        want(grant, "unknown or used code");
        want(grant?.redirectUri === form.get("redirect_uri"), "another redirect_uri");
        const challenge = createHash("sha256").update(form.get("code_verifier") ?? "")
            .digest("base64url");
        want(await lie(issuer, "pkce", grant?.challenge === challenge),
            "the PKCE verifier does not fit");
        if (form.get("code_verifier")) this.secret(form.get("code_verifier"));
        if (!good) return Reply.json({ error: "invalid_grant" }, 400);

        const access = this.secret(randomBytes(32).toString("base64url"));
        const idToken = await this.#idToken(issuer, grant, access);
        if (typeof idToken === "string" && idToken.length > 20) this.secret(idToken);
        issuer.access = access;
        const tokens = {
            access_token: access,
            token_type: "Bearer",
            expires_in: 3600,
            scope: "openid profile email",
            id_token: idToken,
        };
        return asJson(await lie(issuer, "tokens", tokens));
    }

    async #idToken(issuer, grant, access) {
        const now = Math.floor(Date.now() / 1000);
        const hash = issuer.alg === "EdDSA" ? "sha512" : "sha256";
        const digest = createHash(hash).update(access).digest();
        let claims = {
            iss: issuer.url,
            sub: "person-1",
            aud: issuer.clientId,
            exp: now + 300,
            iat: now,
            at_hash: b64u(digest.subarray(0, digest.length / 2)),
            name: "Ann Exemplar",
            email: "ann@example.com",
        };
        if (grant?.nonce) claims.nonce = grant.nonce;
        let header = { alg: issuer.alg, typ: "JWT", kid: issuer.kid };
        await lie(issuer, "beforeSigning", undefined, issuer);
        if (issuer.kid !== header.kid) header.kid = issuer.kid;
        claims = await lie(issuer, "claims", claims, { now });
        header = await lie(issuer, "header", header);
        const key = privateKey(issuer.signingKey);
        const token = issuer.lies.sign
            ? await issuer.lies.sign({ header, claims, key, issuer })
            : typeof claims === "string" || header.crit || header.alg !== issuer.alg
                ? signRaw(header, claims, { key, alg: issuer.alg })
                : await signHonestly(header, claims, key);
        return lie(issuer, "idToken", token);
    }

    async _userinfo({ issuer, request }) {
        if (request.headers.authorization !== `Bearer ${issuer.access}`)
            issuer.faults.push("userinfo: not the access token");
        const claims = { sub: "person-1", name: "Ann of userinfo", email: "ann@example.com" };
        return asJson(await lie(issuer, "userinfo", claims));
    }

    _other({ route, issuer }) {
        issuer.faults.push(`asked for ${route}`);
        return Reply.html(404);
    }

    #send(response, reply) {
        const body = Buffer.from(reply.body);
        const head = { ...reply.headers, connection: "close" };

        switch (reply.how) {
        case "hang":
            this.#hanging.add(response.socket);
            return;
        case "drop":
            response.socket.destroy();
            return;
        case "half":
            response.writeHead(200, { ...head, "content-length": body.length });
            response.write(body.subarray(0, body.length >> 1), () => response.socket?.destroy());
            return;
        case "drip": {
            response.writeHead(200, { ...head, "content-length": body.length });
            this.#hanging.add(response.socket);
            let sent = 0;
            const timer = setInterval(() => {
                if (response.socket?.destroyed || sent >= body.length) clearInterval(timer);
                else response.write(body.subarray(sent, (sent += 1)));
            }, 100);
            return;
        }
        default:
            response.writeHead(reply.status, { ...head, "content-length": body.length });
            response.end(body);
        }
    }
}

const lie = (issuer, name, honest, more) =>
    issuer.lies[name] ? issuer.lies[name](honest, { issuer, ...more }) : honest;

const asJson = (value) => (value instanceof Reply ? value : Reply.json(value));

async function readAll(request) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
}

/** Either way to send the secret, and it must be the right one. */
function clientOf(request, form, issuer) {
    let id = form.get("client_id");
    let secret = form.get("client_secret");
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? "");

    if (basic) {
        const decode = (text) => decodeURIComponent(text.replaceAll("+", "%20"));
        const [a, b] = Buffer.from(basic[1], "base64").toString("utf8").split(":");
        if (secret !== null) return false; // never both
        [id, secret] = [decode(a), decode(b)];
    }
    const [a, b] = [secret ?? "", issuer.clientSecret].map((text) => Buffer.from(text));
    return id === issuer.clientId && a.length === b.length && timingSafeEqual(a, b);
}
