// oidc-provider on loopback, and a way through its sign-in pages without a browser.
import { keyPair } from "../e2e/kit/keys.mjs";
import { freePort, listen, close } from "../e2e/kit/net.mjs";
import { forms } from "../e2e/kit/flows.mjs";

export const algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
export const clientAuths = ["client_secret_basic", "client_secret_post"];

/** Whose address is known to be theirs; said to clients of a provider whose claims have email_verified. */
const verified = new Set(["ann"]);

/** Odd on purpose: Basic authentication form-encodes it before it is joined to the id by a colon. */
export const oddSecret = "s3cret of the tests: 0123456789 +/=&%~";

const people = {
    ann: { name: "Ann Exemplar", email: "ann@example.com", picture: "https://example.com/ann.png" },
    zoe: { name: "Zoé 智子 🦉", email: "zoe@example.com" },
};

function signingKeys() {
    const pairs = {
        RS256: keyPair("rsa", { modulusLength: 2048 }),
        PS256: keyPair("rsa", { modulusLength: 2048 }),
        ES256: keyPair("ec", { namedCurve: "P-256" }),
        EdDSA: keyPair("ed25519"),
    };
    return Object.entries(pairs).map(([alg, { privateKey }]) => ({
        ...privateKey.export({ format: "jwk" }),
        alg,
        use: "sig",
        kid: `key-${alg}`,
    }));
}

/** One client for each way to authenticate and each algorithm: "basic-rs256", … */
export function clientName(auth, alg) {
    return `${auth.replace("client_secret_", "")}-${alg.toLowerCase()}`;
}

/**
 * @param redirectUris of a client's name: where it may send the browser back to
 * @param more about every client, of the provider's configuration, and {key, cert} if it speaks https
 */
export async function startOidcProvider(t, redirectUris,
    { client = {}, configuration = {}, tls } = {}) {
    // The package speaks to the console about its runtime and its example keys; it is kept.
    const said = [];
    const console_ = { warn: console.warn, info: console.info };
    console.warn = console.info = (...words) => said.push(words.join(" "));
    const { Provider } = await import("oidc-provider");
    const port = await freePort();
    const issuer = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;

    const clients = clientAuths.flatMap((auth) => algorithms.map((alg) => ({
        client_id: clientName(auth, alg),
        client_secret: oddSecret,
        token_endpoint_auth_method: auth,
        id_token_signed_response_alg: alg,
        redirect_uris: redirectUris(clientName(auth, alg)),
        grant_types: ["authorization_code"],
        response_types: ["code"],
        ...client,
    })));
    const provider = new Provider(issuer, {
        clients,
        jwks: { keys: signingKeys() },
        cookies: { keys: ["a key for the cookies of the provider"] },
        claims: { openid: ["sub"], profile: ["name", "picture"], email: ["email"] },
        conformIdTokenClaims: false, // profile and e-mail in the ID token too
        enabledJWA: { idTokenSigningAlgValues: algorithms },
        ...configuration,
        features: { devInteractions: { enabled: true }, ...configuration.features },
        pkce: { required: () => true },
        findAccount: (_, id) => ({
            accountId: id,
            claims: () => ({
                sub: id, ...(people[id] ?? { name: id }), email_verified: verified.has(id),
            }),
        }),
        ttl: {
            Session: 600, Interaction: 600, Grant: 600, IdToken: 600, AccessToken: 600,
            RefreshToken: 600,
        },
    });
    const errors = [];
    for (const event of ["server_error", "authorization.error", "grant.error", "userinfo.error"])
        provider.on(event, (...rest) => {
            const error = rest.find((value) => value instanceof Error);
            errors.push(`${event}: ${error?.message}: ${error?.error_description ?? error?.stack}`);
        });
    const { createServer } = await import(tls ? "node:https" : "node:http");
    const server = createServer(tls ?? {}, provider.callback());
    await listen(server, port);
    Object.assign(console, console_);
    t.keep("oidc-provider.txt", said.join("\n"));
    t.defer(() => close(server));
    return { issuer, errors, people, provider };
}

/**
 * Goes from the authorization URL through the provider's pages to the redirect that leads back.
 * Returns that URL. Whatever page is shown is answered: "login" with a name, "consent" with yes.
 */
export async function passOidcProvider(visitor, url, { login }) {
    for (let step = 0; step < 12; step += 1) {
        const page = await visitor.get(url);
        if (page.status >= 300 && page.status < 400) {
            url = new URL(page.location, url).href;
            if (url.startsWith(visitor.origin)) return url;
            continue;
        }
        if (page.status !== 200) throw new Error(`the provider answered: ${page}`);
        const [form] = forms(page.text);
        const fields = { prompt: form.fields.prompt };
        if (form.fields.prompt === "login") Object.assign(fields, { login, password: "any" });
        const answer = await visitor.post(new URL(form.action, url).href, fields);
        if (!answer.location) throw new Error(`the provider's ${fields.prompt} page: ${answer}`);
        url = new URL(answer.location, url).href;
        if (url.startsWith(visitor.origin)) return url;
    }
    throw new Error("the provider never led back");
}
