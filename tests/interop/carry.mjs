// A browser that one system signed in, at a site of another system that accepts it: what usher writes
// opens in the other system's own package, holds the same, lives no longer, and the old cookies go
// with the same answer. The clock is the test's own, for both.
import { mock } from "node:test";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Usherd, run as runProgram } from "../e2e/kit/process.mjs";
import { developmentSite } from "../e2e/kit/sites.mjs";
import { Visitor } from "../e2e/kit/visitor.mjs";
import { cookieHeader, obeyed, secrets, systems } from "./systems.mjs";

const start = 1767225600; // 2026-01-01T00:00:00Z
const hour = 3600;
const people = { name: "Zoé 智子 \ud83e\udd89", email: "zoe@example.com", picture: "https://example.com/z.png" };
const claims = { ...people, sub: "42", role: "admin", n: [0.1, 1e21, -0, 5e-324], lone: "\ud800",
    deep: { a: [{ b: null }] }, access_token: "at", refresh_token: "rt", expires_at: 1767229000 };
const session = {
    user: { ...people, sub: "auth0|42", role: "admin", n: [0.1, 1e21], lone: "\udc00" },
    tokenSet: { accessToken: "at", refreshToken: "rt", idToken: "it", expiresAt: 1767229000, scope: "openid" },
    internal: { sid: "S", createdAt: start - hour },
    connectionTokenSets: [{ connection: "google", accessToken: "ct", expiresAt: 1767229000 }],
};
const provider = { id: "auth0", type: "oidc", issuer: "https://tenant.example.com/", client_id: "client",
    client_secret: "client-secret-of-the-tests-0123456789" };

const ours = ["iat", "exp", "jti", "ucat", "uend", "usid"];
const bare = (object) => Object.fromEntries(
    Object.entries(object ?? {}).filter(([name]) => !ours.includes(name)));

/* --- usher --------------------------------------------------------------------------------------- */

/** What a request to a site with these settings gets. */
async function atSite(t, settings, cookies, more = []) {
    const file = path.join(t.dir, `${t.total.count}.yaml`);
    writeFileSync(file, JSON.stringify({ site: {
        base_url: "http://localhost:3000", development: true, providers: [provider], ...settings } }));
    const args = ["session", "--settings", file, "--json", "--show-secrets",
        "--now", String(Math.floor(Date.now() / 1000)), ...more, "-"];
    const done = await runProgram(t.tools.usher, args, { input: cookieHeader(cookies) });
    t.need(done.out.startsWith("{"), "usher answers", `exit ${done.code}: ${done.err.slice(-800)}`);
    return JSON.parse(done.out);
}

/** Brings the cookies, checks what every move promises, and returns what the browser has then. */
async function move(t, { settings, cookies, old, expires, to }) {
    const answer = await atSite(t, settings, cookies);
    t.need(answer.verdict === "valid" && answer.written, "the session is valid and written anew",
        JSON.stringify(answer).slice(0, 500));
    const after = obeyed(answer.set_cookie, cookies);
    t.equal(Object.keys(after).filter((name) => old.test(name)), [], "the old cookies are gone");
    t.ok(Object.keys(after).some((name) => name.startsWith(to)), "the new one is there", Object.keys(after));
    t.ok(Date.parse(answer.expires) / 1000 <= expires, "it lives no longer than it would have",
        `${answer.expires}, not ${new Date(expires * 1000).toISOString()}`);
    const again = await atSite(t, settings, after);
    t.equal([again.verdict, bare(again.session.user)], ["valid", bare(answer.session.user)],
        "the next request opens it");
    return { after, answer };
}

/* --- the moves ----------------------------------------------------------------------------------- */

const authjs = /^next-auth\.session-token/;

