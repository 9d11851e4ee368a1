// Programs under test: started with a clean environment, watched, stopped by their own pid.
import { spawn } from "node:child_process";
import { createWriteStream, writeFileSync } from "node:fs";
import path from "node:path";
import { once } from "node:events";
import { waitForPort } from "./net.mjs";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sanitizer settings pass; nothing else that a program could read its settings from does. */
function environment(extra) {
    const kept = Object.entries(process.env).filter(([name]) =>
        /^(PATH|HOME|TMPDIR|LANG|LC_ALL|LD_LIBRARY_PATH)$|_OPTIONS$|^LLVM_PROFILE_FILE$/.test(name));
    return { ...Object.fromEntries(kept), ...extra };
}

export class Program {
    constructor(t, name, command, args, { env = {}, cwd } = {}) {
        this.t = t;
        this.name = name;
        this.out = "";
        this.err = "";
        this.log = path.join(t.dir, `${name}.log`);
        const file = createWriteStream(this.log);
        this.child = spawn(command, args, {
            cwd,
            env: environment(env),
            stdio: ["ignore", "pipe", "pipe"],
        });
        this.ended = once(this.child, "close").then(([code, signal]) => {
            file.end();
            this.exit = signal ?? code;
            return this.exit;
        });
        this.child.once("error", (error) => (this.err += `${error.message}\n`));
        for (const stream of ["stdout", "stderr"])
            this.child[stream].setEncoding("utf8").on("data", (text) => {
                this[stream === "stdout" ? "out" : "err"] += text;
                file.write(text);
            });
        t.defer(() => this.stop());
    }

    get running() {
        return this.exit === undefined;
    }

    /** Waits for a line of the output; throws with the log's end if it does not come. */
    async waitFor(pattern, timeout = 30000) {
        const end = Date.now() + timeout;
        for (;;) {
            const hit = pattern.exec(this.out) ?? pattern.exec(this.err);
            if (hit) return hit;
            if (!this.running || Date.now() > end) break;
            await sleep(10);
        }
        const why = this.running ? `did not say ${pattern} in ${timeout} ms` : `ended (${this.exit})`;
        throw new Error(`${this.name} ${why}; its log is ${this.log}, and ends:\n${this.tail()}`);
    }

    /** Waits until it listens on a port. */
    async listens(port) {
        try {
            await waitForPort(port, { alive: () => this.running });
        } catch (error) {
            throw new Error(`${this.name}: ${error.message}; its log is ${this.log}, and ends:\n` +
                this.tail());
        }
    }

    tail(lines = 15) {
        return (this.out + this.err).trimEnd().split("\n").slice(-lines).join("\n");
    }

    /** SIGTERM, then SIGKILL. Idempotent. */
    async stop({ grace = 30000 } = {}) {
        if (!this.running) return this.ended;
        this.child.kill("SIGTERM");
        const late = setTimeout(() => this.child.kill("SIGKILL"), grace);
        await this.ended;
        clearTimeout(late);
        return this.exit;
    }
}

/** Runs to the end: {code, out, err}. */
export async function run(command, args, { env = {}, input, cwd, timeout = 120000 } = {}) {
    const child = spawn(command, args, { cwd, env: environment(env), stdio: "pipe" });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (err += text));
    child.stdin.on("error", () => {}); // it may end before it has read everything
    const late = setTimeout(() => child.kill("SIGKILL"), timeout);
    child.stdin.end(input ?? "");
    const [code, signal] = await once(child, "close");
    clearTimeout(late);
    return { code: signal ?? code, out, err };
}

function parsedLine(line) {
    try {
        return JSON.parse(line);
    } catch {
        return { broken: line };
    }
}

/** usherd with these settings (an object; JSON is YAML) on the port of its base_url. */
export class Usherd extends Program {
    static async start(t, name, settings, { env = {}, file } = {}) {
        const config = file ?? path.join(t.dir, `${name}.yaml`);
        if (!file) writeFileSync(config, JSON.stringify(settings, null, 2));
        const self = new Usherd(t, name, t.tools.usherd, ["--config", config], { env });
        const [, url] = await self.waitFor(/^usherd: ready on (http:\/\/\S+)/m);
        t.defer(() => self.finish());
        self.port = Number(new URL(url).port || 80);
        return self;
    }

    /** Every JSON line of the log so far. */
    lines() {
        this.parsed ??= [];
        this.parsedTo ??= 0;
        for (let end; (end = this.err.indexOf("\n", this.parsedTo)) >= 0; this.parsedTo = end + 1) {
            const line = this.err.slice(this.parsedTo, end);
            if (line.startsWith("{")) this.parsed.push(parsedLine(line));
        }
        return this.parsed;
    }

    /** The counters as they are now. */
    async counters() {
        const from = this.lines().length;
        this.child.kill("SIGUSR1");
        const line = await this.line((l) => l.event === "counters", from);
        if (!line) throw new Error(`${this.name} does not tell its counters`);
        return line;
    }

    /** The log lines that carry an id; waits a little, for the log may be written after the answer. */
    async linesOf(id) {
        for (let i = 0; ; i += 1) {
            const found = this.lines().filter((line) => line.id === id);
            if (found.length || i === 100) return found;
            await sleep(10);
        }
    }

    /** Waits for a line that fits; undefined if none comes. */
    async line(fits, from = 0) {
        for (let i = 0; i < 100; i += 1) {
            const found = this.lines().slice(from).find(fits);
            if (found) return found;
            await sleep(10);
        }
        return undefined;
    }

    /** Stops it and checks that it ended well: a sanitizer's finding shows here. */
    async finish() {
        if (this.finished) return;
        this.finished = true;
        const was = this.running;
        const exit = await this.stop();
        const finding = /ERROR: \w+Sanitizer|runtime error:|Assertion .* failed/.exec(this.err)?.[0];
        this.t.ok(was && exit === 0 && !finding, `${this.name} runs to the end and stops cleanly`,
            `running until then: ${was}, exit ${exit}, ${finding ?? "no finding"}; ` +
            `log ${this.log}, ends:\n${this.tail()}`);
        const broken = this.lines().filter((line) => line.broken).length;
        if (broken) this.t.fail(`${this.name} logs JSON only`, `${broken} broken lines, ${this.log}`);
    }
}
