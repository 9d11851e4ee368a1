// `usher` fed line by line: one answer for each line.
import { run } from "../e2e/kit/process.mjs";

async function lines(usher, args, { secret, input }) {
    const done = await run(usher, args, { env: { AUTH_SECRET: secret },
        input: input.map((line) => `${line}\n`).join(""), timeout: 170000 });
    if (/Sanitizer|runtime error|Assertion/.test(done.err))
        throw new Error(`usher ${args[0]}: ${done.err.slice(-2000)}`);
    const out = done.out.split("\n").slice(0, -1);
    if (out.length !== input.length)
        throw new Error(`usher ${args[0]}: ${out.length} answers to ${input.length} lines, exit ` +
            `${done.code}: ${done.err.slice(-500)}`);
    return out;
}

export async function inspect(usher, profile, secret, input) {
    const args = ["inspect", "--json", "--lines", "--show-secrets", "--profile", profile, "--insecure"];
    return (await lines(usher, args, { secret, input })).map((line) => JSON.parse(line));
}

/** Tokens, or with "--cookie" Cookie headers; an empty one for what cannot be written. */
export function mint(usher, profile, secret, claims, more = []) {
    const args = ["mint", "--lines", "--profile", profile, "--max-age", "3600", "--insecure", ...more];
    return lines(usher, args, { secret, input: claims.map((one) => JSON.stringify(one)) });
}

export const parsed = (text) => Object.fromEntries(text.split("; ").map((pair) =>
    [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