async function fromNextAuth(t, size) {
    const four = systems["nextauth-4"];
    const all = { ...claims, text: "x".repeat(size) };
    const cookies = await four.cookies(all, secrets[0]);
    const accept = [{ profile: "nextauth-4", secret: secrets[0] }];
    const end = start + hour;

    for (const name of ["authjs-5", "robojs"])
        await t.case(`nextauth-4 to ${name}, ${Object.keys(cookies).length} cookies`, async (t) => {
            const { after } = await move(t, { cookies, old: authjs, expires: end, to: "authjs.",
                settings: { profile: name, secret: secrets[1], accept } });
            const opened = await systems[name].open(after, secrets[1]);
            t.equal(JSON.stringify(bare(opened)), JSON.stringify(all), "the original has the same claims");
            t.ok(opened.exp <= end, "and the same end", opened.exp);
        });
    await t.case(`nextauth-4 to auth0-4, ${Object.keys(cookies).length} cookies`, async (t) => {
        const { after } = await move(t, { cookies, old: authjs, expires: end, to: "__session",
            settings: { profile: "auth0-4", secret: secrets[2], accept } });
        const opened = await systems["auth0-4"].open(after, secrets[2]);
        const { access_token, refresh_token, expires_at, sub, name, email, picture, ...rest } =
            JSON.parse(JSON.stringify(all));
        t.equal(opened.user, { sub, name, email, picture }, "the user is who it was, and no more is shown");
        for (const [member, value] of Object.entries(rest))
            t.equal(opened[member], value, `${member} is beside the user`);
        t.equal(opened.tokenSet, { accessToken: access_token, refreshToken: refresh_token,
            expiresAt: expires_at }, "with the tokens");
        t.ok(opened.exp <= end, "and the same end", opened.exp);
    });
}

async function fromAuth0(t, size) {
    const all = { ...session, user: { ...session.user, text: "x".repeat(size) } };
    const cookies = await systems["auth0-4"].cookies(all, secrets[2]);
    const { exp } = await systems["auth0-4"].open(cookies, secrets[2]);

    for (const [name, old] of [["authjs-5", /^__/], ["nextauth-4", /^__/]])
        await t.case(`auth0-4 to ${name}, ${Object.keys(cookies).length} cookies`, async (t) => {
            const { after } = await move(t, { cookies, old, expires: exp, to: systems[name].cookie,
                settings: { profile: name, secret: secrets[1],
                    accept: [{ profile: "auth0-4", secret: secrets[2] }] } });
            const opened = await systems[name].open(after, secrets[1]);
            const { user, tokenSet } = JSON.parse(JSON.stringify(all));
            for (const [member, value] of Object.entries(user))
                t.equal(opened[member], value, `${member} is the user's`);
            t.equal([opened.access_token, opened.refresh_token, opened.id_token, opened.expires_at],
                [tokenSet.accessToken, tokenSet.refreshToken, tokenSet.idToken, tokenSet.expiresAt],
                "the tokens are there");
            t.equal(opened.connectionTokenSets?.map((set) => set.accessToken), ["ct"],
                "those of connections too");
            t.ok(opened.exp <= exp, "and the same end", opened.exp);
        });
}

