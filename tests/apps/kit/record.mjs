// What came over the wire, in words that are the same on every run: random values, times and ports are
// masked by what they are. Two visits of the same kind can then be compared word by word.
import { forms } from "../../e2e/kit/flows.mjs";

const HOUR = 3600;

/** "in 30 d" for a point in time; whatever lies within two minutes is the same, and so is the epoch always. */
function span(seconds) {
    if (seconds < 24 * HOUR) return "in 1970";
    const away = seconds - Date.now() / 1000;
    if (Math.abs(away) < 120) return "now";
    const [size, unit] = Math.abs(away) > 48 * HOUR ? [24 * HOUR, "d"]
        : Math.abs(away) > 2 * HOUR ? [HOUR, "h"] : [60, "min"];
    return `${away < 0 ? "past " : "in "}${Math.abs(Math.round(away / size))} ${unit}`;
}

const patterns = [
    [/eyJ[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+/g, "<sealed token>"],
    [/eyJ[\w-]+\.\.[\w-]+\.[\w-]+/g, "<piece of a token>"],
    [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, "<signed token>"],
    [/\b[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b/g, "<uuid>"],
    [/\b[0-9a-f]{64}\b/g, "<64 hex digits>"],
    [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z/g, (date) => `<${span(Date.parse(date) / 1000)}>`],
    [/\b20\d\d-\d\d-\d\d\b/g, "<date>"],
    [/^1[789]\d{8}(?=:)/, (number) => `<${span(Number(number))}>`],
    [/(?<="token":")[\w-]{43}/g, "<token>"],
    [/(?<="expires_in":)\d+/g, "<seconds>"],
    [/(?<="usid":")[\w-]{22}/g, "<random>"],
    [/(?<='sha256-)[\w+/]{43}=(?=')/g, "<digest>"],
    [/(?<=Reference )[0-9a-f]{16}\b/g, "<reference>"],
    [/(?<=[":])1[789]\d{8}\b/g, (number) => `<${span(Number(number))}>`],
];

export class Masks {
    #own;

    /** @param own [[text, word]]: origins and the like, longest first */
    constructor(own) {
        this.#own = own;
    }

    text(text) {
        let out = text;
        for (const [from, word] of this.#own) {
            out = out.replaceAll(from, word);
            out = out.replaceAll(encodeURIComponent(from), word);
        }
        for (const [pattern, word] of patterns) out = out.replace(pattern, word);
        return out;
    }

    /** {url, …parameters}: a URL says the same whatever the order and spelling of its parameters. */
    url(text) {
        const at = text.indexOf("?");
        const out = { to: this.text(at < 0 ? text : text.slice(0, at)) };
        if (at < 0) return out;
        for (const [name, value] of new URLSearchParams(text.slice(at + 1)))
            out[name] = /^(state|nonce|code_challenge|csrfToken|logout_hint)$/.test(name)
                ? `<${value.length > 60 ? "long" : value.length} random>` : this.text(value);
        return out;
    }

    cookie({ name, value, expires, ...rest }) {
        if (rest.maxAge > 0) rest.maxAge = span(Date.now() / 1000 + rest.maxAge);
        const attributes = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, v]) => (v === true ? key : `${key}=${String(v).toLowerCase()}`));
        if (expires) attributes.push(`expires ${span(expires / 1000)}`);
        return [name.replace(/^__txn_.+/, "__txn_<state>"), [this.#value(name, value), ...attributes].join("; ")];
    }

    #value(name, value) {
        const isPiece = /(\.|__)\d+$/.test(name) && value.length > 20;
        if (isPiece) return value.length > 3400 ? `<piece of ${value.length}>` : "<last piece>";
        return this.text(decodeURIComponent(value)) || "<empty>";
    }

    /** JSON that only says where to go is as good as a Location. */
    body(text) {
        const url = /^\{"url":"([^"]*)"\}$/.exec(text)?.[1];
        if (!url) return this.text(text);
        const { to, ...rest } = this.url(url);
        return ["url", to, ...Object.keys(rest).sort().map((key) => `${key}=${rest[key]}`)].join(" ");
    }
}

/* Of the connection, or the length and digest of a body that is compared itself. */
const notCompared = new Set(["date", "connection", "keep-alive", "transfer-encoding", "content-length",
    "etag", "set-cookie", "location"]);

const textOf = (html) => html
    .replace(/<(script|style|head)\b[\s\S]*?<\/\1>/g, " ")
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();

/** {field: text} of an answer. */
export function recorded(answer, masks) {
    const out = { status: String(answer.status) };
    for (const [name, value] of Object.entries(answer.headers))
        if (!notCompared.has(name)) out[`header ${name}`] = masks.text(String(value));
    if (answer.location)
        for (const [name, value] of Object.entries(masks.url(answer.location)))
            out[`location ${name}`] = value;
    for (const cookie of answer.cookies()) {
        const [name, text] = masks.cookie(cookie);
        const field = `cookie ${name}`;
        out[field] = field in out ? `${out[field]} | ${text}` : text;
    }
    const html = /html/.test(answer.headers["content-type"] ?? "");
    const isLocation = answer.text && answer.text === answer.location;
    if (!html) return { ...out, body: isLocation ? "<the location>" : masks.body(answer.text) };
    out.text = masks.text(textOf(answer.text));
    for (const [i, { action, method, fields }] of forms(answer.text).entries()) {
        const names = Object.keys(fields).filter((name) => !name.startsWith("$ACTION"));
        out[`form ${i}`] = [method, masks.text(action ?? ""),
            ...names.sort().map((name) => `${name}=${masks.text(fields[name])}`)].join(" ");
    }
    return out;
}

/** Does the entry of the list speak of this difference? A step ends with * for all that begin so. */
function speaksOf(entry, { step, field, original, usher }) {
    const isStep = (name) =>
        name.endsWith("*") ? step.startsWith(name.slice(0, -1)) : name === step;
    return entry.field === field && entry.steps.some(isStep) &&
        entry.original === original && entry.usher === usher;
}

/**
 * Compares two visits, {step: {field: text}}, and holds what differs to the list: a difference that is
 * not there fails, and so does one that is there and came another number of times.
 */
export function compare(t, app, original, usher, list) {
    const entries = list.filter((entry) => app in entry.times).map((e) => ({ ...e, seen: 0 }));
    const unlisted = [];
    let same = 0;

    t.equal(Object.keys(usher), Object.keys(original), "both have made the same visit");
    for (const [step, theirs] of Object.entries(original)) {
        const mine = usher[step] ?? {};
        for (const field of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
            const found = { step, field, original: theirs[field] ?? null, usher: mine[field] ?? null };
            const entry = entries.find((one) => speaksOf(one, found));
            if (found.original === found.usher) same += 1;
            else if (entry) entry.seen += 1;
            else unlisted.push(found);
        }
    }
    t.keep(`${app}-unlisted.json`, JSON.stringify(unlisted, null, 1));
    t.keep(`${app}-original.json`, JSON.stringify(original, null, 1));
    t.keep(`${app}-usher.json`, JSON.stringify(usher, null, 1));
    t.equal(unlisted, [], "every difference is listed, with a reason");
    t.equal(entries.filter((e) => e.seen !== e.times[app]).map((e) => `${e.field} (${e.reason}): ${e.seen} times`),
        [], "and every listed one is there, as often as it says");
    t.note(`${same} fields of ${Object.keys(original).length} answers are the same`);
}
