// examples/c-server: an application in C with the library inside, as its README tells one to build it.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Program } from "./kit/process.mjs";
import { freePort, rawRequest } from "./kit/net.mjs";
import { hasSessionCookie, pickName, signOut } from "./kit/flows.mjs";
import { newSecret, profiles } from "./kit/sites.mjs";
import { originals } from "./kit/originals.mjs";
import { Visitor, navigation, program } from "./kit/visitor.mjs";

const profile = profiles["authjs-5"];
const secret = newSecret();

export default async function run(t) {
    const folder = path.join(t.tools.root, "examples/c-server");
    const lines = readFileSync(path.join(folder, "c-server.c"), "utf8").split("\n").length - 1;
    t.ok(lines < 100, "it has fewer than 100 lines", lines);

    const port = await freePort();
    const file = path.join(t.dir, "usherd.yaml");
    const shipped = readFileSync(path.join(folder, "usherd.yaml"), "utf8");
    writeFileSync(file, shipped.replace(":3000", `:${port}`));
    const server = new Program(t, "c-server", t.tools["c-server"], [file, String(port)],
        { env: { AUTH_SECRET: secret } });
    await server.listens(port);
    const origin = `http://localhost:${port}`;

    await t.case("a visit", (t) => visit(t, origin));
    await t.case("cookies", (t) => cookies(t, origin));
    await t.case("bodies", (t) => bodies(t, origin, port));
    await t.case("side by side", (t) => sideBySide(t, origin));
    await t.case("settings", (t) => badSettings(t));
    t.ok(server.running && !/Sanitizer|runtime error/.test(server.err), "it lives on", server.tail());
}

async function visit(t, origin) {
    const visitor = new Visitor(origin);
    const closed = () => visitor.get("/closed", { headers: navigation });

    t.equal((await visitor.get("/")).status, 200, "the open page is open");
    const sent = await closed();
    t.ok(sent.status === 302 && sent.location.startsWith(`${origin}/api/auth/signin?callbackUrl=`),
        "the closed one sends to the sign-in page", sent);
    t.equal((await visitor.get("/closed", { headers: program })).status, 401, "and a program gets 401");
    const page = await visitor.get(sent.location, { headers: navigation });
    t.match(page.text, /Ada Lovelace/, "the sign-in page offers names", page);

    const signedIn = await pickName(visitor, { user: "ada", callbackUrl: "/closed" });
    t.equal(signedIn.location, `${origin}/closed`, "signing in leads back", signedIn);
    const open = await closed();
    t.equal([open.status, open.text], [200, "Ada Lovelace"], "and it is open", open);
    t.match(open.headers["content-type"], /^text\/plain/, "as text: a name is no markup");
    const session = await visitor.get("/api/auth/session");
    t.equal(session.json.user, { name: "Ada Lovelace", email: "ada@example.com" },
        "a program sees the session", session);

    const out = await signOut(visitor);
    t.ok(!hasSessionCookie(visitor, profile), "signing out takes the cookie away", out);
    t.equal((await closed()).status, 302, "and the page is closed again");
}

async function cookies(t, origin) {
    const name = profile.cookie.session;
    const claims = { name: "Zoé <b>", sub: "1", text: "x".repeat(5000) };
    const token = await originals["authjs-5"].encode({ claims, secret, maxAge: 600, salt: name });
    const pieces = originals["authjs-5"].chunks(name, token);
    const ask = (change) => {
        const visitor = new Visitor(origin);
        for (const [piece, value] of Object.entries(pieces)) visitor.setCookie(piece, change(value));
        return visitor.get("/closed", { headers: program });
    };

    t.equal((await ask((value) => value)).text, "Zoé <b>", "a session of Auth.js is one, in pieces too");
    t.equal((await ask((value) => value.replace(/.$/, (c) => (c === "A" ? "B" : "A")))).status, 401,
        "a damaged one is none");
    const many = await rawRequest(Number(new URL(origin).port),
        `GET /closed HTTP/1.1\r\nHost: x\r\n${"a: b\r\n".repeat(120)}Connection: close\r\n\r\n`);
    t.equal(many.status, 0, "more headers than it keeps: no answer");
    const long = await rawRequest(Number(new URL(origin).port),
        `GET /closed?${"a".repeat(9000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    t.equal(long.status, 0, "an address longer than it keeps: no answer");
}

async function bodies(t, origin, port) {
    const visitor = new Visitor(origin);
    const { csrfToken } = (await visitor.get("/api/auth/csrf")).json;
    const form = `user=ada&callbackUrl=%2Fclosed&csrfToken=${csrfToken}`;
    const head = (length) => "POST /api/auth/callback/development HTTP/1.1\r\nHost: x\r\n" +
        `Cookie: ${visitor.jar.header("localhost", "/")}\r\nConnection: close\r\n` +
        "Content-Type: application/x-www-form-urlencoded\r\n" + length;
    const chunked = [...form.matchAll(/.{1,7}/g)].map(([c]) => `${c.length.toString(16)}\r\n${c}\r\n`);

    const pieces = await rawRequest(port,
        `${head("Transfer-Encoding: chunked\r\n\r\n")}${chunked.join("")}0\r\n\r\n`);
    t.match(pieces.head, /Location: \S+\/closed\r\n/, "a form that comes in pieces is read");
    t.match(pieces.head, /Set-Cookie: authjs\.session-token=ey/, "and signs in");
    const much = "x".repeat(20000);
    const large = await rawRequest(port, `${head(`Content-Length: ${much.length}\r\n\r\n`)}${much}`);
    t.equal(large.status, 0, "a larger one than it keeps: no answer");
}

async function sideBySide(t, origin) {
    const one = async (user, name) => {
        const visitor = new Visitor(origin);
        await pickName(visitor, { user });
        const seen = await Promise.all(Array.from({ length: 10 }, () => visitor.get("/closed")));
        return seen.every((answer) => answer.text === name);
    };
    const all = Array.from({ length: 10 }, (_, i) =>
        i % 2 ? one("ada", "Ada Lovelace") : one("grace", "Grace Hopper"));
    t.ok((await Promise.all(all)).every(Boolean), "ten visitors at once each see their own name");
}

async function badSettings(t) {
    const file = path.join(t.dir, "broken.yaml");
    writeFileSync(file, "site: {base_url: 7}\n");
    const broken = new Program(t, "broken", t.tools["c-server"], [file, "0"]);
    t.equal(await broken.ended, 2, "settings that cannot be used: exit 2");
    t.match(broken.err, /usher check/, "and where to read on", broken.err);
}
