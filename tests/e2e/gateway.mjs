// examples/nginx and examples/caddy as they are shipped, with the real servers: who passes, who does
// not, and that nothing a client invents reaches the application.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Program, Usherd } from "./kit/process.mjs";
import { Visitor, navigation, program } from "./kit/visitor.mjs";
import { freePort, rawRequest } from "./kit/net.mjs";
import { developmentSite, encodeVisible, profiles } from "./kit/sites.mjs";
import { pickName, sessionCookies, signOut } from "./kit/flows.mjs";
import { identityHeaders, startUpstream } from "./kit/upstream.mjs";

const people = [
    { id: "ann", name: "Ann Exemplar", email: "ann@example.com" },
    { id: "chi", name: "智子, 50 % \"sure\"", email: "chi@example.com" },
    { id: "none" },
];

const host = "app.example.com";

/** The example's text with other addresses; each of them must be there, or the test tests nothing. */
function adapted(t, file, changes) {
    let text = readFileSync(path.join(t.tools.root, file), "utf8");
    for (const [from, to] of Object.entries(changes)) {
        t.ok(text.includes(from), `${file} has "${from}"`);
        text = text.replaceAll(from, to);
    }
    return text;
}

const whereIs = (name) =>
    ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"]
        .map((folder) => path.join(folder, name))
        .find((file) => existsSync(file));

const frontEnds = {
    async nginx(t, { port, usherd, application }) {
        const folder = path.join(t.dir, "nginx");
        mkdirSync(folder, { recursive: true });
        const site = adapted(t, "examples/nginx/usher.conf", {
            "listen 80;": `listen 127.0.0.1:${port};`,
            "server 127.0.0.1:3000;": `server 127.0.0.1:${usherd};`,
            "server 127.0.0.1:8080;": `server 127.0.0.1:${application};`,
            "server_name app.example.com;": "server_name app.example.com localhost;",
        });
        writeFileSync(path.join(folder, "usher.conf"), site);
        writeFileSync(path.join(folder, "nginx.conf"), [
            "daemon off; master_process off; worker_processes 1;",
            `pid ${folder}/nginx.pid; error_log stderr info;`,
            "events { worker_connections 256; }",
            "http {",
            "    access_log off;",
            ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map((name) => `    ${name}_temp_path ${folder}/${name};`),
            "    include usher.conf;",
            "}",
            "",
        ].join("\n"));
        const command = whereIs("nginx");
        t.need(command, "nginx is installed", "apt-get install nginx-light, or ./dev deps test");
        return new Program(t, "nginx", command, ["-p", folder, "-c", "nginx.conf", "-e", "stderr"]);
    },
    async caddy(t, { port, usherd, application }) {
        const folder = path.join(t.dir, "caddy");
        mkdirSync(folder, { recursive: true });
        const site = adapted(t, "examples/caddy/Caddyfile", {
            "http://app.example.com {": `http://app.example.com:${port}, http://localhost:${port} {`,
            "127.0.0.1:3000": `127.0.0.1:${usherd}`,
            "127.0.0.1:8080": `127.0.0.1:${application}`,
        });
        const options = "{\n\tadmin off\n\tauto_https off\n}\n";
        writeFileSync(path.join(folder, "Caddyfile"), options + site);
        const command = whereIs("caddy");
        t.need(command, "caddy is installed", "apt-get install caddy, or ./dev deps test");
        return new Program(t, "caddy", command,
            ["run", "--config", path.join(folder, "Caddyfile"), "--adapter", "caddyfile"],
            { env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder } });
    },
};

export default async function run(t) {
    const upstream = await startUpstream(t);

    for (const name of Object.keys(frontEnds))
        await t.case(name, (t) => behind(t, name, upstream));
    await t.case("the contract", (t) => contract(t));
}

