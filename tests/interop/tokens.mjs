// Tokens of the original packages opened by the CLI, and tokens of the CLI opened by the original
// packages: the same claims must come out, whatever they are, whatever the secret is, and however
// many cookies they need.
import { Visitor } from "../e2e/kit/visitor.mjs";
import { run as runProgram } from "../e2e/kit/process.mjs";
import { bothProfiles, profiles } from "../e2e/kit/sites.mjs";
import { originals } from "../e2e/kit/originals.mjs";
import { padding, payloads, random } from "./payloads.mjs";

const seed = Number(process.env.USHER_SEED ?? 20261122);
const count = 300;

const secrets = [
    "m4Hn0cXrT7uZk2Qe9wLbVy5sJd8pGa1fRi6oCtNxE3U",
    "пароль, который никто не угадает, 🦉🦉🦉",
    "with spaces, \"quotes\", 'more', $HOME, `x`, \\ and = signs =",
    "智子".repeat(40),
    "ümläut-é-e\u0301-\u00a0-" + "x".repeat(20),
    "k".repeat(31) + "K" + "0123456789".repeat(50),
];

const cookieName = (profile, secure) => `${secure ? "__Secure-" : ""}${profile.cookie.session}`;

export default async function run(t) {
    t.note(`seed ${seed} (USHER_SEED)`);
    for (const name of bothProfiles) {
        const profile = profiles[name];
        const all = payloads(seed, count);
        const share = Math.ceil(count / secrets.length);
        for (const [i, secret] of secrets.entries()) {
            const batch = { profile, secret, secure: i % 2 === 1,
                claims: all.slice(i * share, (i + 1) * share) };
            const which = `${name}: secret ${i + 1}${batch.secure ? ", secure names" : ""}`;
            await t.case(which, (t) => originalToUsher(t, batch));
            await t.case(which, (t) => usherToOriginal(t, batch));
        }
        await t.case(`${name}: around the chunk boundaries`, (t) => boundaries(t, profile));
        await t.case(`${name}: cookies the CLI prints`, (t) => printedCookies(t, profile));
        await t.case(`${name}: refusals`, (t) => refusals(t, profile));
    }
}

/* --- the CLI ------------------------------------------------------------------------------------- */

async function cli(t, args, { secret, input }) {
    const done = await runProgram(t.tools.usher, args, { env: { AUTH_SECRET: secret }, input });
    if (/Sanitizer|runtime error/.test(done.err)) t.fail(`usher ${args[0]} is clean`, done.err);
    return done;
}

/** One answer for each line, in order. */
async function inspectLines(t, { profile, secret, secure }, lines) {
    const args = ["inspect", "--json", "--lines", "--show-secrets", "--profile", profile.name,
        secure ? "--secure" : "--insecure"];
    const done = await cli(t, args, { secret, input: lines.map((line) => `${line}\n`).join("") });
    const answers = done.out.trimEnd().split("\n").map((line) => JSON.parse(line));
    t.need(answers.length === lines.length, "usher inspect answers each line",
        `${answers.length} of ${lines.length}, exit ${done.code}: ${done.err.slice(-500)}`);
    return answers;
}

async function mintLines(t, { profile, secret, secure }, claims, maxAge = 3600) {
    const args = ["mint", "--lines", "--profile", profile.name, "--max-age", String(maxAge),
        secure ? "--secure" : "--insecure"];
    const input = claims.map((one) => `${JSON.stringify(one)}\n`).join("");
    const done = await cli(t, args, { secret, input });
    const tokens = done.out.trimEnd().split("\n");
    t.need(tokens.length === claims.length, "usher mint answers each line",
        `${tokens.length} of ${claims.length}, exit ${done.code}: ${done.err.slice(-500)}`);
    return tokens;
}

/* --- comparing ----------------------------------------------------------------------------------- */

/** Equal as JSON, in the same order. */
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** What was sealed: the three members that sealing sets are at the place they had, or at the end. */
function expectedOrder(claims) {
    const keys = Object.keys(claims);
    return [...keys, ...["iat", "exp", "jti"].filter((name) => !keys.includes(name))];
}

const withoutTimes = (claims) =>
    Object.entries(claims).filter(([name]) => !["iat", "exp", "jti"].includes(name));

function report(t, problems, total, name) {
    t.ok(!problems.length, `${total} ${name}`,
        `${problems.length} of ${total} differ; the first:\n${problems.slice(0, 3).join("\n")}`);
}

