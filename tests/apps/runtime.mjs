// examples/next-app/v5/app/runtime: the calls of the configured runtime, compared answer by answer with what the
// original answers. Its package is in no registry, so its answers were measured once, with the same routes, and
// are kept in runtime.json; with USHER_ROBOJS=FOLDER they are measured anew: a folder with the package as
// @robojs/auth, whose entry ./server loads, and the @auth/core that it asks for.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { newSecret } from "../e2e/kit/sites.mjs";
import { freePort } from "../e2e/kit/net.mjs";
import { originals } from "../e2e/kit/originals.mjs";
import { buildApp, startApp } from "./kit/build.mjs";
import { proveCalls } from "./kit/calls.mjs";
import { compareVisits, recordedVisit } from "./kit/visit.mjs";

const HOUR = 3600;
const LONG = 5 * HOUR;
const name = "authjs.session-token";
const { encode } = originals["authjs-5"];
const claims = { name: "Ann", email: "ann@example.com", sub: "ann", emailVerified: true };

/** {who: headers}: every visitor, with nothing but headers to tell by. */
async function visitors(secret) {
    const seal = (more = {}, maxAge = LONG, key = secret) =>
        encode({ claims: { ...claims, ...more }, secret: key, maxAge, salt: name });
    const good = await seal();
    const large = await seal({ nickname: "n".repeat(3200) });
    const pieces = large.match(/.{1,3936}/g).map((piece, i) => `${name}.${i}=${piece}`);
    const cookies = {
        "nobody": undefined,
        "ann": `${name}=${good}`,
        "ann, among others": `a=b; ${name}=${good}; theme=dark`,
        "not verified": `${name}=${await seal({ emailVerified: false })}`,
        "in pieces": pieces.join("; "),
        "in pieces, one missing": pieces[0],
        "expired": `${name}=${await seal({}, -HOUR)}`,
        "another's": `${name}=${await seal({}, LONG, newSecret())}`,
        "tampered": `${name}=${good.slice(0, -30)}A${good.slice(-29)}`,
        "nonsense": `${name}=nonsense`,
        "empty": `${name}=`,
        "another cookie": `session=${good}`,
        "of https": `__Secure-${name}=${good}`,
        "twice": `${name}=${good}; ${name}=nonsense`,
        "twice, the other way": `${name}=nonsense; ${name}=${good}`,
    };
    return {
        ...Object.fromEntries(Object.entries(cookies).map(([who, cookie]) => [who, cookie === undefined ? {} : { cookie }])),
        "Bearer": { authorization: `Bearer ${good}` },
        "Bearer, of another": { authorization: "Bearer nonsense" },
        "Bearer, no URL encoding": { authorization: "Bearer %zz" },
    };
}

const routes = ["/runtime/session", "/runtime/forms", "/runtime/guard", "/runtime/token", "/runtime/token?raw=1",
    "/runtime/health"];

const visit = (people) => async (keep, newVisitor) => {
    for (const [who, headers] of Object.entries(people))
        for (const route of routes) keep(who)(route, await newVisitor().get(route, { headers }));
    // A route that is asked often.
    for (const who of ["ann", "nobody", "nonsense"])
        for (const time of [1, 2]) keep(`hot, ${who}`)(`time ${time}`, await newVisitor().get("/runtime/hot", { headers: people[who] }));
};

/* Nobody signs in here: a provider is configured, and never asked. */
const company = { COMPANY_ISSUER: "https://id.example", COMPANY_ID: "app", COMPANY_SECRET: "none" };

/** The application in a mode: `env` says which. */
async function recordedMode(t, { app, variant }, mode, { env, people }) {
    const origin = `http://localhost:${await freePort()}`;
    const started = await startApp(t, { app, variant, origin, name: `${app}-${mode}`,
        env: { ...company, AUTH_TRUST_HOST: "true", AUTH_URL: origin, ...env } });
    const record = await recordedVisit(started, {}, visit(people));
    return { started, record, stop: () => started.program.stop() };
}

/** {mode: record} of one variant. An upstream is an application in local mode. */
async function modes(t, which, { secret, people }) {
    const local = await recordedMode(t, which, "local", { env: { AUTH_SECRET: secret }, people });
    const proxy = await recordedMode(t, which, "proxy", { env: { AUTH_UPSTREAM: local.started.origin }, people });
    await proxy.stop();
    await local.stop();
    const few = Object.fromEntries(["nobody", "ann", "nonsense"].map((who) => [who, people[who]]));
    const away = await recordedMode(t, which, "away", { env: { AUTH_UPSTREAM: "http://127.0.0.1:9" }, people: few });
    await away.stop();
    return { local: local.record, proxy: proxy.record, away: away.record };
}

const measuredAt = (t) => path.join(t.tools.root, "tests/apps/runtime.json");

async function measured(t, secret, people) {
    if (process.env.USHER_ROBOJS) {
        const { version, source } = JSON.parse(readFileSync(path.join(process.env.USHER_ROBOJS, "package.json"), "utf8"));
        const answers = await modes(t, { app: "robojs", variant: "original" }, { secret, people });
        const whole = { package: `@robojs/auth ${version}`, source, "@auth/core": "0.40.0", answers };
        writeFileSync(measuredAt(t), `${JSON.stringify(whole, null, 1)}\n`);
    }
    return JSON.parse(readFileSync(measuredAt(t), "utf8")).answers;
}

export default async function run(t) {
    if (process.env.USHER_ROBOJS) buildApp(t, "robojs", "original");
    buildApp(t, "v5", "usher");
    const secret = newSecret();
    const people = await visitors(secret);
    const theirs = await measured(t, secret, people);
    const ours = await modes(t, { app: "v5", variant: "usher" }, { secret, people });
    for (const mode of ["local", "proxy", "away"])
        await t.case(`swap, ${mode}`, async (t) => compareVisits(t, `runtime-${mode}`, { original: theirs[mode], usher: ours[mode] }));
    proveCalls(t, "apps/runtime");
}
