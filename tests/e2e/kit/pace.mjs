// usherd writes at most ten lines a second about one cause, and counts the rest. A suite that wants to
// see each line has to keep below that.

/** No more than `most` of each key begin in any one second. */
export class Pace {
    #begun = new Map();

    constructor(most = 4) {
        this.most = most;
    }

    async take(keys) {
        for (;;) {
            const now = Date.now();
            const waits = keys.map((key) => this.#wait(key, now));
            const wait = Math.max(0, ...waits);
            if (wait === 0) break;
            await new Promise((resolve) => setTimeout(resolve, wait));
        }
        for (const key of keys) this.#begun.get(key).push(Date.now());
    }

    #wait(key, now) {
        const recent = (this.#begun.get(key) ?? []).filter((time) => time > now - 1000);
        this.#begun.set(key, recent);
        return recent.length < this.most ? 0 : recent[0] + 1001 - now;
    }
}
