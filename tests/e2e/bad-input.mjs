// Cookies that are damaged, foreign or not sessions at all, and settings that cannot be used.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { rawRequest } from "./kit/net.mjs";
import { Visitor, navigation, program } from "./kit/visitor.mjs";
import { Usherd, run as runProgram } from "./kit/process.mjs";
import { bothProfiles, developmentSite, newSecret, profiles } from "./kit/sites.mjs";
import { hasSessionCookie, pickName, sessionCookies } from "./kit/flows.mjs";
import { Pace } from "./kit/pace.mjs";
import { originals } from "./kit/originals.mjs";
import { b64u, signRaw } from "../provider/op.mjs";

const users = [{ id: "ann", name: "Ann Exemplar", email: "ann@example.com" }];

export default async function run(t) {
    const one = async (name) => {
        const settings = await developmentSite({
            profile: name,
            site: {
                open: ["/open"],
                providers: [{ id: "development", type: "development", name: "Development", users }],
            },
        });
        const usherd = await Usherd.start(t, `usherd-${name}`, settings);
        const context = {
            usherd, profile: profiles[name],
            origin: settings.site.base_url, secret: settings.site.secret,
        };
        await t.case(`${name}: bad cookies`, (t) => badCookies(t, context));
        await t.case(`${name}: bit by bit`, (t) => bitByBit(t, context));
        await t.case(`${name}: bad requests`, (t) => badRequests(t, context));
        await t.case(`${name}: development sign-in`, (t) => developmentSignIn(t, context));
    };
    await Promise.all(bothProfiles.map(one));
    await t.case("settings", (t) => brokenSettings(t));
}

/* --- cookies ------------------------------------------------------------------------------------- */

const encode = ({ profile, secret }, claims, { maxAge = 3600, salt, key = secret } = {}) =>
    originals[profile.name].encode({
        claims, secret: key, maxAge, salt: salt ?? profile.cookie.session });

/** A check cookie as the original makes it: sealed under its own name. */
const checkCookie = (context, kind) =>
    originals[context.profile.name].encode({
        claims: { value: "A".repeat(43), provider: "development" },
        secret: context.secret, salt: context.profile.cookie[kind], maxAge: 900, check: true });

