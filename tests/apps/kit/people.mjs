// A provider that speaks https, and the way through it.
import { freePort } from "../../e2e/kit/net.mjs";
import { clientName, oddSecret, passOidcProvider, startOidcProvider } from "../../provider/oidc-provider.mjs";
import { makeCertificate } from "./build.mjs";

export const clientId = clientName("client_secret_basic", "RS256");
export const clientSecret = oddSecret;
export const signInAt = passOidcProvider;

/** A provider, and for each name an origin to which it leads back. */
export async function startProvider(t, names, callback, more = {}) {
    const tls = makeCertificate(t);
    const origins = {};
    for (const name of names) origins[name] = `http://localhost:${await freePort()}`;
    const back = () => Object.values(origins).map((origin) => origin + callback);
    const op = await startOidcProvider(t, back, {
        tls,
        client: more.client?.(Object.values(origins)),
        configuration: {
            claims: { openid: ["sub"], profile: ["name", "picture"], email: ["email", "email_verified"] },
            ...more.configuration,
        },
    });
    return { op, origins, trust: { NODE_EXTRA_CA_CERTS: tls.file } };
}
