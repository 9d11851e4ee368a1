// Auth0Client of the npm package in a Node server, through a real provider with refresh tokens that rotate:
// sign-in, guard, update, tokens that several requests want at once, sign-out. The addon is the one that
// `./dev test node` built.
import { existsSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { close, freePort, listen } from "./kit/net.mjs";
import { newSecret } from "./kit/sites.mjs";
import { Visitor, navigation } from "./kit/visitor.mjs";
import { clientName, oddSecret, passOidcProvider, startOidcProvider } from "../provider/oidc-provider.mjs";

const client = clientName("client_secret_post", "RS256");

/** What a middleware of Next.js gets and gives, in a server of Node's. */
function serverOf(auth0, pages) {
    return http.createServer(async (req, res) => {
        try {
            const request = new Request(`http://${req.headers.host}${req.url}`,
                { method: req.method, headers: req.headers });
            const answer = await auth0.middleware(request);
            if (answer.headers.has("x-middleware-next")) {
                for (const line of answer.headers.getSetCookie()) res.appendHeader("set-cookie", line);
                const cookie = request.headers.get("cookie"); // as it is after the middleware
                return void await pages({ headers: { ...req.headers, ...(cookie && { cookie }) }, url: req.url }, res);
            }
            res.statusCode = answer.status;
            for (const [name, value] of answer.headers) if (name !== "set-cookie") res.setHeader(name, value);
            for (const line of answer.headers.getSetCookie()) res.appendHeader("set-cookie", line);
            res.end(Buffer.from(await answer.arrayBuffer()));
        } catch (error) {
            res.writeHead(500).end(String(error.stack));
        }
    });
}

export default async function run(t) {
    const folder = path.join(t.tools.root, "hosts/node");
    if (!existsSync(path.join(folder, "build/usher.node"))) {
        t.note("there is no addon (./dev test node builds it): the npm package was not tried");
        return;
    }
    const { Auth0Client, AccessTokenError } = createRequire(path.join(folder, "package.json"))("./auth0/index.cjs");
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const op = await startOidcProvider(t, () => [`${origin}/auth/callback`], {
        client: { grant_types: ["authorization_code", "refresh_token"], post_logout_redirect_uris: [origin] },
        configuration: {
            features: {
                revocation: { enabled: true, allowedPolicy: (_, asking, token) => token.clientId === asking.clientId },
                rpInitiatedLogout: { enabled: true },
            },
            issueRefreshToken: () => true,
            rotateRefreshToken: true,
        },
    });
    const heard = [];
    const auth0 = new Auth0Client({
        domain: op.issuer, allowInsecureRequests: true, clientId: client, clientSecret: oddSecret,
        secret: newSecret(), appBaseUrl: origin, tokenRefreshBuffer: 3600, // always due: the provider's live 600 s
        beforeSessionSaved: (session, idToken) => {
            heard.push(idToken !== null);
            return { ...session, user: { ...session.user, role: "reader" } };
        },
        onReport: ({ cause }) => heard.push(cause),
    });
    const pages = async (req, res) => {
        const { pathname } = new URL(req.url, origin);
        const session = await auth0.getSession(req);
        const json = (status, value) => { res.statusCode = status; res.end(JSON.stringify(value)); };
        if (!session) return json(401, null);
        if (pathname === "/rename") await auth0.updateSession(req, res, { ...session, user: { ...session.user, name: "Renamed" } });
        if (pathname !== "/token") return json(200, (await auth0.getSession(req)).user);
        return auth0.getAccessToken(req, res).then((token) => json(200, token),
            (error) => json(401, { code: error.code, ours: error instanceof AccessTokenError, cause: error.cause?.code }));
    };
    const server = serverOf(auth0, pages);
    await listen(server, port);
    t.defer(() => close(server));

    await t.case("a visit", (t) => visit(t, { op, origin, heard }));
    t.equal(op.errors, [], "the provider found no fault with any request");
    await t.case("a session that the provider ended", (t) => ended(t, { op, origin }));
}

async function signIn(t, { op, origin }) {
    const visitor = new Visitor(origin);
    const start = await visitor.get("/auth/login?returnTo=/here", { headers: navigation });
    t.need(start.status === 307 && start.location.startsWith(`${op.issuer}/auth?`), "login leads to the provider", start);
    const done = await visitor.get(await passOidcProvider(visitor, start.location, { login: "ann" }), { headers: navigation });
    t.need(done.status === 307 && done.location === `${origin}/here`, "the callback lets in", done);
    return visitor;
}

async function visit(t, context) {
    const { op, origin, heard } = context;
    t.equal((await new Visitor(origin).get("/page")).status, 401, "a stranger is nobody");
    const visitor = await signIn(t, context);
    const page = await visitor.get("/page");
    t.equal([page.status, page.json.sub, page.json.role], [200, "ann", "reader"], "the program's session is read");
    t.equal(page.setCookies.length > 0, true, "and was rolled");
    t.equal(heard, [true], "the hook was asked once, with the ID token");

    await visitor.get("/rename");
    t.equal((await visitor.get("/page")).json.name, "Renamed", "an update stays");

    const cookie = visitor.cookie("__session");
    const five = await Promise.all([1, 2, 3, 4, 5].map(() => {
        const tab = new Visitor(origin);
        tab.setCookie("__session", cookie);
        return tab.get("/token").then((answer) => ({ tab, answer }));
    }));
    t.equal(five.map(({ answer }) => answer.status), [200, 200, 200, 200, 200], "five requests at once get a token",
        five.map(({ answer }) => answer.text).join("\n"));
    t.equal(new Set(five.map(({ answer }) => answer.json.token)).size, 1, "the same one, refreshed once");
    const after = await five[3].tab.get("/token");
    t.equal(after.status, 200, "and any of them goes on with the rotated refresh token", after.text);

    const out = await five[3].tab.get("/auth/logout", { headers: navigation });
    t.ok(out.status === 307 && out.location.startsWith(`${op.issuer}/session/end?`), "logout leads to the provider's", out);
    t.equal((await five[3].tab.get("/page")).status, 401, "nobody is signed in");
}

async function ended(t, context) {
    const visitor = await signIn(t, context);
    const { RefreshToken } = context.op.provider;
    const find = RefreshToken.find;
    RefreshToken.find = async () => undefined; // the provider has forgotten them all
    const answer = await visitor.get("/token");
    RefreshToken.find = find;
    t.equal([answer.status, answer.json], [401, { code: "failed_to_refresh_token", ours: true, cause: "invalid_grant" }],
        "the program is told why");
    t.equal((await visitor.get("/page")).status, 200, "and the session stays");
}