/** Cookies as version 3 wrote them: the measured cases. */
async function fromVersion3(t) {
    const file = path.join(t.tools.root, "tests/vectors/auth0-legacy-v3.json");
    const { vectors } = JSON.parse(readFileSync(file, "utf8"));
    let moved = 0;

    for (const { id, input, expected, conformance } of vectors) {
        if (expected.result !== "valid" || conformance !== "exact" || input.options) continue;
        const jar = Object.fromEntries(input.cookie_header.split("; ").map((pair) =>
            [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
        if ("__session" in jar || !Object.keys(jar).some((name) => name.startsWith("appSession"))) continue;
        await t.case(id, async (t) => {
            mock.timers.setTime(input.now * 1000);
            const settings = { profile: "auth0-4", secret: input.secret };
            const theirs = JSON.parse(expected.payload_json);
            const answer = await atSite(t, settings, jar);
            // The original reads what is older than a session may get; a site of ours does not.
            const young = theirs.internal?.createdAt > input.now - 3 * 24 * hour;
            if (!young) return t.ok(answer.verdict !== "valid", "no creation that counts: no session");
            t.need(answer.verdict === "valid", "the session is valid", JSON.stringify(answer).slice(0, 500));
            const after = obeyed(answer.set_cookie, jar);
            t.equal(Object.keys(after).filter((name) => name.startsWith("appSession")), [],
                "version 3's cookies are gone");
            const opened = await systems["auth0-4"].open(after, input.secret);
            t.equal([opened?.user, opened?.tokenSet, opened?.internal],
                [theirs.user, theirs.tokenSet, theirs.internal], "the SDK opens what was written");
            t.ok(opened.exp <= theirs.internal.createdAt + 3 * 24 * hour, "it is as old as it was");
            moved += 1;
        });
    }
    mock.timers.setTime(start * 1000);
    t.ok(moved >= 5, "several cases were moved", moved);
}

async function sameSystem(t) {
    for (const name of ["nextauth-4", "authjs-5", "robojs"]) {
        const system = systems[name];
        await t.case(`${name}: another secret`, async (t) => {
            const cookies = await system.cookies(claims, secrets[0]);
            const settings = { profile: name, secret: secrets[1], accept: [{ profile: name, secret: secrets[0] }] };
            const answer = await atSite(t, settings, cookies);
            const after = obeyed(answer.set_cookie, cookies);
            const opened = await system.open(after, secrets[1]);
            t.equal(JSON.stringify(bare(opened)), JSON.stringify(claims), "opens with the new one");
            t.ok(opened.exp <= start + hour, "no longer than it would have", opened.exp);
        });
        await t.case(`${name}: another cookie's name`, async (t) => {
            const cookies = await system.cookies(claims, secrets[1]);
            const { after } = await move(t, { cookies, old: new RegExp(`^${system.cookie}`),
                expires: start + hour, to: "shop.sid",
                settings: { profile: name, secret: secrets[1], cookies: { session: { name: "shop.sid" } },
                    accept: [{ profile: name, cookie: system.cookie }] } });
            const opened = await system.open(after, secrets[1], "shop.sid");
            t.equal(JSON.stringify(bare(opened)), JSON.stringify(claims), "opens under the new one");
        });
    }
    await t.case("auth0-4: another secret", async (t) => {
        const cookies = await systems["auth0-4"].cookies(session, secrets[0]);
        const answer = await atSite(t, { profile: "auth0-4", secret: secrets[1],
            accept: [{ profile: "auth0-4", secret: secrets[0] }] }, cookies);
        const opened = await systems["auth0-4"].open(obeyed(answer.set_cookie, cookies), secrets[1]);
        const { exp, connectionTokenSets, ...rest } = opened ?? {};
        const { connectionTokenSets: sets, ...before } = JSON.parse(JSON.stringify(session));
        t.equal(rest, before, "opens with the new one");
        t.equal(connectionTokenSets?.map((set) => set.accessToken), sets.map((set) => set.accessToken),
            "with what came in cookies of their own");
    });
}

/** The same through a server and a browser: its session endpoint moves the session. */
async function throughTheDaemon(t) {
    const [four, five] = [systems["nextauth-4"], systems["authjs-5"]];
    const cookies = await four.cookies({ ...claims, text: "x".repeat(5000) }, secrets[0]);
    const settings = await developmentSite({ profile: "authjs-5", secret: secrets[1],
        site: { accept: [{ profile: "nextauth-4", secret: secrets[0] }] } });
    const usherd = await Usherd.start(t, "usherd", settings);
    const visitor = new Visitor(settings.site.base_url);
    for (const [name, value] of Object.entries(cookies)) visitor.setCookie(name, value);
    const answer = await visitor.get("/api/auth/session");
    t.equal(answer.json?.user?.email, claims.email, "the session endpoint answers", `${answer}\n${usherd.tail(2)}`);
    const jar = Object.fromEntries([...visitor.cookies()].map(([name, { value }]) => [name, value]));
    t.equal(Object.keys(jar).filter((name) => authjs.test(name)), [], "the old cookies are gone");
    const opened = await five.open(jar, secrets[1]);
    t.equal(opened?.role, "admin", "Auth.js opens the new ones");
    const before = await four.open(cookies, secrets[0]);
    t.ok(opened.exp <= before.exp, "no longer than it would have", [opened.exp, before.exp]);
    const again = await visitor.get("/api/auth/session");
    t.equal(again.json?.user, answer.json?.user, "the next request sees the same user");
    await usherd.finish();
}

/** What no accepted format opens is not moved, and nothing is deleted or written. */
async function refusals(t) {
    const four = systems["nextauth-4"];
    const cookies = await four.cookies(claims, secrets[3]);
    const late = await four.cookies(claims, secrets[0], four.cookie, -hour);
    for (const [what, jar, verdict] of [["another secret", cookies, "rejected"], ["over", late, "expired"]]) {
        const answer = await atSite(t, { profile: "authjs-5", secret: secrets[1],
            accept: [{ profile: "nextauth-4", secret: secrets[0] }] }, jar);
        t.equal([answer.verdict, answer.written], [verdict, false], what);
        t.ok(!answer.set_cookie.some((line) => /session-token[^=]*=[^;]/.test(line)),
            `${what}: no session is set`, answer.set_cookie);
    }
}

export default async function run(t) {
    await t.case("through usherd", throughTheDaemon);
    mock.timers.enable({ apis: ["Date"], now: start * 1000 });
    try {
        for (const size of [0, 9000]) {
            await fromNextAuth(t, size);
            await fromAuth0(t, size);
        }
        await fromVersion3(t);
        await sameSystem(t);
        await t.case("refusals", refusals);
    } finally {
        mock.timers.reset();
    }
}
