// examples/moving: a browser that was signed in before the move is signed in after it. Each settings
// file is used as it is shipped; cookies are made by the original packages, or as they make them.
import { hkdfSync, randomUUID } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { EncryptJWT } from "jose";
import { Usherd, run as runProgram } from "./kit/process.mjs";
import { freePort } from "./kit/net.mjs";
import { signOut } from "./kit/flows.mjs";
import { newSecret } from "./kit/sites.mjs";
import { originals } from "./kit/originals.mjs";
import { Visitor } from "./kit/visitor.mjs";

const now = () => Math.floor(Date.now() / 1000);
const host = "app.example.com";
const claims = {
    name: "Ann é", email: "ann@example.com", picture: "https://example.com/a.png", sub: "42",
    role: "admin",
};
const user = { sub: "42", name: "Ann é", email: "ann@example.com", role: "admin" };
const tokenSet = { accessToken: "at", refreshToken: "rt", expiresAt: 1893456000 };

/* --- the systems that are left ------------------------------------------------------------------- */

async function sealedByAuth0(secret, payload, header, exp) {
    const key = new Uint8Array(hkdfSync("sha256", secret, "", "JWE CEK", 32));
    const token = new EncryptJWT(payload).setProtectedHeader({ alg: "dir", enc: "A256GCM", ...header });
    if (exp) token.setExpirationTime(exp);
    return token.encrypt(key);
}

const auth = (profile, name) => async (secret, lives) => ({
    [name]: await originals[profile].encode({ claims, secret, maxAge: lives, salt: name }),
});
const auth0 = async (secret, lives) => ({
    __session: await sealedByAuth0(secret,
        { user, tokenSet, internal: { sid: randomUUID(), createdAt: now() - 60 } }, {}, now() + lives),
});
const auth0v3 = async (secret, lives) => ({
    appSession: await sealedByAuth0(secret, { user, accessToken: "at", refreshToken: "rt" },
        { uat: now() - 60, iat: now() - 60, exp: now() + lives }),
});

const next = "__Secure-next-auth.session-token";
const authjs = "__Secure-authjs.session-token";

/** file: what browsers bring, sealed with which file's secret, and what they hold afterwards. */
const moves = {
    "nextauth-4-to-authjs-5.yaml": { bring: auth("nextauth-4", next), secret: "secret", to: authjs },
    "nextauth-4-to-auth0-4.yaml": { bring: auth("nextauth-4", next), secret: "nextauth-secret", to: "__session" },
    "auth0-3-to-auth0-4.yaml": { bring: auth0v3, secret: "secret", to: "__session" },
    "auth0-4-to-authjs-5.yaml": { bring: auth0, secret: "auth0-secret", to: authjs },
    "new-secret.yaml": { bring: auth("authjs-5", authjs), secret: "old-secret", to: authjs },
    "new-cookie-name.yaml":
        { bring: auth("authjs-5", authjs), secret: "secret", to: "__Host-shop.session" },
};

/* --- */

export default async function run(t) {
    const from = path.join(t.tools.root, "examples/moving");
    const files = readdirSync(from).filter((name) => name.endsWith(".yaml")).sort();

    t.equal(files, Object.keys(moves).sort(), "every settings file has its move here");
    for (const file of files) {
        const folder = path.join(t.dir, file);
        mkdirSync(folder, { recursive: true });
        cpSync(path.join(from, file), path.join(folder, file));
        await t.case(file, (t) => move(t, path.join(folder, file), moves[file]));
    }
}

/** Puts secrets where the file wants them: {file name: secret}. */
function furnish(file) {
    const secrets = {};
    const text = readFileSync(file, "utf8");
    const names = [...text.matchAll(/secret_file: (\S+)|^ +- (\S+-secret)\b/gm)].map((m) => m[1] ?? m[2]);

    for (const name of names) {
        secrets[name] = newSecret();
        const there = path.join(path.dirname(file), name);
        writeFileSync(there, `${secrets[name]}\n`);
        chmodSync(there, 0o600);
    }
    return secrets;
}

