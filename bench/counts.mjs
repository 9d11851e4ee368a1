// How many instructions does each row take? Unlike time, that does not depend on who else uses the
// machine, so a change of a few percent shows. valgrind's callgrind counts them, function by function.
//
//   node bench/counts.mjs --bench PROGRAM [--update]
//
// What is compared with bench/counts.json is what our own code takes, so another version of libcrypto
// or libc does not matter; another compiler does, and then the table is only printed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { bench: { type: "string", default: "build-bench/bench/usher-bench" },
    update: { type: "boolean", default: false } } });
const table = fileURLToPath(new URL("counts.json", import.meta.url));
const allowed = 0.03;

const compiler = spawnSync("gcc", ["-dumpfullversion"], { encoding: "utf8" }).stdout.trim();

/** Instructions by file of the program, from one of callgrind's dumps: what each function took itself. */
function readDump(text) {
    const names = new Map();
    const taken = new Map();
    let file = "", inclusive = false;
    for (const line of text.split("\n")) {
        const object = /^ob=\((\d+)\)(?: (.*))?$/.exec(line);
        if (object) {
            if (object[2]) names.set(object[1], path.basename(object[2]));
            file = names.get(object[1]);
        } else if (/^cob=\((\d+)\) (.*)$/.test(line)) {
            const [, id, name] = /^cob=\((\d+)\) (.*)$/.exec(line);
            names.set(id, path.basename(name));
        } else if (line.startsWith("calls=")) {
            inclusive = true; // the next line is what the called function took, and counted there
        } else if (/^[-+*\d]/.test(line)) {
            if (!inclusive) taken.set(file, (taken.get(file) ?? 0) + Number(line.split(" ")[1]));
            inclusive = false;
        }
    }
    return taken;
}

function count() {
    const folder = mkdtempSync(path.join(os.tmpdir(), "usher-counts-"));
    const out = path.join(folder, "dump");
    try {
        const run = spawnSync("valgrind", ["-q", "--tool=callgrind", `--callgrind-out-file=${out}`,
            "--collect-atstart=no", "--toggle-collect=counted_work", "--dump-after=counted_work",
            path.resolve(values.bench), "count"], { encoding: "utf8", maxBuffer: 1 << 26 });
        if (run.status !== 0) throw new Error(`valgrind: status ${run.status}\n${run.stderr}`);
        const rows = run.stdout.split("\n").filter((line) => /^(open|seal)\t/.test(line));
        if (rows.length === 0) throw new Error("the program counted nothing");
        return Object.fromEntries(rows.map((line, i) => {
            const [kind, profile, size, name, calls] = line.split("\t");
            const taken = readDump(readFileSync(`${out}.${i + 1}`, "utf8"));
            const own = taken.get(path.basename(values.bench)) ?? 0;
            const all = [...taken.values()].reduce((a, b) => a + b, 0);
            return [`${kind} ${profile} ${size} ${name}`, { own: Math.round(own / calls), all: Math.round(all / calls) }];
        }));
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

const counted = count();
const openssl = spawnSync("openssl", ["version"], { encoding: "utf8" }).stdout.trim();
if (values.update) {
    writeFileSync(table, `${JSON.stringify({ compiler, openssl, rows: counted }, null, 1)}\n`);
    console.log(`${Object.keys(counted).length} rows written to bench/counts.json`);
    process.exit(0);
}
const kept = JSON.parse(readFileSync(table, "utf8"));
const comparable = kept.compiler === compiler;
let wrong = 0, right = 0;
console.log("instructions a call                            ours    before           with libraries");
for (const [name, { own, all }] of Object.entries(counted)) {
    const before = kept.rows[name]?.own;
    const change = before ? own / before - 1 : 0;
    const grown = comparable && !/ (table )?floor$/.test(name) && (!before || change > allowed);
    if (grown) wrong++;
    else right++;
    console.log(`${name.padEnd(42)} ${String(own).padStart(8)}  ${String(before ?? "-").padStart(8)} ${`${change >= 0 ? "+" : ""}${(change * 100).toFixed(1)} %`.padStart(8)} ${String(all).padStart(10)}${grown ? "  GROWN" : ""}`);
}
for (const name of Object.keys(kept.rows)) if (!counted[name]) wrong++, console.log(`${name}: no longer counted`);
if (!comparable) console.log(`NOT compared: the table is of gcc ${kept.compiler}, this is ${compiler}`);
console.log(`${right} passed, ${wrong} failed`);
if (wrong) console.log("more than 3 % more: find out why, or record it: node bench/counts.mjs --update, with the reason in the commit");
process.exit(wrong ? 1 : 0);
