// A visitor: an HTTP client with a cookie jar, as strict about cookies as a browser and with no
// opinion of its own about redirects.
import http from "node:http";
import https from "node:https";
import { parseSetCookie } from "cookie";

/** Cookies do not know ports: a jar serves one host. */
export class Jar {
    #hosts = new Map();

    of(host) {
        if (!this.#hosts.has(host)) this.#hosts.set(host, new Map());
        return this.#hosts.get(host);
    }

    take(host, path, lines) {
        const cookies = this.of(host);
        for (const line of lines) {
            // A browser stores the value as it was sent: nothing is decoded here.
            const c = parseSetCookie(line, { decode: (text) => text });
            if (c.name.startsWith("__Host-") && (!c.secure || c.path !== "/" || c.domain)) continue;
            if (c.name.startsWith("__Secure-") && !c.secure) continue;
            const ended =
                c.maxAge !== undefined ? c.maxAge <= 0 : c.expires && c.expires <= new Date();
            const where = c.path ?? path.replace(/\/[^/]*$/, "") ?? "/";
            if (ended) cookies.delete(c.name);
            else cookies.set(c.name, { value: c.value, path: where, set: c });
        }
    }

    header(host, path) {
        const fits = (cookie) =>
            path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, "/"));
        return [...this.of(host)]
            .filter(([, cookie]) => fits(cookie))
            .map(([name, cookie]) => `${name}=${cookie.value}`)
            .join("; ");
    }
}

export class Visitor {
    /** @param origin of relative URLs: "http://localhost:1234" */
    constructor(origin, { headers = {}, jar = new Jar() } = {}) {
        this.origin = origin;
        this.jar = jar;
        this.headers = headers;
    }

    get host() {
        return new URL(this.origin).hostname;
    }

    cookies() {
        return this.jar.of(this.host);
    }

    cookie(name) {
        return this.cookies().get(name)?.value;
    }

    setCookie(name, value) {
        this.cookies().set(name, { value, path: "/" });
    }

    /** `target` may be a path (sent exactly as it is) or an absolute URL. */
    async request(method, target, { headers = {}, form, json, body, timeout = 20000 } = {}) {
        const absolute = /^https?:\/\//.test(target);
        const base = new URL(absolute ? target : this.origin);
        const path = absolute ? base.pathname + base.search : target;
        const sent = { ...this.headers, ...headers };
        const cookie = this.jar.header(base.hostname, path.split("?")[0]);

        if (cookie && !("cookie" in sent)) sent.cookie = cookie;
        if (form) {
            body = new URLSearchParams(form).toString();
            sent["content-type"] ??= "application/x-www-form-urlencoded";
        } else if (json !== undefined) {
            body = JSON.stringify(json);
            sent["content-type"] ??= "application/json";
        }
        if (body !== undefined) sent["content-length"] = Buffer.byteLength(body);

        const answer = await exchange(base.protocol === "https:" ? https : http, {
            host: "127.0.0.1",
            port: base.port || 80,
            method,
            path,
            headers: { host: base.host, ...sent },
            body,
            timeout,
        });
        this.jar.take(base.hostname, path.split("?")[0], answer.setCookies);
        return answer;
    }

    get(target, options) {
        return this.request("GET", target, options);
    }

    post(target, form, options) {
        return this.request("POST", target, { form, ...options });
    }
}

/** As browsers ask for a page, and as a page's script asks for data. */
export const navigation = {
    accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
};
export const program = { accept: "application/json" };

function exchange(protocol, { host, port, method, path, headers, body, timeout }) {
    return new Promise((resolve, reject) => {
        const request = protocol.request({
            host, port, method, path, headers, agent: false,
            rejectUnauthorized: false, // a provider's certificate is made for the run
            maxHeaderSize: 1 << 20, // sessions in many cookies
        }, (reply) => {
            const chunks = [];
            reply.on("data", (chunk) => chunks.push(chunk));
            reply.on("error", reject);
            reply.on("end", () => resolve(new Answer(reply, Buffer.concat(chunks))));
        });
        request.setTimeout(timeout, () =>
            request.destroy(new Error(`${method} ${path}: no answer in ${timeout} ms`)));
        request.on("error", reject);
        request.end(body);
    });
}

class Answer {
    constructor(reply, bytes) {
        this.status = reply.statusCode;
        this.headers = reply.headers;
        this.rawHeaders = reply.rawHeaders;
        this.bytes = bytes;
        this.text = bytes.toString("utf8");
        this.location = reply.headers.location;
        this.setCookies = reply.headers["set-cookie"] ?? [];
    }

    get json() {
        return JSON.parse(this.text);
    }

    /** The Set-Cookie lines of one name, parsed, values as sent. */
    cookies(name) {
        return this.setCookies
            .map((line) => parseSetCookie(line, { decode: (text) => text }))
            .filter((c) => name === undefined || c.name === name || c.name.startsWith(`${name}.`));
    }

    /** For failure messages. */
    toString() {
        const cookies = this.setCookies.map((line) => line.split("=")[0]).join(", ");
        return `status ${this.status}, location ${this.location}, cookies [${cookies}], body ` +
            JSON.stringify(this.text.slice(0, 300));
    }
}