async function behind(t, name, upstream) {
    const port = await freePort();
    const settings = await developmentSite({
        profile: "authjs-5",
        site: {
            base_url: `http://localhost:${port}`,
            open: ["/", "/open/*", "/about"],
            session: { update_age: "0s" },
            providers: [{ id: "development", type: "development", name: "Development", users: people }],
        },
    });
    const usherd = await Usherd.start(t, `usherd-${name}`, settings);
    const front = await frontEnds[name](t, { port, usherd: usherd.port, application: upstream.port });
    await front.listens(port);
    const context = {
        name, port, upstream, usherd, front,
        profile: profiles["authjs-5"], origin: `http://localhost:${port}`,
    };

    await t.case("a stranger", (t) => stranger(t, context));
    await t.case("a visitor with a session", (t) => knownVisitor(t, context));
    await t.case("identity", (t) => identity(t, context));
    await t.case("invented headers", (t) => invented(t, context));
    await t.case("invented questions", (t) => inventedQuestions(t, context));
    await t.case("odd paths", (t) => oddPaths(t, context));
    await t.case("methods", (t) => methods(t, context));
    await t.case("usherd away", (t) => away(t, context));
    const exit = await front.stop();
    t.ok(exit === 0, `${name} stops`, `exit ${exit}\n${front.tail()}`);
}

async function stranger(t, { origin, upstream, name }) {
    const visitor = new Visitor(origin);
    const signIn = (target) =>
        `${origin}/api/auth/signin?callbackUrl=${encodeURIComponent(origin + target)}`;

    upstream.take();
    for (const target of ["/closed", "/closed?a=1&b=%20c", "/deep/er?x=/open/"]) {
        const answer = await visitor.get(target, { headers: navigation });
        t.equal([answer.status, answer.location], [302, signIn(target)],
            `a browser that wants ${target} is sent to sign in`);
    }
    const call = await visitor.get("/closed", { headers: program });
    t.equal([call.status, call.location], [401, undefined], "a program gets 401 and no redirect");
    const script = await visitor.get("/closed",
        { headers: { ...navigation, "sec-fetch-mode": "cors" } });
    t.equal(script.status, 401, "a page's script gets 401");
    const post = await visitor.post("/closed", { a: "1" }, { headers: navigation });
    t.equal(post.status, 401, "a form that was posted gets 401: its body would be lost");
    t.equal(upstream.hits, 0, "nothing of this reached the application");

    for (const target of ["/", "/open/a", "/about?x=1"]) {
        const answer = await visitor.get(target, { headers: navigation });
        t.equal([answer.status, answer.text], [200, "application\n"], `${target} is open`);
    }
    const empty = upstream.take().map(({ headers }) => identityHeaders(headers));
    t.ok(empty.every((headers) => headers.every(([, value]) => value === "")),
        "on open paths the application sees that nobody is signed in", JSON.stringify(empty));
    const page = await visitor.get("/api/auth/signin", { headers: navigation });
    t.ok(page.status === 200 && page.text.includes("<form"), `${name} leads to the sign-in page`, page);
    const check = await visitor.get("/_usher/check", { headers: program });
    t.equal(check.status, 404, "the question cannot be asked from outside", check);
}

async function knownVisitor(t, { origin, upstream, profile, name, usherd }) {
    const visitor = new Visitor(origin);
    const done = await pickName(visitor, { user: "ann", callbackUrl: "/closed" });

    t.need(done.location === `${origin}/closed`, "sign-in works through the front end",
        `${done}\n${usherd.tail(2)}`);
    upstream.take();
    const answer = await visitor.get("/closed?a=1", { headers: navigation });
    t.equal([answer.status, answer.text], [200, "application\n"], "the closed page is open");
    const [request] = upstream.take();
    t.equal(request?.target, "/closed?a=1", "the application sees the path as it was sent");
    const renewed = answer.cookies(profile.cookie.session);
    if (name === "nginx") t.equal(renewed.length, 1, "the renewed session is handed on", answer);
    const own = await visitor.get("/closed", { headers: { "x-answer-status": "401" } });
    t.equal([own.status, own.text], [401, "application\n"], "the application's own 401 is its own");
    const error = await visitor.get("/closed", { headers: { "x-answer-status": "500" } });
    t.equal([error.status, error.text], [500, "application\n"], "the application's own 500 too");

    await signOut(visitor, "/");
    upstream.take();
    const closed = await visitor.get("/closed", { headers: navigation });
    t.equal([closed.status, upstream.hits], [302, 0], "after sign-out it is closed");
}