/** [what, cookies (name → value; a text is the session cookie's value), causes the log may give] */
async function cookieTable(context) {
    const { profile, secret } = context;
    const session = profile.cookie.session;
    const good = await encode(context, { name: "Ann", sub: "1" });
    const long = await encode(context, { name: "Ann", sub: "1", text: "x".repeat(9000) });
    const chunks = originals[profile.name].chunks(session, long);
    const parts = good.split(".");
    const bend = (i) => parts.map((part, j) =>
        j === i ? (part[0] === "A" ? "B" : "A") + part.slice(1) : part).join(".");
    const names = Object.keys(chunks);
    const header = (value) => [b64u(JSON.stringify(value)), ...parts.slice(1)].join(".");
    const honest = JSON.parse(Buffer.from(parts[0], "base64url"));
    const any = ["token_malformed", "token_unsupported", "token_forged"];
    const now = Math.floor(Date.now() / 1000);

    return [
        ["nonsense", "nonsense", any],
        ["one dot", ".", any],
        ["four dots", "....", any],
        ["a number", "0", any],
        ["header damaged", bend(0), any],
        ["iv damaged", bend(2), any],
        ["ciphertext damaged", bend(3), any],
        ["tag damaged", bend(4), any],
        ["without the tag", parts.slice(0, 4).join("."), any],
        ["with an empty tag", [...parts.slice(0, 4), ""].join("."), any],
        ["with a sixth part", `${good}.AAAA`, any],
        ["with padding", `${good}=`, any],
        ["with a key in the second part", [parts[0], "AAAA", ...parts.slice(2)].join("."), any],
        ...[1, 2, 10, 40, good.length >> 1].map((n) =>
            [`cut by ${n}`, good.slice(0, good.length - n), any]),
        ["its first half", good.slice(0, good.length / 2), any],
        ["twice in a row", good + good, any],
        ["sealed with another secret", await encode(context, { sub: "1" }, { key: newSecret() }), any],
        ["sealed with the secret in capitals",
            await encode(context, { sub: "1" }, { key: secret.toUpperCase() }), any],
        ["expired an hour ago", await encode(context, { sub: "1" }, { maxAge: -3600 }),
            ["token_expired"]],
        ["expired a minute ago", await encode(context, { sub: "1" }, { maxAge: -60 }),
            ["token_expired"]],
        ["not yet valid", await encode(context, { sub: "1", nbf: now + 600 }), ["token_not_yet"]],
        ["the state cookie", await checkCookie(context, "state"), any],
        ["the PKCE cookie", await checkCookie(context, "pkce"), any],
        ["the nonce cookie", await checkCookie(context, "nonce"), any],
        ["a check cookie's claims under the session's key",
            await encode(context, { value: "A".repeat(43), provider: "development" }),
            ["token_claims"]],
        ["an ordinary JWT", signRaw({ alg: "HS256", typ: "JWT" }, { sub: "1", exp: now + 600 },
            { secret }), any],
        ["a JWT with alg none", signRaw({ alg: "none" }, { sub: "1", exp: now + 600 }), any],
        ["zip in the header", header({ ...honest, zip: "DEF" }), any],
        ["crit in the header", header({ ...honest, crit: ["x"], x: 1 }), any],
        ["alg A256KW", header({ ...honest, alg: "A256KW" }), any],
        ["alg PBES2 with a million rounds", header({ ...honest, alg: "PBES2-HS256+A128KW",
            p2c: 1e6, p2s: "AAAAAAAAAAA" }), any],
        ["alg RSA-OAEP", header({ ...honest, alg: "RSA-OAEP" }), any],
        ["enc A128GCM", header({ ...honest, enc: "A128GCM" }), any],
        ["header a list", header(["dir"]), any],
        ["header a thousand levels deep", `${b64u("[".repeat(1000) + "]".repeat(1000))}..a.b.c`, any],
        ["another profile's cookie", await otherProfiles(context), any],
        ["nothing but percent signs", "%%%%%%", any],
        ["percent-encoded", encodeURIComponent("é").repeat(20), any],
        ["40 thousand characters", "A".repeat(40000), [...any, "token_too_large", "limit"],
            { status: [200, 431, 400] }],
        ["a chunk missing", { [names[0]]: chunks[names[0]], [names[2]]: chunks[names[2]] }, any],
        ["the first chunk only", { [names[0]]: chunks[names[0]] }, any],
        ["a chunk damaged", { ...chunks, [names[1]]: corruptMiddle(chunks[names[1]]) }, any],
        ["chunks in each other's place",
            { ...chunks, [names[0]]: chunks[names[1]], [names[1]]: chunks[names[0]] }, any],
        ["a stale cookie beside the chunks", { ...chunks, [session]: good }, any],
        ["forty chunks", Object.fromEntries(Array.from({ length: 40 }, (_, i) =>
            [`${session}.${i}`, "A".repeat(50)])), [...any, "token_too_large"], { answers: 2 }],
    ];
}

const corruptMiddle = (text) => {
    const at = text.length >> 1;
    return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
};

async function otherProfiles({ profile, secret }) {
    const other = profile.name === "authjs-5" ? "nextauth-4" : "authjs-5";
    const salt = profile.name === "nextauth-4" ? profiles[other].cookie.session : undefined;
    const token = await originals[other].encode({ claims: { sub: "1" }, secret, maxAge: 3600, salt });
    return token;
}

