// The applications of examples/, built with Next.js: as they are, on usher, and with their imports of
// usher changed to those of the package whose place it takes. Nothing but imports is changed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
    cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync,
} from "node:fs";
import path from "node:path";
import { Program } from "../../e2e/kit/process.mjs";

/** What each application is a copy of, and what its imports are called on the original. */
export const apps = {
    v4: { folder: "examples/next-app/v4", original: { "usher/next-auth": "next-auth" } },
    v5: {
        folder: "examples/next-app/v5",
        original: { "usher/authjs": "next-auth" },
        packages: { "next-auth": "next-auth-5" },
        only: ["app/runtime", "lib/runtime.js"], // what no original of this application has
        // The original's files are for bundlers: Next.js must be told, or its Pages Router loads them.
        config: ["serverExternalPackages: ['usher/server']", "transpilePackages: ['next-auth']"],
    },
    // The configured runtime's package is not in npm's registry: a folder that has it is named by hand.
    robojs: {
        folder: "examples/next-app/v5",
        original: { "usher/authjs": "next-auth", "usher/runtime": "@robojs/auth/server" },
        packages: { "next-auth": "next-auth-5", "@robojs/auth": process.env.USHER_ROBOJS ?? "" },
        config: ["serverExternalPackages: ['usher/server']", "transpilePackages: ['next-auth']"],
    },
    auth0: { folder: "examples/next-auth0", original: { "usher/auth0": "@auth0/nextjs-auth0" } },
};

/** "original" runs on the original package, "usher" on ours. */
export const variants = ["original", "usher"];

/** Where Next.js is, and how it builds. In Next.js 15 a proxy is a middleware, in a file of that name. */
const flavours = {
    "": { packages: "tests/apps", arguments: [] },
    webpack: { packages: "tests/apps", arguments: ["--webpack"] },
    next15: { packages: "tests/apps/next15", arguments: [], leaves: ["proxy.js"] },
};

const folderOf = (root, app, variant, flavour) => path.join(root, flavours[flavour].packages, "build",
    [app, variant, flavour].filter(Boolean).join("-"));
const nextOf = (root, flavour) => path.join(root, flavours[flavour].packages, "node_modules/next/dist/bin/next");

const npmSaid = (npm) => `${npm.error ?? npm.stderr}`;

/** The packages of a folder's package-lock.json, exactly; quick if they are there already. */
export function installPackages(t, under = "tests/apps") {
    const folder = path.join(t.tools.root, under);
    const lock = path.join(folder, "package-lock.json");
    const mark = path.join(folder, "node_modules/.package-lock.json");
    if (existsSync(mark) && statSync(mark).mtimeMs >= statSync(lock).mtimeMs) return folder;
    t.note(`installing the packages of ${under}/package-lock.json`);
    const npm = spawnSync("npm", ["ci"], { cwd: folder, encoding: "utf8" });
    t.need(npm.status === 0, "Next.js and the originals are installed", npmSaid(npm));
    return folder;
}

function* filesOf(folder, under = "") {
    for (const entry of readdirSync(path.join(folder, under), { withFileTypes: true })) {
        const name = path.join(under, entry.name);
        if (entry.name === "node_modules" || entry.name === ".next") continue;
        if (entry.isDirectory()) yield* filesOf(folder, name);
        else yield name;
    }
}

const ours = /^(\s*(?:import|export)\b.*\bfrom |import )(['"])(usher\/[^'"]+)\2;?$/;

/** The text with imports of usher/x as imports of the original's x. */
function onOriginal(text, names) {
    return text.split("\n").map((line) => {
        const [, , , from] = ours.exec(line) ?? [];
        const hit = from && Object.keys(names).find((n) => from === n || from.startsWith(`${n}/`));
        return hit ? line.replace(from, names[hit] + from.slice(hit.length)) : line;
    }).join("\n");
}

/** {file: text} of an application in a variant; `more` are files that it has besides. */
function sourcesOf(root, app, variant, { flavour, more }) {
    const { folder, original, only = [], config = ["", ""] } = apps[app];
    const { leaves = [] } = flavours[flavour];
    const sources = { ...more };
    for (const name of filesOf(path.join(root, folder))) {
        if (leaves.includes(name)) continue;
        const text = readFileSync(path.join(root, folder, name), "utf8");
        if (variant === "usher") sources[name] = text;
        else if (!only.some((one) => name.startsWith(one)))
            sources[name] = onOriginal(name === "next.config.mjs" ? text.replace(...config) : text, original);
    }
    return sources;
}

/** The package as npm would put it there, with its addon. */
function installUsher(root, into) {
    const from = path.join(root, "hosts/node");
    const left = new Set(["test", "native", "node_modules"].map((name) => path.join(from, name)));
    const to = path.join(into, "node_modules/usher");
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true, filter: (name) => !left.has(name) && !/\.(c|h|map|build)$/.test(name) });
}

