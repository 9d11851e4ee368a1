// Settings of sites under test, and what the two profiles are known by.
import { randomBytes } from "node:crypto";
import { freePort } from "./net.mjs";

/** What differs between the profiles, as a browser sees it. */
export const profiles = {
    "nextauth-4": {
        name: "nextauth-4",
        prefix: "next-auth",
        noSession: {},
        chunk: 3933,
        // Where a failure sends the browser, by kind (src/profile has the same table).
        failure: {
            csrfSignIn: "/signin?csrf=true",
            csrfSignOut: "/signout?csrf=true",
            start: "/error?error=OAuthSignin",
            check: "/error?error=OAuthCallback",
            provider: "/error?error=Callback",
            callback: "/error?error=OAuthCallback",
        },
    },
    "authjs-5": {
        name: "authjs-5",
        prefix: "authjs",
        noSession: null,
        chunk: 3936,
        failure: {
            csrfSignIn: "/signin?error=MissingCSRF",
            csrfSignOut: "/signin?error=MissingCSRF",
            start: "/error?error=Configuration",
            check: "/error?error=Configuration",
            provider: "/signin?error=OAuthCallbackError",
            callback: "/error?error=Configuration",
        },
    },
};

for (const profile of Object.values(profiles)) {
    const { prefix } = profile;
    profile.cookie = {
        session: `${prefix}.session-token`,
        csrf: `${prefix}.csrf-token`,
        callbackUrl: `${prefix}.callback-url`,
        state: `${prefix}.state`,
        pkce: `${prefix}.pkce.code_verifier`,
        nonce: `${prefix}.nonce`,
    };
    Object.freeze(profile);
}

export const bothProfiles = Object.keys(profiles);

export const newSecret = () => randomBytes(32).toString("base64url");

/** Settings of a development site on a free port; the parts given are laid over them. */
export async function developmentSite({ profile, secret = newSecret(), site = {}, daemon = {} }) {
    const port = await freePort();
    return {
        site: {
            base_url: `http://localhost:${port}`,
            development: true,
            profile,
            ...(secret === null ? {} : { secret }),
            ...site,
        },
        daemon: {
            listen: `127.0.0.1:${port}`,
            trusted_peers: ["127.0.0.1"],
            ...daemon,
        },
    };
}

/** A provider on loopback, which takes two switches that only development allows. */
export function loopbackProvider(id, issuer, more = {}) {
    return {
        id,
        type: "oidc",
        name: id,
        issuer,
        client_id: "usher-client",
        client_secret: "client-secret-of-the-tests-0123456789",
        plain_http: true,
        private_network: true,
        ...more,
    };
}

/** As headers carry text: outside visible ASCII, percent-encoded UTF-8. */
export function encodeVisible(text) {
    return [...Buffer.from(text, "utf8")]
        .map((byte) => byte > 0x20 && byte < 0x7f && byte !== 0x25 && byte !== 0x2c
            ? String.fromCharCode(byte)
            : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
        .join("");
}