async function move(t, file, { bring, secret, to }) {
    const secrets = furnish(file);
    const checked = await runProgram(t.tools.usher, ["check", file]);
    t.equal([checked.code, checked.out.includes("warning")], [0, false], "usher check is content",
        checked.out + checked.err);

    const port = await freePort();
    const usherd = new Usherd(t, path.basename(file, ".yaml"), t.tools.usherd,
        ["--config", file, "--listen", `127.0.0.1:${port}`]);
    await usherd.waitFor(/^usherd: ready on/m);
    const visit = async (lives) => {
        const visitor = new Visitor(`http://localhost:${port}`, { headers: { host } });
        for (const [name, value] of Object.entries(await bring(secrets[secret], lives)))
            visitor.setCookie(name, value);
        return visitor;
    };
    if (to === "__session") await seen(t, await visit(3600), to);
    else await carried(t, await visit(3600), to, 3600);
    await asked(t, await visit(3600), to);
    if (to !== "__session") await signedOut(t, await visit(3600));
    if (secret === "secret" && to === authjs) await bothThere(t, await visit(3600), secrets[secret]);
    const over = await session(await visit(-3600), to);
    t.ok(["", "null", "{}"].includes(over.text), "a session that was over stays over", over);
    t.ok(!/"level":"error"/.test(usherd.err), "no error is logged", usherd.tail());
}

/** Auth0's endpoint is called profile and answers with the user alone. */
const session = (visitor, to) =>
    visitor.get(to === "__session" ? "/auth/profile" : "/api/auth/session");

const names = (visitor) => [...visitor.cookies().keys()].filter((name) => /ession/.test(name));

/** Auth0's endpoint tells and writes nothing, as the original's; the application's next write does. */
async function seen(t, visitor, to) {
    const before = names(visitor);
    const answer = await session(visitor, to);

    t.equal([answer.json.name, answer.json.email], ["Ann é", "ann@example.com"],
        "signed in after the move", answer);
    t.equal(names(visitor), before, "and nothing is written yet", answer);
}

async function signedOut(t, visitor) {
    const answer = await signOut(visitor);
    t.equal(names(visitor), [], "signing out takes every session cookie away", answer);
}

/** The old system went on beside the new one: signing out ends what both of them wrote. */
async function bothThere(t, visitor, secret) {
    const own = await auth("authjs-5", authjs)(secret, 3600);
    visitor.setCookie(authjs, own[authjs]);
    const answer = await signOut(visitor);
    t.equal(names(visitor), [], "signing out with both cookies there takes both away", answer);
}

/** Asked by a page: one answer that writes the new cookie and takes the old one away. */
async function carried(t, visitor, to, lives) {
    const [old] = names(visitor);
    const answer = await session(visitor, to);

    t.equal([answer.json.user.name, answer.json.user.email], ["Ann é", "ann@example.com"],
        "signed in after the move", answer);
    t.equal(names(visitor), [to], `${old} went, ${to} came`, answer);
    const [line] = answer.cookies(to);
    const end = line?.maxAge ? now() + line.maxAge : Date.parse(line?.expires) / 1000;
    if (old !== to)
        t.ok(Math.abs(end - now() - lives) < 5, "with the life it had left", answer.setCookies);
    const again = await session(visitor, to);
    t.equal([again.json.user?.name, again.json.user?.email], ["Ann é", "ann@example.com"],
        "and so it stays", again);
}

/** Asked by a proxy, which hands on one Set-Cookie: a yes, and nothing is touched. */
async function asked(t, visitor, to) {
    const before = names(visitor);
    const check = await visitor.get("/_usher/check",
        { headers: { "x-forwarded-uri": "/closed", "x-forwarded-method": "GET" } });
    t.equal([check.status, check.headers["x-usher-user"]], [200, "42"], "a proxy is told yes", check);
    if (before[0] !== to) t.equal(check.setCookies, [], "and nothing is written for it", check);
}