async function identity(t, { origin, upstream, profile }) {
    for (const person of people) {
        const visitor = new Visitor(origin);
        await pickName(visitor, { user: person.id });
        upstream.take();
        const now = Math.floor(Date.now() / 1000);
        await visitor.get("/closed", { headers: program });
        const [request] = upstream.take();
        t.need(request, `${person.id} passes`);
        const sent = identityHeaders(request.headers);
        const one = Object.fromEntries(sent.map(([name, value]) => [name.toLowerCase(), value]));
        // nginx leaves out a header whose value is empty.
        const of = (key) => one[key] ?? "";
        t.equal(sent.length, Object.keys(one).length, `${person.id}: each header once`);
        t.equal([of("x-usher-name"), of("x-usher-email")],
            [encodeVisible(person.name ?? ""), encodeVisible(person.email ?? "")],
            `${person.id}: name and address`);
        t.match(of("x-usher-user"), /^[\w-]{3,}$/, `${person.id}: the user's id`);
        t.ok(Math.abs(Number(of("x-usher-expires")) - now - 2592000) < 60,
            `${person.id}: the end of the session`, of("x-usher-expires"));
        t.ok(request.headers.every(([, value]) => !/[^\x20-\x7e]/.test(value)),
            `${person.id}: plain ASCII only`);
    }
}

const evil = "evil-value";
function spellings() {
    const names = ["X-Usher-User", "X-Usher-Name", "X-Usher-Email", "X-Usher-Expires"];
    const forms = names.flatMap((name) => [
        name, name.toLowerCase(), name.toUpperCase(),
        name.replaceAll("-", "_"), name.replace("-", "_"), name.toLowerCase().replaceAll("-", "_"),
        name.replace(/-(?=\w+$)/, "_"), name.replace(/^X/, "x"), name.replace("Usher", "uShEr"),
    ]);
    return [
        ...forms.map((form) => [form, `${form}: ${evil}`]),
        ...names.map((form) => [`${form} twice`, `${form}: ${evil}\r\n${form}: ${evil}`]),
        ...names.map((form) => [`${form} in two cases`,
            `${form}: ${evil}\r\n${form.toLowerCase()}: ${evil}`]),
        ...names.map((form) => [`${form} named in Connection`,
            `${form}: ${evil}\r\nConnection: close, ${form}`]),
        ...names.map((form) => [`${form} without a space`, `${form}:${evil}`]),
        ...names.map((form) => [`${form} with a space before the colon`, `${form} : ${evil}`]),
        ...names.map((form) => [`${form} folded`, `A: b\r\n ${form}: ${evil}\r\n${form}:\r\n ${evil}`]),
        ...names.map((form) => [`${form} with a tab`, `${form}:\t${evil}`]),
    ];
}