function digest(texts) {
    const hash = createHash("sha256");
    for (const text of texts) hash.update(`${text.length}\n`).update(text);
    return hash.digest("hex");
}

const scripts = (folder) => [...filesOf(folder)].filter((n) => /\.([cm]?js|json)$/.test(n)).sort()
    .map((name) => name + readFileSync(path.join(folder, name), "utf8"));

/**
 * A production build of the application, in a folder `build` beside its packages. A build of the same
 * sources, packages and Node is taken as it is.
 */
export function buildApp(t, app, variant, { flavour = "", more = {} } = {}) {
    const { root } = t.tools;
    const base = installPackages(t, flavours[flavour].packages);
    if (flavour === "next15") installPackages(t); // what is not there is found in the folder above
    const folder = folderOf(root, app, variant, flavour);
    const sources = sourcesOf(root, app, variant, { flavour, more });
    const key = digest([process.version, flavour, readFileSync(path.join(base, "package-lock.json"), "utf8"),
        ...Object.entries(sources).flat(),
        ...(variant === "usher" ? scripts(path.join(root, "hosts/node")) : [])]);
    const mark = path.join(folder, ".built");
    mkdirSync(folder, { recursive: true });
    if (variant === "usher") installUsher(root, folder);
    if (existsSync(mark) && readFileSync(mark, "utf8") === key) return folder;

    for (const name of readdirSync(folder))
        if (name !== "node_modules") rmSync(path.join(folder, name), { recursive: true });
    for (const [name, text] of Object.entries(sources)) {
        mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
        writeFileSync(path.join(folder, name), text);
    }
    if (variant === "original")
        for (const [name, from] of Object.entries(apps[app].packages ?? {}))
            cpSync(path.resolve(base, "node_modules", from), path.join(folder, "node_modules", name),
                { recursive: true });
    const began = Date.now();
    const name = [app, "on", variant, flavour].filter(Boolean).join(" ");
    const built = spawnSync(process.execPath, [nextOf(root, flavour), "build", ...flavours[flavour].arguments], {
        cwd: folder, encoding: "utf8", timeout: 300000, env: environment({ NODE_ENV: "production" }),
    });
    t.keep(`build-${path.basename(folder)}.log`, `${built.stdout}\n${built.stderr}`);
    t.need(built.status === 0, `${name}: builds`,
        `${built.stdout}\n${built.stderr}`.trimEnd().split("\n").slice(-30).join("\n"));
    t.note(`${name} built in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    writeFileSync(mark, key);
    return folder;
}

function environment(extra) {
    const kept = Object.entries(process.env).filter(([name]) =>
        /^(PATH|HOME|TMPDIR|LANG|LC_ALL|LD_LIBRARY_PATH)$/.test(name));
    return { ...Object.fromEntries(kept), NEXT_TELEMETRY_DISABLED: "1", ...extra };
}

/** An application that was built, started on the port of `origin`. */
export async function startApp(t, { app, variant, flavour = "", origin, env, name = `${app}-${variant}` }) {
    const program = new Program(t, name, process.execPath,
        [nextOf(t.tools.root, flavour), "start", "-p", new URL(origin).port, "-H", "127.0.0.1"],
        { cwd: folderOf(t.tools.root, app, variant, flavour), env: environment({ NODE_ENV: "production", ...env }) });
    await program.waitFor(/Ready in/);
    return { app, variant, name, origin, program };
}

/** A certificate for the provider, which the applications are told to trust. */
export function makeCertificate(t) {
    const [key, cert] = ["key.pem", "cert.pem"].map((name) => path.join(t.dir, name));
    const made = spawnSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
    { encoding: "utf8" });
    t.need(made.status === 0, "openssl makes a certificate", `${made.error ?? made.stderr}`);
    return { file: cert, key: readFileSync(key), cert: readFileSync(cert) };
}
