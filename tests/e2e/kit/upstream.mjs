// The application behind a front end: answers everything, and remembers exactly what reached it.
import http from "node:http";
import { close, listen } from "./net.mjs";

export async function startUpstream(t) {
    const seen = [];
    const server = http.createServer((request, response) => {
        const headers = [];
        for (let i = 0; i < request.rawHeaders.length; i += 2)
            headers.push([request.rawHeaders[i], request.rawHeaders[i + 1]]);
        seen.push({ method: request.method, target: request.url, headers });
        const status = Number(request.headers["x-answer-status"] ?? 200);
        response.writeHead(status, { "content-type": "text/plain", "x-application": "yes" });
        response.end("application\n");
    });
    const port = await listen(server);
    t.defer(() => close(server));
    return {
        port,
        seen,
        get hits() {
            return seen.length;
        },
        /** Forgets; returns what was seen until now. */
        take() {
            return seen.splice(0);
        },
    };
}

/** Every spelling of a header of ours, as servers that fold case and '_' see them. */
export const identityHeaders = (headers) =>
    headers.filter(([name]) => name.toLowerCase().replaceAll("_", "-").startsWith("x-usher"));