/** Nothing that a client calls by our names reaches the application, signed in or not. */
async function invented(t, { origin, port, upstream, profile }) {
    const visitor = new Visitor(origin);
    await pickName(visitor, { user: "ann" });
    const cookie = sessionCookies(visitor, profile).map(([n, c]) => `${n}=${c.value}`).join("; ");
    const cases = spellings();
    const came = [];
    let reached = 0;

    for (const [what, lines] of cases)
        for (const [target, extra] of [["/", ""], ["/closed", `Cookie: ${cookie}\r\n`]]) {
            upstream.take();
            await rawRequest(port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${extra}` +
                `${lines}\r\n${lines.includes("Connection") ? "" : "Connection: close\r\n"}\r\n`);
            for (const { headers } of upstream.take()) {
                reached += 1;
                if (identityHeaders(headers).some(([, value]) => value.includes(evil)))
                    came.push(`${what} on ${target}: ${JSON.stringify(identityHeaders(headers))}`);
            }
        }
    t.equal(came, [], `${cases.length} spellings of our headers never come from the client`);
    t.ok(reached >= cases.length, "most of those requests were answered otherwise", reached);
}

/** Headers that tell usherd what to judge, sent by a client: they must not count. */
async function inventedQuestions(t, { port, upstream }) {
    const headers = ["X-Original-URI", "X-Original-Url", "X-Original-Method", "X-Forwarded-Uri",
        "X-Forwarded-Method", "X-Forwarded-Prefix", "X-Rewrite-Url", "X_Original_URI",
        "x-original-uri", "Forwarded", "X-Forwarded-Host", "X-Forwarded-For"];
    const values = ["/", "/open/a", "http://localhost/", "127.0.0.1"];
    const passed = [];
    let refused = 0;

    upstream.take();
    for (const name of headers)
        for (const value of values) {
            const answer = await rawRequest(port, `GET /closed HTTP/1.1\r\nHost: ${host}\r\n` +
                `${name}: ${value}\r\nAccept: application/json\r\nConnection: close\r\n\r\n`);
            if (upstream.take().length) passed.push(`${name}: ${value}`);
            refused += answer.status === 401;
        }
    t.equal(passed, [], "no header of a client opens a closed page");
    t.ok(refused >= values.length * (headers.length - 1), "they are refused as any stranger", refused);
    const open = await rawRequest(port, `GET /open/a HTTP/1.1\r\nHost: ${host}\r\n` +
        "X-Original-URI: /closed\r\nX-Forwarded-Uri: /closed\r\nConnection: close\r\n\r\n");
    t.equal(open.status, 200, "nor closes an open one");
}

/** Targets that servers read differently (docs: what counts as open): never open for a stranger. */
const odd = [
    "//closed", "/%63losed", "/CLOSED", "/open/../closed", "/open/%2e%2e/closed", "/open/.%2e/closed",
    "/./closed", "/open/..%2fclosed", "/open%2f..%2fclosed", "/%2fclosed", "/a//../closed",
    "/open/..;/closed", "/;x/closed", "/%5cclosed", "/open/%252e%252e/closed", "/%c0%af/closed",
    "/\\closed", "/open\\..\\closed", "/closed%00", "/open/%00", "/open#/../closed", "/closed#/open/",
    "http://b.example/closed", "*", "/%zzclosed", "/open/../../closed", "/open/.../closed",
    "/open/%2e%2e%2fclosed", "/open/..%5cclosed", "/about/../closed", "/about;/../closed",
    "/about%2f..%2fclosed", "//open/a", "/open//a", "/about/", "/about%20", "/ABOUT", "/abou%74",
    "/open/a%0d%0aX-Usher-User:%20x", "/open/\u00e9", "/open/a;b", "/open/%ff",
];

async function oddPaths(t, { port, upstream }) {
    const reached = [];
    const answers = [];

    for (const target of odd) {
        upstream.take();
        const answer = await rawRequest(port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n` +
            "Accept: text/html\r\nConnection: close\r\n\r\n");
        answers.push(`${target} → ${answer.status}`);
        for (const { target: seen } of upstream.take()) reached.push(`${target} → ${seen}`);
        // Of a host that is not configured, Caddy knows nothing: an empty 200.
        if (answer.body.includes("application")) reached.push(`${target} was answered by it`);
    }
    t.keep(`odd-paths-${port}.txt`, answers.join("\n"));
    t.equal(reached, [], `${odd.length} odd paths are closed to strangers`, answers.join(", "));
}

async function methods(t, { port, upstream }) {
    const tried = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "TRACE"];
    const extras = ["", "Range: bytes=0-1\r\n", "Expect: 100-continue\r\nContent-Length: 1\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\n", "X-HTTP-Method-Override: OPTIONS\r\n",
        "Authorization: Bearer x\r\n", "Cookie: authjs.session-token=x\r\n"];
    upstream.take();
    const open = [];
    for (const method of tried)
        for (const extra of extras) {
            const answer = await rawRequest(port, `${method} /closed HTTP/1.1\r\nHost: ${host}\r\n` +
                `${extra}${extra.includes("Connection") ? "" : "Connection: close\r\n"}\r\n`,
                { timeout: extra.includes("Expect") || extra.includes("Upgrade") ? 500 : 5000 });
            if (upstream.take().length) open.push(`${method} ${extra}`);
            if (answer.status >= 200 && answer.status < 300) open.push(`${method} ${answer.status}`);
        }
    t.equal(open, [], `${tried.length * extras.length} kinds of request for a closed page are refused`);
}

async function away(t, { origin, upstream, profile, usherd }) {
    const visitor = new Visitor(origin);
    await pickName(visitor, { user: "ann" });
    const before = await visitor.get("/closed", { headers: program });
    t.equal(before.status, 200, "while usherd is there, the visitor passes");

    await usherd.finish();
    upstream.take();
    for (const [what, target] of [["closed", "/closed"], ["open", "/open/a"]])
        for (const headers of [navigation, program]) {
            const answer = await visitor.get(target, { headers });
            t.equal([answer.status, answer.setCookies], [503, []],
                `without usherd, ${what} pages answer 503 and touch no cookie`);
        }
    t.equal(upstream.hits, 0, "and nothing reaches the application");
    t.ok(sessionCookies(visitor, profile).length, "the visitor keeps the session");
}