const show = (value) => JSON.stringify(value)?.slice(0, 400);

/* --- the original's tokens ----------------------------------------------------------------------- */

async function originalToUsher(t, batch) {
    const { profile, secret, secure, claims } = batch;
    const original = originals[profile.name];
    const salt = cookieName(profile, secure);
    const tokens = await Promise.all(claims.map((one) =>
        original.encode({ claims: one, secret, maxAge: 3600, salt })));
    const answers = await inspectLines(t, batch, tokens);
    const problems = [];

    for (const [i, token] of tokens.entries()) {
        const theirs = await original.decode({ token, secret, salt });
        const { token: verdict, claims: ours } = answers[i];
        if (verdict !== "valid") problems.push(`verdict ${show(answers[i])} for ${show(claims[i])}`);
        else if (!same(theirs, ours)) problems.push(`theirs ${show(theirs)}\nours   ${show(ours)}`);
    }
    report(t, problems, tokens.length, "tokens of the original open");
}

/* --- our tokens ---------------------------------------------------------------------------------- */

async function usherToOriginal(t, batch) {
    const { profile, secret, secure, claims } = batch;
    const original = originals[profile.name];
    const salt = cookieName(profile, secure);
    const tokens = await mintLines(t, batch, claims);
    const now = Math.floor(Date.now() / 1000);
    const problems = [];

    for (const [i, token] of tokens.entries()) {
        const wrong = (what, value) =>
            problems.push(`${what}: ${show(value)}, from ${show(claims[i])}`);
        const decoded = await original.decode({ token, secret, salt }).catch((error) => error);
        if (decoded instanceof Error) {
            wrong("decode", decoded.message);
            continue;
        }
        const cookies = original.chunks(salt, token);
        const got = await original.getToken({ cookies, secret, secure });
        const bearer = await original.getToken({ cookies: {}, secret, secure,
            authorization: `Bearer ${encodeURIComponent(token)}` });
        if (!same(withoutTimes(decoded), withoutTimes(claims[i]))) wrong("claims", decoded);
        if (!same(Object.keys(decoded), expectedOrder(claims[i]))) wrong("order", Object.keys(decoded));
        if (!same(got, decoded)) wrong("getToken", got);
        if (!same(bearer, decoded)) wrong("getToken with Bearer", bearer);
        if (Math.abs(decoded.iat - now) > 60 || decoded.exp !== decoded.iat + 3600)
            wrong("times", [decoded.iat, decoded.exp]);
        if (!/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(decoded.jti))
            wrong("jti", decoded.jti);
    }
    report(t, problems, tokens.length, "tokens of usher open in decode and getToken");
    t.equal(new Set(tokens.map((token) => token.split(".")[2])).size, tokens.length,
        "no two have the same initialisation vector");
}

/* --- chunks -------------------------------------------------------------------------------------- */

/** Payload lengths whose tokens end around 1, 2 and 3 times what fits one cookie. */
async function nearBoundaries(profile, secret) {
    const original = originals[profile.name];
    const salt = cookieName(profile, false);
    const length = async (n) => (await original.encode({
        claims: { sub: "1", text: padding(n) }, secret, maxAge: 3600, salt })).length;
    const base = await length(0);
    const { reach, step } = granularity(profile);
    const found = [];

    for (const k of [1, 2, 3]) {
        const middle = Math.round((k * profile.chunk - base) * 3 / 4);
        for (let n = middle - reach; n <= middle + reach; n += step) found.push(n);
    }
    return found;
}

/** A stream cipher's token grows character by character; CBC adds blocks of 16 bytes. */
const granularity = (profile) =>
    profile.name === "authjs-5" ? { reach: 40, step: 5, near: 44 } : { reach: 4, step: 1, near: 6 };

