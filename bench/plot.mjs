// Draws docs/performance.svg from the two results of bench/run.mjs: how long a small session takes in
// each reader, on a logarithmic scale, and what an opening is made of.
//
//   node bench/plot.mjs open.json seal.json docs/performance.svg
import { readFileSync, writeFileSync } from "node:fs";

const [openFile, sealFile, to] = process.argv.slice(2);
const open = JSON.parse(readFileSync(openFile, "utf8")).results;
const seal = JSON.parse(readFileSync(sealFile, "utf8")).results;

const width = 860, left = 300, right = 90, bar = 20, gap = 8;
const colours = { floor: "#9aa5b1", ours: "#2f6f4f", original: "#b4552d" };
const text = (x, y, content, more = "") => `<text x="${x}" y="${y}" ${more}>${content}</text>`;
const microseconds = (ns) => (ns < 1e4 ? (ns / 1e3).toFixed(2) : (ns / 1e3).toFixed(0));

function bars(profile) {
    const o = open[`${profile} small`].rows, s = seal[`${profile} small`].rows;
    const originals = (rows, call) => Object.entries(rows).filter(([name]) => name.endsWith(` ${call}`));
    const both = profile === "nextauth-4" ? "getServerSession" : "auth";
    return [
        ["floor: base64url, OpenSSL", o.floor.median, "floor"],
        ["usher: header to session", o.session.median, "ours"],
        ...originals(o, "decode").map(([name, r]) => [name, r.median, "original"]),
        ["usher: read, seal, Set-Cookie", s.roll.median, "ours"],
        ...originals(s, both).map(([name, r]) => [name, r.median, "original"]),
    ];
}

const shapes = [];
let y = 28;
const groups = ["nextauth-4", "authjs-5"].map((profile) => [profile, bars(profile)]);
const most = Math.max(...groups.flatMap(([, list]) => list.map(([, ns]) => ns)));
const scale = (ns) => ((width - left - right) * Math.log2(ns / 250)) / Math.log2(most / 250);
for (const [profile, list] of groups) {
    shapes.push(text(8, y, `${profile}, a small session: microseconds, on a logarithmic scale`, 'font-weight="bold"'));
    y += 12;
    for (const [name, ns, kind] of list) {
        shapes.push(text(left - 8, y + 15, name, 'text-anchor="end"'));
        shapes.push(`<rect x="${left}" y="${y}" width="${scale(ns).toFixed(1)}" height="${bar}" fill="${colours[kind]}"/>`);
        shapes.push(text((left + scale(ns) + 6).toFixed(1), y + 15, microseconds(ns)));
        y += bar + gap;
    }
    y += 28;
}

// The steps of an opening, side by side; what no step accounts for comes last.
const steps = [["request", "step request"], ["cookie", "step cookie"], ["base64url", "step base64url"],
    ["AEAD", null], ["JSON", "step json"], ["claims", "step claims"]];
const shades = ["#7b8794", "#52606d", "#3e7cb1", "#1f4e79", "#c78a2c", "#8a5a12", "#cbd2d9"];
for (const [profile] of groups) {
    const rows = open[`${profile} small`].rows, whole = rows.session.median;
    const parts = steps.map(([name, row]) => [name, row ? rows[row].median
        : rows["step unseal"].median - rows["step base64url"].median]);
    const rest = whole - parts.reduce((sum, [, ns]) => sum + ns, 0);
    parts.push(["between", Math.max(rest, 0)]);
    const sum = parts.reduce((total, [, ns]) => total + ns, 0);
    shapes.push(text(8, y, `${profile}: ${Math.round(whole)} ns from Cookie header to session`, 'font-weight="bold"'));
    y += 12;
    let x = 8;
    parts.forEach(([name, ns], i) => {
        const w = ((width - 16) * ns) / sum;
        shapes.push(`<rect x="${x.toFixed(1)}" y="${y}" width="${w.toFixed(1)}" height="${bar + 6}" fill="${shades[i]}"/>`);
        if (w > 7.5 * `${name} ${Math.round(ns)}`.length + 6) shapes.push(text((x + 4).toFixed(1), y + 17, `${name} ${Math.round(ns)}`, `fill="${i === 6 ? "#222" : "#fff"}"`));
        x += w;
    });
    y += bar + 6 + 30;
}
writeFileSync(to, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y - 10}" font-family="sans-serif" font-size="13" role="img" aria-label="Time of a session check in usher and in the original packages">
<rect width="100%" height="100%" fill="#fff"/>
${shapes.join("\n")}
</svg>
`);
