// Signed tokens of two JavaScript packages opened by the CLI, and tokens of the CLI verified by them:
// the same claims must come out, for each algorithm and each form in which a key is kept.
import { createPublicKey, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { CompactSign, calculateJwkThumbprint, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { keyPair } from "../e2e/kit/keys.mjs";
import { run as runProgram } from "../e2e/kit/process.mjs";
import { payloads } from "./payloads.mjs";

const seed = Number(process.env.USHER_SEED ?? 20261122);
const count = 500;

const pem = (type) => (key) => key.export({ format: "pem", type });
const jwk = (key) => JSON.stringify(key.export({ format: "jwk" }));

/** How a key is made, and the forms in which the CLI is given it. jsonwebtoken has no EdDSA. */
const algorithms = {
    HS256: { forms: { secret: (key) => key.toString("latin1") } },
    RS256: {
        make: () => keyPair("rsa", { modulusLength: 2048 }),
        forms: { "PKCS#8": pem("pkcs8"), "PKCS#1": pem("pkcs1"), JWK: jwk },
    },
    ES256: {
        make: () => keyPair("ec", { namedCurve: "P-256" }),
        forms: { "PKCS#8": pem("pkcs8"), SEC1: pem("sec1"), JWK: jwk },
    },
    EdDSA: {
        make: () => keyPair("ed25519"),
        forms: { "PKCS#8": pem("pkcs8"), JWK: jwk },
        joseOnly: true,
    },
};

/** A secret is text here, so that a file and every package take the same bytes. */
function keyOf(alg) {
    const made = algorithms[alg].make?.();
    const secret = Buffer.from(randomBytes(32).toString("base64url"), "latin1");
    return made ? { sign: made.privateKey, verify: made.publicKey } : { sign: secret, verify: secret };
}

/* --- the packages: the claims are signed as JSON.stringify writes them --------------------------- */

const packages = {
    jose: {
        sign: (alg, key, text) =>
            new CompactSign(Buffer.from(text)).setProtectedHeader({ alg, typ: "JWT" }).sign(key.sign),
        verify: async (alg, key, token) =>
            (await jwtVerify(token, key.verify, { algorithms: [alg], typ: "JWT" })).payload,
    },
    jsonwebtoken: {
        sign: async (alg, key, text) => jsonwebtoken.sign(text, key.sign, { algorithm: alg }),
        verify: async (alg, key, token) =>
            jsonwebtoken.verify(token, key.verify, { algorithms: [alg] }),
    },
};

const packagesOf = (alg) => algorithms[alg].joseOnly ? ["jose"] : Object.keys(packages);

/* --- the CLI ------------------------------------------------------------------------------------- */

async function cli(t, command, alg, files, lines, more = []) {
    const keys = files.flatMap((file) => ["--key-file", file]);
    const done = await runProgram(t.tools.usher,
        [command, "--lines", "--signed", alg, ...keys, ...more],
        { env: {}, input: lines.map((line) => `${line}\n`).join("") });
    if (/Sanitizer|runtime error/.test(done.err)) t.fail(`usher ${command} is clean`, done.err);
    const answers = done.out.trimEnd().split("\n");
    t.need(answers.length === lines.length, `usher ${command} answers each line`,
        `${answers.length} of ${lines.length}, exit ${done.code}: ${done.err.slice(-500)}`);
    return answers;
}

const inspect = async (t, alg, files, tokens) =>
    (await cli(t, "inspect", alg, files, tokens, ["--show-secrets"])).map((line) => JSON.parse(line));
const mint = (t, alg, files, claims) =>
    cli(t, "mint", alg, files, claims.map((one) => JSON.stringify(one)), ["--max-age", "3600"]);

/* --- both ways ----------------------------------------------------------------------------------- */

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const show = (value) => JSON.stringify(value)?.slice(0, 300);
const withoutTimes = (claims) =>
    Object.entries(claims).filter(([name]) => !["iat", "exp", "jti"].includes(name));

function report(t, problems, total, name) {
    t.ok(!problems.length, `${total} ${name}`,
        `${problems.length} of ${total} differ; the first:\n${problems.slice(0, 3).join("\n")}`);
}

async function theirsToUsher(t, { alg, key, files, claims, which }) {
    const sign = packages[which].sign;
    const tokens = await Promise.all(claims.map((one) => sign(alg, key, JSON.stringify(one))));
    const answers = await inspect(t, alg, files, tokens);
    const problems = [];

    for (const [i, { token: verdict, claims: ours }] of answers.entries()) {
        const due = claims[i].exp < Date.now() / 1000 ? "expired" : "valid"; // some bring an old exp
        if (verdict !== due || !same(ours, JSON.parse(JSON.stringify(claims[i]))))
            problems.push(`${verdict}: ${show(ours)} for ${show(claims[i])}`);
    }
    report(t, problems, tokens.length, `tokens of ${which} open`);
}

async function usherToTheirs(t, { alg, key, files, claims, which }) {
    const tokens = await mint(t, alg, files, claims);
    const problems = [];

    for (const [i, token] of tokens.entries()) {
        const got = await packages[which].verify(alg, key, token).catch((error) => error);
        if (got instanceof Error) problems.push(`${got.message} for ${show(claims[i])}`);
        else if (!same(withoutTimes(got), withoutTimes(claims[i])))
            problems.push(`${show(got)} for ${show(claims[i])}`);
        else if (got.exp !== got.iat + 3600) problems.push(`times ${got.iat} ${got.exp}`);
    }
    report(t, problems, tokens.length, `tokens of usher verify in ${which}`);
}

/* --- refusals, and several keys ------------------------------------------------------------------ */

async function refusals(t, { alg, key, other, files }) {
    const good = await packages.jose.sign(alg, key, "{\"sub\":\"1\"}");
    const [head, body, mac] = good.split(".");
    const b64 = (text) => Buffer.from(text).toString("base64url");
    const tokens = [
        good,
        await packages.jose.sign(alg, other, "{\"sub\":\"1\"}"),
        `${b64("{\"alg\":\"none\"}")}.${body}.`,
        `${b64("{\"alg\":\"none\"}")}.${body}.${mac}`,
        `${head}.${b64("{\"sub\":\"2\"}")}.${mac}`,
        `${head}.${body}.`,
        `${head}.${body}`,
        await packages.jose.sign(alg, key, "{\"sub\":\"1\",\"exp\":1}"),
    ];
    const answers = await inspect(t, alg, files, tokens);
    t.equal(answers.map((one) => one.token).join(" "),
        "valid rejected rejected rejected rejected rejected rejected expired", "only the good one opens");
}

/** The public key, as text, taken for a secret. */
async function confusion(t, { alg, key, files }) {
    const texts = [pem("spki")(key.verify), jwk(key.verify)];
    const tokens = await Promise.all(texts.flatMap((text) => ["HS256", alg].map(async (name) => {
        const made = await packages.jose.sign("HS256", { sign: Buffer.from(text) }, "{\"sub\":\"1\"}");
        const header = Buffer.from(JSON.stringify({ alg: name })).toString("base64url");
        return name === "HS256" ? made : [header, ...made.split(".").slice(1)].join(".");
    })));
    const answers = await inspect(t, alg, files, tokens);
    t.ok(answers.every((one) => one.token === "rejected"), "a public key is no secret", show(answers));
}

async function rotation(t, { alg, key, other, files, otherFile }) {
    const [token] = await mint(t, alg, [otherFile, ...files], [{ sub: "1" }]);
    const header = JSON.parse(Buffer.from(token.split(".")[0], "base64url"));
    const kid = alg === "HS256" ? undefined
        : await calculateJwkThumbprint(createPublicKey(other.verify.export({ format: "pem", type: "spki" }))
            .export({ format: "jwk" }));
    t.equal(header.kid, kid, "the header names the first of two keys by its thumbprint, secrets never");
    t.equal((await packages.jose.verify(alg, other, token)).sub, "1", "the first key signs");
    const old = await packages.jose.sign(alg, key, "{\"sub\":\"2\"}");
    const answers = await inspect(t, alg, [otherFile, ...files], [token, old]);
    t.equal(answers.map((one) => one.token).join(" "), "valid valid", "both keys verify");
}

export default async function run(t) {
    const folder = mkdtempSync(path.join(os.tmpdir(), "usher-signed-"));
    const write = (name, text) => {
        const file = path.join(folder, name.replace(/\W/g, "-"));
        writeFileSync(file, text, { mode: 0o600 });
        return file;
    };
    const all = payloads(seed, count);

    t.note(`seed ${seed} (USHER_SEED)`);
    try {
        for (const [alg, { forms }] of Object.entries(algorithms)) {
            const key = keyOf(alg), other = keyOf(alg);
            const first = Object.values(forms)[0];
            const otherFile = write(`${alg}-other`, first(other.sign));
            for (const [form, text] of Object.entries(forms)) {
                const files = [write(`${alg}-${form}`, text(key.sign))];
                // every payload with the first form of a key; the other forms differ in reading only
                const claims = text === first ? all : all.slice(0, 20);
                for (const which of packagesOf(alg)) {
                    const batch = { alg, key, files, claims, which };
                    await t.case(`${alg}: ${form}`, (t) => theirsToUsher(t, batch));
                    await t.case(`${alg}: ${form}`, (t) => usherToTheirs(t, batch));
                }
                if (text !== first) continue;
                const one = { alg, key, other, files, otherFile };
                await t.case(`${alg}: refusals`, (t) => refusals(t, one));
                await t.case(`${alg}: two keys`, (t) => rotation(t, one));
                if (alg !== "HS256") await t.case(`${alg}: confusion`, (t) => confusion(t, one));
            }
        }
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