async function badCookies(t, context) {
    const { profile, origin, usherd } = context;
    const table = await cookieTable(context);
    const pace = new Pace(); // two lines for each row

    for (const [what, given, causes, { status = [200], answers = 1 } = {}] of table) {
        const cookies = typeof given === "string" ? { [profile.cookie.session]: given } : given;
        const problems = [];
        const visitor = new Visitor(origin);
        await pace.take(["any"]);
        await visitor.get("/api/auth/csrf");
        const csrf = visitor.cookie(profile.cookie.csrf);
        for (const [name, value] of Object.entries(cookies)) visitor.setCookie(name, value);
        const from = usherd.lines().length;
        const before = await usherd.counters();

        const check = await visitor.get("/_usher/check",
            { headers: { ...navigation, "x-forwarded-uri": "/closed", "x-forwarded-method": "GET" } });
        if (check.status === 200) problems.push(`the check lets it pass: ${check}`);
        for (const [name, value] of Object.entries(cookies)) visitor.setCookie(name, value);
        const session = await visitor.get("/api/auth/session");
        if (!status.includes(session.status)) problems.push(`status: ${session}`);
        if (session.status === 200) {
            if (JSON.stringify(session.json) !== JSON.stringify(profile.noSession))
                problems.push(`a session: ${session}`);
            const touched = session.cookies().map((c) => c.name).filter((n) => !(n in cookies));
            if (touched.length) problems.push(`it touches other cookies: ${touched}`);
            const set = session.cookies().filter((c) => c.value !== "" || c.maxAge !== 0);
            if (set.length) problems.push(`it sets more than deletions: ${session.setCookies}`);
            // One answer deletes so many cookies and no more.
            for (let i = 1; i < answers; i += 1) await visitor.get("/api/auth/session");
            if (hasSessionCookie(visitor, profile)) problems.push("the bad cookie is kept");
        }
        if (visitor.cookie(profile.cookie.csrf) !== csrf) problems.push("the csrf cookie changed");
        const fits = (line) => causes.some((cause) => JSON.stringify(line).includes(`"${cause}"`));
        if (session.status === 200 && !(await usherd.line(fits, from)))
            problems.push(`the log does not say ${causes.join(" or ")}:\n${usherd.tail(4)}`);
        const after = await usherd.counters();
        const count = ({ causes: all }) => causes.reduce((sum, cause) => sum + (all[cause] ?? 0), 0);
        if (session.status === 200 && count(after) < count(before) + 2)
            problems.push(`the counters did not move: ${count(before)}, then ${count(after)}`);
        t.ok(!problems.length, what, problems.join("\n"));
    }
    await t.case("the control", async (t) => {
        const visitor = new Visitor(origin);
        visitor.setCookie(profile.cookie.session, await encode(context, { name: "Ann", sub: "1" }));
        const session = await visitor.get("/api/auth/session");
        t.equal(session.json?.user, { name: "Ann" }, "an undamaged cookie is a session", session);
        const bare = new Visitor(origin);
        const log = usherd.out + usherd.err;
        t.ok(!log.includes(context.secret), "the secret is not in the log");
        t.equal((await bare.get("/api/auth/session")).json, profile.noSession, "no cookie, no session");
    });
}

/** Every 7th bit of a real cookie, and every length. */
async function bitByBit(t, context) {
    const { profile, origin } = context;
    const visitor = new Visitor(origin);
    await pickName(visitor, { user: "ann" });
    const [[name, { value }]] = sessionCookies(visitor, profile);
    const accepted = [];
    const ask = async (what, text) => {
        const answer = await visitor.get("/_usher/check", {
            headers: { ...program, cookie: `${name}=${text}` } });
        if (answer.status === 200) accepted.push(what);
    };
    let tried = 0;
    for (let bit = 0; bit < value.length * 8; bit += 7, tried += 1) {
        const bytes = Buffer.from(value, "latin1");
        bytes[bit >> 3] ^= 1 << (bit & 7);
        const text = bytes.toString("latin1");
        if (/^[\x21-\x3a\x3c-\x7e]+$/.test(text)) await ask(`bit ${bit}`, text);
    }
    for (let length = 0; length < value.length; length += 5, tried += 1)
        await ask(`length ${length}`, value.slice(0, length));
    t.equal(accepted, [], `${tried} changes of a real cookie are refused`);
    await ask("control", value);
    t.equal(accepted, ["control"], "the real one is not");
}

/* --- requests ------------------------------------------------------------------------------------ */

