#!/usr/bin/env node
// Runs the suites that span folders: the original packages, real identity providers, real front
// ends and a real browser, against the built programs.
//
//   node tests/run.mjs [--usherd PATH] [--usher PATH] [--c-server PATH] [--build FOLDER] [SUITE…]
//
// Every suite starts its own servers on free loopback ports and stops them. Logs and screenshots
// are kept in $USHER_ARTEFACTS (default: artefacts/ in the build folder). The last line is
// "N passed, N failed".
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const suites = [
    ["interop/tokens", "tokens of the original packages, both ways"],
    ["interop/random", "ten thousand payloads for each system, both ways"],
    ["interop/sizes", "sessions of every size, around every cookie that is full"],
    ["interop/carry", "sessions carried from system to system, opened by the originals"],
    ["interop/fresh", "fresh cases of the kind that tests/vectors has, answered by the originals"],
    ["interop/signed", "signed tokens of jose and jsonwebtoken, both ways"],
    ["e2e/oidc", "sign-in through oidc-provider"],
    ["e2e/auth0", "the routes of Auth0's SDK, through oidc-provider"],
    ["e2e/auth0-node", "Auth0Client of the npm package, through oidc-provider"],
    ["e2e/originals", "cookies of the original packages at usherd"],
    ["e2e/misbehaving", "a provider that lies, dawdles and falls over"],
    ["e2e/gateway", "nginx and Caddy in front"],
    ["e2e/browser", "Chromium in the quickstart"],
    ["e2e/bad-input", "bad cookies and bad settings"],
    ["e2e/c-server", "an application in C"],
    ["e2e/adapters", "rows of an Auth.js adapter, shared with the originals"],
    ["e2e/moving", "from one system to another, signed in"],
    ["apps/calls", "the check list of the calls: each has its proof"],
    ["apps/v4", "an application of Next.js 16, on NextAuth v4 and on usher"],
    ["apps/v5", "an application of Next.js 16, on Auth.js v5 and on usher"],
    ["apps/runtime", "the configured runtime in it, and what the original answers"],
    ["apps/auth0", "an application of Next.js 16, on Auth0's SDK and on usher"],
    ["apps/next15", "the applications of Next.js 16, on 15"],
    ["apps/webpack", "the applications of Next.js 16, built by webpack", "nightly"],
];

/** What a run is without names: the others take long for what they tell. */
const usual = suites.filter(([, , when]) => when !== "nightly").map(([name]) => name);

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);

function complain(message) {
    console.error(`run.mjs: ${message}`);
    process.exit(2);
}

function options() {
    const { values, positionals } = parseArgs({
        allowPositionals: true,
        options: {
            usherd: { type: "string" },
            usher: { type: "string" },
            "c-server": { type: "string" },
            build: { type: "string", default: path.join(root, "build-test") },
            list: { type: "boolean" },
        },
    });
    if (values.list) {
        for (const [name, about, when] of suites) console.log(`${name.padEnd(16)} ${about}${when ? ` (${when})` : ""}`);
        process.exit(0);
    }
    const known = suites.map(([name]) => name);
    const chosen = positionals.map((wanted) => {
        const hit = known.filter((name) =>
            name === wanted || name.endsWith(`/${wanted}`) || name.startsWith(`${wanted}/`));
        if (!hit.length) complain(`no suite "${wanted}"; there are: ${known.join(", ")}`);
        return hit;
    }).flat();
    const tools = {
        root,
        usherd: path.resolve(values.usherd ?? path.join(values.build, "hosts/daemon/usherd")),
        usher: path.resolve(values.usher ?? path.join(values.build, "hosts/cli/usher")),
    };
    // The example is built beside them.
    tools["c-server"] = path.resolve(
        values["c-server"] ?? path.join(path.dirname(tools.usherd), "../../tests/c-server"));
    for (const name of ["usherd", "usher", "c-server"])
        if (!existsSync(tools[name]))
            complain(`no program at ${tools[name]}: build it, or say where it is with --${name}`);
    const artefacts = path.resolve(process.env.USHER_ARTEFACTS ?? path.join(values.build, "artefacts"));
    return { tools, artefacts, chosen: chosen.length ? chosen : usual };
}

/** The packages of package-lock.json, exactly; quick if they are there already. */
function installPackages() {
    const lock = path.join(here, "package-lock.json");
    const mark = path.join(here, "node_modules/.package-lock.json");
    if (existsSync(mark) && statSync(mark).mtimeMs >= statSync(lock).mtimeMs) return;
    console.log("# installing the packages of tests/package-lock.json");
    const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: here, encoding: "utf8" });
    if (npm.status !== 0)
        complain(`npm ci failed in tests/; is npm there, and the network?\n${npm.error ?? npm.stderr}`);
}

const { tools, artefacts, chosen } = options();
installPackages();
mkdirSync(artefacts, { recursive: true });

const { Suite } = await import("./e2e/kit/tap.mjs");
const total = { count: 0, passed: 0, failed: 0, names: [], good: new Set() };
const shared = { tools, artefacts, total, print: (line) => console.log(line) };
const started = Date.now();

// A suite that hangs must not hang the run: it is cut, and that is a failure. Those of apps/ build.
const longestOf = (name) =>
    Number(process.env.USHER_SUITE_MS ?? (name.startsWith("apps/") ? 600000 : 180000));

for (const name of chosen) {
    const begin = Date.now();
    const failedBefore = total.failed;
    const passedBefore = total.passed;
    rmSync(path.join(artefacts, name.replaceAll("/", "-")), { recursive: true, force: true });
    const t = new Suite(name, shared);
    const longest_ms = longestOf(name);
    let timer;

    console.log(`# ${name}: ${suites.find((suite) => suite[0] === name)[1]}`);
    try {
        const { default: run } = await import(`./${name}.mjs`);
        const late = new Promise((_, reject) => {
            timer = setTimeout(() => reject(new Error(`not done in ${longest_ms} ms`)), longest_ms);
        });
        await Promise.race([run(t), late]);
    } catch (error) {
        t.fail("runs to its end", error.stack ?? String(error));
    }
    clearTimeout(timer);
    await t.finish();
    if (total.failed + total.passed === failedBefore + passedBefore)
        t.fail("checks something", "the suite ended without a single check");
    const failed = total.failed - failedBefore;
    const seconds = ((Date.now() - begin) / 1000).toFixed(1);
    console.log(`# ${name}: ${total.passed - passedBefore} passed, ${failed} failed, ${seconds} s`);
    if (failed)
        console.log(`# logs are in ${t.dir}; run it again alone: node tests/run.mjs ${name}`);
}

if (total.failed) {
    console.log(`# failed:`);
    for (const name of total.names) console.log(`#   ${name}`);
}
console.log(`# ${((Date.now() - started) / 1000).toFixed(1)} s; logs and screenshots: ${artefacts}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed ? 1 : 0);