async function boundaries(t, profile) {
    const secret = secrets[0];
    const original = originals[profile.name];
    const salt = cookieName(profile, false);
    const lengths = await nearBoundaries(profile, secret);
    const claims = lengths.map((n) => ({ sub: "1", text: padding(n) }));
    const sizes = new Map();
    const headers = [];

    for (const one of claims) {
        const token = await original.encode({ claims: one, secret, maxAge: 3600, salt });
        const cookies = original.chunks(salt, token);
        sizes.set(token.length, Object.keys(cookies).length);
        const noise = [["a", "b"], ["other.0", "x"]];
        headers.push([...noise, ...Object.entries(cookies).reverse()]
            .map(([k, v]) => `${k}=${v}`).join("; "));
    }
    t.note(`${profile.name}: token length → cookies: ` +
        [...sizes].map((size) => size.join("→")).join(", "));
    for (const k of [1, 2, 3]) {
        const counts = new Set([...sizes].filter(([size]) =>
            Math.abs(size - k * profile.chunk) <= granularity(profile).near).map(([, n]) => n));
        t.equal(counts, new Set([k, k + 1]), `the sizes lie on both sides of ${k} full cookies`);
    }
    const answers = await inspectLines(t, { profile, secret, secure: false }, headers);
    const problems = answers
        .map((answer, i) => [answer, claims[i]])
        .filter(([answer, one]) => answer.verdict !== "valid" || answer.claims?.text !== one.text)
        .map(([answer]) => show(answer));
    report(t, problems, headers.length, "Cookie headers of the original open");
}

/** The cookie lines of `usher mint`, in a browser's jar, read by the original's getToken. */
async function printedCookies(t, profile) {
    const secret = secrets[1];
    const rand = random(seed);
    const lengths = [10, 2000, ...(await nearBoundaries(profile, secret)).filter(() => rand() < 0.25)];
    const problems = [];

    for (const secure of [false, true])
        for (const n of lengths) {
            const args = ["mint", "--profile", profile.name, "--sub", "1", "--name", "Zoé 智子",
                "--claim", `text=${JSON.stringify(padding(n))}`, secure ? "--secure" : "--insecure"];
            const set = await cli(t, [...args, "--set-cookie"], { secret });
            const visitor = new Visitor("http://localhost");
            const lines = set.out.trimEnd().split("\n")
                .map((line) => line.replace(/^Set-Cookie: /i, ""));
            visitor.jar.take("localhost", "/", lines);
            const fromSet = Object.fromEntries([...visitor.cookies()].map(([k, c]) => [k, c.value]));
            const plain = await cli(t, [...args, "--cookie"], { secret });
            const fromCookie = Object.fromEntries(plain.out.trim().split("; ").map((pair) =>
                [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
            for (const [what, cookies] of Object.entries({ fromSet, fromCookie })) {
                const got = await originals[profile.name].getToken({ cookies, secret, secure })
                    .catch((error) => error.message);
                if (got?.text !== padding(n) || got?.name !== "Zoé 智子" || got?.sub !== "1")
                    problems.push(`${what}, ${n} characters, secure ${secure}: ${show(got)} from ` +
                        `${Object.keys(cookies)}; ${set.err}`);
                const longest = Math.max(...Object.values(cookies).map((value) => value.length));
                if (longest > profile.chunk) problems.push(`${what}: a cookie of ${longest}`);
            }
        }
    report(t, problems, lengths.length * 4, "printed cookies are read by getToken");
}

/* --- refusals ------------------------------------------------------------------------------------ */

/** The controls: what the original refuses, usher refuses; what only a lenient decoder takes, too. */
async function refusals(t, profile) {
    const [secret, another] = secrets;
    const original = originals[profile.name];
    const salt = cookieName(profile, false);
    const encode = (claims, more = {}) =>
        original.encode({ claims, secret, maxAge: 3600, salt, ...more });
    const good = await encode({ sub: "1" });
    const flipped = good.slice(0, -5) + (good.at(-5) === "A" ? "B" : "A") + good.slice(-4);
    const rows = [
        ["valid", good, "valid"],
        ["another secret", await encode({ sub: "1" }, { secret: another }), "rejected"],
        ["a flipped bit", flipped, "rejected"],
        ["another purpose", await encode({ sub: "1" }, { salt: profile.cookie.state, check: true }),
            "rejected"],
        ["expired a minute ago", await encode({ sub: "1" }, { maxAge: -60 }), "expired"],
        ["expired 10 s ago, within tolerance", await encode({ sub: "1" }, { maxAge: -10 }), "valid"],
        ["not yet valid", await encode({ sub: "1", nbf: Math.floor(Date.now() / 1000) + 60 }),
            "rejected"],
        ["nonsense", "nonsense", "rejected"],
    ];
    const answers = await inspectLines(t, { profile, secret, secure: false }, rows.map((row) => row[1]));
    for (const [i, [what, , verdict]] of rows.entries())
        t.equal(answers[i].verdict, verdict, what, show(answers[i]));
}
