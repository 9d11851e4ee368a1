// What a suite reports to: one "ok" or "not ok" line for each check, clean-up in reverse order.
import { mkdirSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual, inspect } from "node:util";
import path from "node:path";

const short = (value) => {
    const text = typeof value === "string" ? JSON.stringify(value) : inspect(value, { depth: 6 });
    return text.length > 600 ? `${text.slice(0, 600)}… (${text.length} characters)` : text;
};

/** Thrown by t.need: the rest of the case makes no sense. Already reported. */
class Abandoned extends Error {}

export class Suite {
    #clean;
    #prefix;

    constructor(name, shared, clean = [], prefix = []) {
        this.#clean = clean;
        this.#prefix = prefix;
        this.name = name;
        this.artefacts = shared.artefacts;
        this.tools = shared.tools; // paths of usherd, usher, root
        this.dir = path.join(shared.artefacts, name.replaceAll("/", "-"));
        this.total = shared.total;
        this.print = shared.print;
        mkdirSync(this.dir, { recursive: true });
    }

    #line(good, text, detail) {
        const name = [...this.#prefix, text].join(": ").replaceAll("#", "\\#");
        this.total.count += 1;
        this.total[good ? "passed" : "failed"] += 1;
        this.print(`${good ? "ok" : "not ok"} ${this.total.count} - ${this.name}: ${name}`);
        if (good) this.total.good.add(`${this.name}: ${name}`);
        if (!good) {
            this.total.names.push(`${this.name}: ${name}`);
            for (const line of String(detail ?? "").split("\n")) if (line) this.print(`#   ${line}`);
        }
        return good;
    }

    ok(condition, name, detail) {
        return this.#line(Boolean(condition), name, condition ? "" : String(detail ?? ""));
    }

    equal(actual, expected, name, detail) {
        const good = isDeepStrictEqual(actual, expected);
        const more = detail ? `\n${detail}` : "";
        return this.#line(good, name, `expected ${short(expected)}\ngot      ${short(actual)}${more}`);
    }

    match(text, pattern, name, detail) {
        const good = typeof text === "string" && pattern.test(text);
        const more = detail ? `\n${detail}` : "";
        return this.#line(good, name, `expected ${pattern}\ngot      ${short(text)}${more}`);
    }

    /** Like ok, but what follows in this case is given up when it fails. */
    need(condition, name, detail) {
        if (!this.ok(condition, name, detail)) throw new Abandoned(name);
    }

    fail(name, detail) {
        return this.#line(false, name, detail);
    }

    /** Has a check of that whole name passed in this run? */
    hasPassed(name) {
        return this.total.good.has(name);
    }

    /** Something the reader should know, not a check. */
    note(text) {
        this.print(`# ${this.name}: ${text}`);
    }

    /**
     * Runs a part under a heading of its own; an exception is one failed check, and the next part
     * goes on. Parts may run side by side.
     */
    async case(heading, run) {
        const part = new Suite(this.name, this, this.#clean, [...this.#prefix, heading]);
        try {
            return await run(part);
        } catch (error) {
            if (!(error instanceof Abandoned)) part.fail("runs to its end", error.stack ?? error);
            return undefined;
        }
    }

    /** Called at the end of the suite, whatever happened; the last one first. */
    defer(clean) {
        this.#clean.push(clean);
    }

    keep(name, content) {
        writeFileSync(path.join(this.dir, name), content);
    }

    async finish() {
        while (this.#clean.length) {
            try {
                await this.#clean.pop()();
            } catch (error) {
                this.fail("cleans up", error.stack ?? String(error));
            }
        }
    }
}