async function badRequests(t, { origin, profile, usherd }) {
    const v5 = profile.name === "authjs-5";
    const stranger = () => new Visitor(origin);
    const cases = [
        ["an unknown action", "GET", "/api/auth/nonsense", {}, [400]],
        ["an unknown method", "PUT", "/api/auth/session", {}, [400, 405]],
        ["DELETE of the session", "DELETE", "/api/auth/session", {}, [400, 405]],
        ["a callback without a provider", "GET", "/api/auth/callback", {}, v5 ? [302, 400] : [400]],
        ["a callback of nobody", "GET", "/api/auth/callback/nobody?code=a&state=b", {}, [302, 400]],
        ["a body that is no JSON", "POST", "/api/auth/session",
            { body: "{", headers: { "content-type": "application/json" } }, [400]],
        ["a body of a thousand levels", "POST", "/api/auth/session",
            { body: "[".repeat(1000) + "]".repeat(1000),
                headers: { "content-type": "application/json" } }, [400, 413]],
        ["an object of a thousand levels", "POST", "/api/auth/session",
            { body: `${'{"a":'.repeat(1000)}1${"}".repeat(1000)}`,
                headers: { "content-type": "application/json" } }, [400, 413]],
        ["a form of fifty thousand fields", "POST", "/api/auth/signout",
            { body: "a=b&".repeat(50000),
                headers: { "content-type": "application/x-www-form-urlencoded" } }, [302, 400, 413]],
        ["a thousand cookies", "GET", "/api/auth/session",
            { headers: { cookie: Array.from({ length: 1000 }, (_, i) => `c${i}=1`).join("; ") } },
            [200]],
        ["a callback URL of another site", "GET",
            "/api/auth/csrf?callbackUrl=https%3A%2F%2Fevil.example%2F", {}, [200]],
        ["a callback URL that is a script", "GET",
            "/api/auth/session?callbackUrl=javascript%3Aalert(1)", {}, [500]],
        ["a page that is not there", "GET", "/nothing", {}, [302, 401, 404]],
    ];
    for (const [what, method, target, options, statuses] of cases) {
        const visitor = stranger();
        const answer = await visitor.request(method, target, options);
        t.ok(statuses.includes(answer.status), `${what}: ${statuses.join(" or ")}`, answer);
        t.ok(!hasSessionCookie(visitor, profile), `${what}: no session`, answer);
        t.ok(!/evil\.example|javascript:/.test(answer.setCookies.join() + answer.location),
            `${what}: nothing leads elsewhere`, answer);
    }
    const large = await rawRequest(usherd.port, `GET /api/auth/session HTTP/1.1\r\n` +
        `Host: localhost\r\nCookie: a=${"x".repeat(100000)}\r\nConnection: close\r\n\r\n`);
    t.equal(large.status, 431, "a head of a hundred thousand characters: 431");
    t.equal(large.bytes.split("HTTP/1.1").length - 1, 1, "and one answer, not two", large.bytes);
    const heavy = await rawRequest(usherd.port, "POST /api/auth/signout HTTP/1.1\r\n" +
        `Host: localhost\r\nContent-Length: ${2 << 20}\r\nConnection: close\r\n\r\n`);
    t.equal(heavy.status, 413, "a body of two megabytes is refused before it comes", heavy.bytes);
    const poisoned = stranger();
    poisoned.setCookie(profile.cookie.callbackUrl, "bad");
    const answer = await poisoned.get("/api/auth/session");
    t.equal([answer.status, answer.json], [200, profile.noSession],
        "a bad callback-url cookie does not lock its browser out");
    const redirects = ["https://evil.example/", "//evil.example/", "/\\evil.example/",
        "\\\\evil.example", "https:evil.example", "javascript:alert(1)", " https://evil.example",
        "/%0d%0aSet-Cookie:x=1", "/\r\nSet-Cookie: x=1", `${origin}@evil.example/`,
        `${origin}.evil.example/`, "data:text/html,x"];
    for (const callbackUrl of redirects) {
        const visitor = stranger();
        const done = await pickName(visitor, { user: "ann", callbackUrl });
        const target = done.location && new URL(done.location, origin);
        t.ok(!target || target.origin === origin,
            `sign-in with callbackUrl ${JSON.stringify(callbackUrl)} stays here`, done);
    }
    t.ok(usherd.running, "usherd is still there");
}

async function developmentSignIn(t, { origin, profile, usherd }) {
    const nobody = new Visitor(origin);
    const wrong = await pickName(nobody, { user: "mallory" });
    t.ok(wrong.location?.includes("error=CredentialsSignin"), "an unknown name is refused", wrong);
    t.ok(!hasSessionCookie(nobody, profile), "without a session");
    const forged = new Visitor(origin);
    const answer = await forged.post("/api/auth/callback/development", { user: "ann" });
    t.equal(answer.location, `${origin}/api/auth${profile.failure.csrfSignIn}`,
        "a form without the CSRF token is refused", `${answer}\n${usherd.tail(2)}`);
    t.ok(!hasSessionCookie(forged, profile), "without a session");
}

/* --- settings ------------------------------------------------------------------------------------ */

const secret = "rB7k2yq0Zp3v9Xw5Lm8Nt4Jh6Gd1Fs0Ea7Cu2";

