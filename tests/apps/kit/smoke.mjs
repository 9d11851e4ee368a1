// A short visit to an application that is built in another way than usual.
import { newSecret } from "../../e2e/kit/sites.mjs";
import { Visitor, navigation } from "../../e2e/kit/visitor.mjs";
import { clientName } from "../../provider/oidc-provider.mjs";
import { buildApp, startApp } from "./build.mjs";
import { clientId, clientSecret, startProvider } from "./people.mjs";
import { ask, send, signIn, take } from "./visit.mjs";

const seen = async (visitor, target) => {
    const { status, text } = await visitor.get(target, { headers: navigation });
    return [status, text.includes("ann@example.com")];
};

/** Signs in and out, by the routes of Auth.js. */
async function authjs(t, app) {
    const visitor = new Visitor(app.origin);
    const leave = send("", "/api/auth/signout", { callbackUrl: "/" }, { csrf: true });

    for (const target of ["/dashboard", "/dashboard/x"]) {
        const answer = await take(visitor, ask("", target));
        t.ok(answer.status === 307 && answer.location.includes("/api/auth/signin?callbackUrl="), `${target} is closed`, answer);
    }
    t.equal(await seen(visitor, "/"), [200, false], "other pages are open");
    t.equal((await visitor.get("/api/me")).status, 401, "a Route Handler knows nobody");
    await signIn(visitor, { login: "ann", start: send("", "/api/auth/signin/company", { callbackUrl: "/dashboard" }, { csrf: true }) });
    for (const target of ["/dashboard", "/old", "/api/me", "/api/old/me", "/api/token"])
        t.equal(await seen(visitor, target), [200, true], `${target} knows who it is`);
    await take(visitor, leave);
    t.equal((await visitor.get("/api/me")).status, 401, "signed out");
}

async function auth0(t, app) {
    const visitor = new Visitor(app.origin);

    t.equal((await take(visitor, ask("", "/dashboard"))).status, 307, "/dashboard is closed");
    t.equal((await visitor.get("/api/me")).status, 401, "a Route Handler knows nobody");
    await signIn(visitor, { login: "ann", start: ask("", "/auth/login?returnTo=%2Fdashboard") });
    for (const target of ["/dashboard", "/old", "/members", "/api/me", "/api/old/me", "/auth/profile"])
        t.equal(await seen(visitor, target), [200, true], `${target} knows who it is`);
    t.equal((await visitor.get("/api/token?refresh")).json.characters, 43, "an access token is refreshed");
    await take(visitor, ask("", "/auth/logout"));
    t.equal((await visitor.get("/api/me")).status, 401, "signed out");
}

const auth0Provider = {
    client: (origins) => ({ grant_types: ["authorization_code", "refresh_token"], post_logout_redirect_uris: origins }),
    configuration: { features: { rpInitiatedLogout: { enabled: true } }, issueRefreshToken: () => true },
};

const environments = {
    v4: ({ origin, secret, issuer }) => ({ NEXTAUTH_URL: origin, NEXTAUTH_SECRET: secret,
        COMPANY_ISSUER: issuer, COMPANY_ID: clientId, COMPANY_SECRET: clientSecret, COMPANY_IS_INSIDE: "yes" }),
    v5: ({ origin, secret, issuer }) => ({ AUTH_URL: origin, AUTH_SECRET: secret,
        COMPANY_ISSUER: issuer, COMPANY_ID: clientId, COMPANY_SECRET: clientSecret, COMPANY_IS_INSIDE: "yes" }),
    auth0: ({ origin, secret, issuer }) => ({ APP_BASE_URL: origin, AUTH0_SECRET: secret, AUTH0_DOMAIN: issuer,
        AUTH0_CLIENT_ID: clientName("client_secret_post", "RS256"), AUTH0_CLIENT_SECRET: clientSecret, PROVIDER_IS_INSIDE: "yes" }),
};

const visits = { v4: authjs, v5: authjs, auth0 };

/** An application on usher, built in this way: somebody signs in, looks around, and signs out. */
export async function smoke(t, app, flavour, more = {}) {
    const isAuth0 = app === "auth0";
    buildApp(t, app, "usher", { flavour, more });
    const { op, origins, trust } = await startProvider(t, ["here"], isAuth0 ? "/auth/callback" : "/api/auth/callback/company",
        isAuth0 ? auth0Provider : {});
    const origin = origins.here;
    const env = { ...trust, ...environments[app]({ origin, secret: newSecret(), issuer: op.issuer }) };
    const started = await startApp(t, { app, variant: "usher", flavour, origin, env, name: `${app}-${flavour}` });
    await visits[app](t, started);
    return started;
}
