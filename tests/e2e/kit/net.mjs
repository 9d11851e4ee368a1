// Ports and bytes: what http.request is too polite to do.
import net from "node:net";

/** A port that nobody listens on now. Those given out before are not given out again. */
const given = new Set();
export async function freePort() {
    for (;;) {
        const port = await new Promise((resolve, reject) => {
            const server = net.createServer();
            server.once("error", reject);
            server.listen(0, "127.0.0.1", () => {
                const { port } = server.address();
                server.close(() => resolve(port));
            });
        });
        if (given.has(port)) continue;
        given.add(port);
        return port;
    }
}

/** Listens and returns the port. */
export function listen(server, port = 0) {
    return new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", () => resolve(server.address().port));
    });
}

export function close(server) {
    server.closeAllConnections?.();
    return new Promise((resolve) => server.close(resolve));
}

/** Waits until something listens, or throws. */
export async function waitForPort(port, { timeout = 15000, alive = () => true } = {}) {
    const end = Date.now() + timeout;

    while (Date.now() < end && alive()) {
        const open = await new Promise((resolve) => {
            const socket = net.connect(port, "127.0.0.1");
            socket.once("connect", () => (socket.destroy(), resolve(true)));
            socket.once("error", () => resolve(false));
        });
        if (open) return;
        await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`nothing listens on port ${port}`);
}

/**
 * Sends the very bytes and reads until the peer closes (send "Connection: close") or the time is
 * over. Returns {status, head, body, bytes, closed}; status 0 if there was no answer.
 */
export function rawRequest(port, bytes, { timeout = 5000 } = {}) {
    return new Promise((resolve) => {
        const chunks = [];
        const socket = net.connect(port, "127.0.0.1");
        const done = (closed) => {
            clearTimeout(timer);
            socket.destroy();
            const answer = Buffer.concat(chunks).toString("latin1");
            const [head, ...rest] = answer.split("\r\n\r\n");
            const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
            resolve({ status, head, body: rest.join("\r\n\r\n"), bytes: answer, closed });
        };
        const timer = setTimeout(() => done(false), timeout);
        socket.on("connect", () => socket.write(Buffer.from(bytes, "latin1")));
        socket.on("data", (chunk) => chunks.push(chunk));
        socket.on("close", () => done(true));
        socket.on("error", () => done(true));
    });
}