/** [what, text of the file, places that must be named (line:column), words that must occur] */
const settings = [
    ["a key that does not exist", `site:
  base_url: http://localhost:3000
  development: true
  profle: authjs-5
`, ["4:3"], [/profle/, /profile/]],
    ["three faults at once", `site:
  base_url: not a URL
  profile: authjs-6
  development: maybe
`, ["2:13", "3:12", "4:16"], [/authjs-5/]],
    ["a top-level key that does not exist", `site:
  base_url: http://localhost:3000
  development: true
sight: {}
`, ["4:1"], [/sight/]],
    ["a tab", "site:\n\tbase_url: x\n", ["2:1"], []],
    ["an unfinished list", "site:\n  open: [/a, /b\n", [], []],
    ["the same key twice", `site:
  base_url: http://localhost:3000
  base_url: http://localhost:3001
  development: true
`, ["3:3"], [/base_url/]],
    ["an alias", `site: &x
  base_url: http://localhost:3000
daemon: *x
`, [], []],
    ["a secret that everybody knows", `site:
  base_url: https://example.com
  secret: changeme
`, ["3:11"], [/secret/]],
    ["no secret outside development", `site:
  base_url: https://example.com
`, [], [/usher secret/]],
    ["plain http outside development", `site:
  base_url: http://example.com
  secret: ${secret}
`, ["2:13"], [/https/]],
    ["a development provider on a public site", `site:
  base_url: https://example.com
  secret: ${secret}
  providers:
    - id: development
      type: development
      users:
        - id: ann
`, [], [/development/]],
    ["a development site that listens to everybody", `site:
  base_url: http://localhost:3000
  development: true
  secret: ${secret}
  providers:
    - id: development
      type: development
      users:
        - id: ann
daemon:
  listen: 0.0.0.0:3000
`, [], [/loopback/]],
    ["a provider without an issuer", `site:
  base_url: https://example.com
  secret: ${secret}
  providers:
    - id: op
      type: oidc
      client_id: a
      client_secret: b
`, [], [/issuer/]],
    ["two providers of one name", `site:
  base_url: https://example.com
  secret: ${secret}
  providers:
    - { id: op, type: oidc, issuer: "https://a.example", client_id: a, client_secret: b }
    - { id: op, type: oidc, issuer: "https://b.example", client_id: a, client_secret: b }
`, [], [/op/]],
    ["an open path that is none", `site:
  base_url: https://example.com
  secret: ${secret}
  open:
    - about
    - /a/../b
`, ["5:7", "6:7"], []],
    ["a listener that is none", `site:
  base_url: http://localhost:3000
  development: true
  secret: ${secret}
daemon:
  listen: localhost
`, ["6:11"], [/listen|port|address/]],
    ["nothing", "", [], []],
    ["a list", "- a\n- b\n", [], []],
    ["no YAML", "\u0000\u0001", [], []],
];

async function brokenSettings(t) {
    for (const [i, [what, text, places, words]] of settings.entries()) {
        const file = path.join(t.dir, `broken-${i + 1}.yaml`);
        writeFileSync(file, text);
        for (const [program_, args] of [["usherd", ["--config", file]], ["usher", ["check", file]]]) {
            const done = await runProgram(t.tools[program_], args, { timeout: 20000 });
            const said = done.out + done.err;
            const missing = [
                ...places.filter((place) => !said.includes(`${file}:${place}:`)
                    && !said.includes(`${path.basename(file)}:${place}:`)),
                ...words.filter((word) => !word.test(said)).map(String),
            ];
            t.ok(done.code === 2 && !missing.length && said.length > 0,
                `${program_}: ${what}: exit 2 and each fault with its place`,
                `exit ${done.code}; missing: ${missing.join(", ")}; it said:\n${said.slice(-1500)}`);
            t.ok(!said.includes(secret) && !/Sanitizer|runtime error/.test(said),
                `${program_}: ${what}: the message holds no secret`, said.slice(-1500));
        }
    }
    const good = path.join(t.dir, "good.yaml");
    writeFileSync(good, `site:\n  base_url: https://example.com\n  secret: ${secret}\n`);
    const done = await runProgram(t.tools.usher, ["check", good]);
    t.equal(done.code, 0, "the control: good settings pass", done.out + done.err);
    const missing = await runProgram(t.tools.usherd, ["--config", path.join(t.dir, "no-such.yaml")]);
    t.equal(missing.code, 2, "a settings file that is not there: exit 2", missing.err);
    t.match(missing.out + missing.err, /no-such\.yaml/, "and it is named");
}