/** The question and its answers without a front end between. */
async function contract(t) {
    const settings = await developmentSite({
        profile: "nextauth-4",
        site: {
            open: ["/", "/open/*"],
            identity_header_prefix: "X-Me-",
            session: { update_age: "1h" },
            providers: [{ id: "development", type: "development", name: "Development", users: people }],
        },
    });
    const usherd = await Usherd.start(t, "usherd-contract", settings);
    const origin = settings.site.base_url;
    const profile = profiles["nextauth-4"];
    const known = new Visitor(origin);
    await pickName(known, { user: "ann" });
    const ask = (headers, visitor = new Visitor(origin)) =>
        visitor.get("/_usher/check", { headers });
    const signIn = (target) =>
        `${origin}/api/auth/signin?callbackUrl=${encodeURIComponent(origin + target)}`;
    const nginx = (uri, more) => ({ "x-original-uri": uri, "x-original-method": "GET", ...more });
    const caddy = (uri, more) => ({ "x-forwarded-uri": uri, "x-forwarded-method": "GET", ...more });

    const yes = await ask(nginx("/closed"), known);
    const names = ["x-me-user", "x-me-name", "x-me-email", "x-me-expires"];
    t.equal(yes.status, 200, "a session: 200");
    t.equal(names.map((name) => typeof yes.headers[name]), names.map(() => "string"),
        "with the four headers, prefix as configured");
    t.equal([yes.headers["x-me-user"], yes.headers["x-me-name"]], ["ann", "Ann%20Exemplar"],
        "percent-encoded");
    t.equal(yes.setCookies, [], "a young session is not renewed");
    t.match(yes.headers["cache-control"], /no-store/, "the answer is not cached");
    const open = await ask(nginx("/open/x"));
    t.equal([open.status, ...names.map((name) => open.headers[name])], [200, "", "", "", ""],
        "open: 200, and the four headers are there and empty");

    const page = await ask(nginx("/closed?a=b", navigation));
    t.equal([page.status, page.headers["x-usher-redirect"], page.location],
        [401, signIn("/closed?a=b"), undefined], "nginx, a page: 401 and where to sign in");
    const call = await ask(nginx("/closed", program));
    t.equal([call.status, call.headers["x-usher-redirect"]], [401, undefined], "nginx, a call: 401");
    const away_ = await ask(caddy("/closed?a=b", navigation));
    t.equal([away_.status, away_.location], [302, signIn("/closed?a=b")], "Caddy, a page: 302");
    const other = await ask(caddy("/closed", program));
    t.equal([other.status, other.location], [401, undefined], "Caddy, a call: 401");
    const posted = await ask(caddy("/closed", { ...navigation, "x-forwarded-method": "POST" }));
    t.equal(posted.status, 401, "a page's POST is no navigation");

    const none = await ask({});
    t.equal(none.status, 401, "a question without a path is about a closed one", none);
    const both = await ask({ ...nginx("/open/x"), ...caddy("/closed") });
    t.ok(both.status !== 200, "two questions at once are not answered with yes", both);
    const swapped = await ask({ ...nginx("/closed"), ...caddy("/open/x") });
    t.ok(swapped.status !== 200, "in neither order", swapped);
    const forged = await ask(nginx("/closed", { cookie: `${profile.cookie.session}=forged` }));
    t.equal(forged.status, 401, "a forged cookie: 401", forged);
    const evilBack = await ask(caddy("//evil.example/x", navigation));
    t.ok(evilBack.status !== 200 && !/callbackUrl=(http)?%?[^&]*\/\/evil/.test(
        decodeURIComponent(evilBack.location ?? "").replace(`${origin}//`, "")),
        "a path cannot lead the way back elsewhere", evilBack);

    await t.case("untrusted peer", async (t) => {
        const strict = await developmentSite({
            profile: "authjs-5",
            site: { open: ["/open/*"] },
            daemon: { trusted_peers: [] },
        });
        const lonely = await Usherd.start(t, "usherd-untrusted", strict);
        const visitor = new Visitor(strict.site.base_url);
        for (const headers of [nginx("/open/x"), caddy("/open/x")]) {
            const answer = await visitor.get("/_usher/check", { headers });
            t.equal(answer.status, 401, "headers of a peer that is not trusted do not count",
                `${answer}\n${lonely.tail(2)}`);
        }
    });
}
