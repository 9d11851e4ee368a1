// What the parts of the suite share: a clock that stands still, choices from a seed, the packages.
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { random } from "../payloads.mjs";

export const packages = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../node_modules");
export const file = (...parts) => path.join(packages, ...parts);
export const require = createRequire(import.meta.url);

export const NOW = 1767225600;
export const SECRET = "public-test-secret-do-not-use-0123456789";

/* --- the clock ----------------------------------------------------------------------------------- */

const RealDate = globalThis.Date;
let now_ms = null;

class StoppedDate extends RealDate {
    constructor(...args) {
        if (args.length || now_ms === null) super(...args);
        else super(now_ms);
    }

    static now() {
        return now_ms ?? RealDate.now();
    }
}

/** For this thread alone: whatever asks for the time from now on gets `seconds`. */
export function stopClock(seconds) {
    globalThis.Date = StoppedDate;
    now_ms = seconds === undefined ? null : seconds * 1000;
}

/* --- choices ------------------------------------------------------------------------------------- */

/** Everything about a case follows from the seed, its part's name and its number. */
export class Choice {
    constructor(seed, name, number) {
        let mixed = seed >>> 0;
        for (const c of `${name}/${number}`) mixed = Math.imul(mixed ^ c.codePointAt(0), 0x01000193) >>> 0;
        this.next = random(mixed);
        this.next();
    }

    below(n) {
        return Math.floor(this.next() * n);
    }

    between(low, high) {
        return low + this.below(high - low + 1);
    }

    chance(p) {
        return this.next() < p;
    }

    of(list) {
        return list[this.below(list.length)];
    }

    some(low, high, make) {
        return Array.from({ length: this.between(low, high) }, (_, i) => make(i));
    }

    shuffled(list) {
        const out = [...list];
        for (let i = out.length - 1; i > 0; i -= 1) {
            const j = this.below(i + 1);
            [out[i], out[j]] = [out[j], out[i]];
        }
        return out;
    }

    /** A text with one to three small changes: something in, out, doubled, or another letter's case. */
    mutated(text, pieces) {
        let out = [...text];
        for (let n = this.between(1, 3); n; n -= 1) {
            const at = this.below(out.length + 1);
            switch (this.below(5)) {
            case 0: out.splice(at, 0, this.of(pieces)); break;
            case 1: out.splice(at, this.between(1, 3)); break;
            case 2: out.splice(at, 1, this.of(pieces)); break;
            case 3: out.splice(at, 0, ...out.slice(at, at + this.between(1, 6))); break;
            default: if (out[at]) out[at] = this.chance(0.5) ? out[at].toUpperCase() : out[at].toLowerCase();
            }
        }
        return out.join("");
    }

    hex(length) {
        return Array.from({ length }, () => "0123456789abcdef"[this.below(16)]).join("");
    }
}

/** Can it be in a file of cases: well-formed Unicode without U+0000? */
export const writable = (value) =>
    typeof value === "string" ? value.isWellFormed() && !value.includes("\0")
        : value === null || typeof value !== "object" ? true
            : Object.entries(value).every(([k, v]) => writable(k) && writable(v));

/** A header of one-byte characters, as Node.js reads it from the wire, without what cannot be sent. */
export const asHeader = (text) => [...text]
    .filter((c) => (c >= " " || c === "\t") && c !== "\x7f" && c.codePointAt(0) < 256).join("");

export const quiet = { debug() {}, warn() {}, error() {} };
