// PostgreSQL of its own for a suite: on loopback, in a folder that goes with it.
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort, waitForPort } from "./net.mjs";
import { Program } from "./process.mjs";

/** Debian keeps the server's programs out of the PATH, one folder for each version. */
function programs() {
    const home = "/usr/lib/postgresql";
    const versions = existsSync(home) ? readdirSync(home).sort((a, b) => b - a) : [];
    for (const version of versions) {
        const folder = path.join(home, version, "bin");
        if (existsSync(path.join(folder, "initdb"))) return folder;
    }
    throw new Error("PostgreSQL is not here: ./dev deps e2e");
}

const NOBODY = 65534;

/**
 * The server refuses to run as root; and it ends, as on Ctrl-C, when we do, even if that is by a SIGKILL that
 * nobody can clean up after. (Whoever changes his user loses that wish, so both are said at once.)
 */
function asNobody(command, args) {
    const user = process.getuid() === 0 ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];
    return ["setpriv", [...user, "--pdeathsig=INT", command, ...args]];
}

export class Postgres {
    static async start(t) {
        const server = new Postgres();
        server.t = t;
        server.folder = mkdtempSync(path.join(tmpdir(), "usher-pg-"));
        if (process.getuid() === 0) chownSync(server.folder, NOBODY, NOBODY);
        t.defer(() => rmSync(server.folder, { recursive: true, force: true }));
        server.bin = programs();
        server.data = path.join(server.folder, "data");
        const [command, args] = asNobody(path.join(server.bin, "initdb"),
            ["-D", server.data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        execFileSync(command, args, { stdio: "pipe" });
        server.port = await freePort();
        server.url = `postgres://tests@127.0.0.1:${server.port}/postgres`;
        await server.resume();
        return server;
    }

    async resume() {
        const [command, args] = asNobody(path.join(this.bin, "postgres"),
            ["-D", this.data, "-p", String(this.port), "-h", "127.0.0.1", "-k", this.folder, "-F"]);
        this.program = new Program(this.t, `postgres-${Date.now()}`, command, args);
        await waitForPort(this.port, { alive: () => this.program.running });
        await this.program.waitFor(/ready to accept connections/);
    }

    stop() {
        return this.program.stop();
    }
}

/** The tables of @auth/pg-adapter, as its documentation makes them. */
export const tables = `
CREATE TABLE verification_token (identifier TEXT NOT NULL, expires TIMESTAMPTZ NOT NULL,
    token TEXT NOT NULL, PRIMARY KEY (identifier, token));
CREATE TABLE accounts (id SERIAL PRIMARY KEY, "userId" INTEGER NOT NULL, type VARCHAR(255) NOT NULL,
    provider VARCHAR(255) NOT NULL, "providerAccountId" VARCHAR(255) NOT NULL, refresh_token TEXT,
    access_token TEXT, expires_at BIGINT, id_token TEXT, scope TEXT, session_state TEXT, token_type TEXT);
CREATE TABLE sessions (id SERIAL PRIMARY KEY, "userId" INTEGER NOT NULL, expires TIMESTAMPTZ NOT NULL,
    "sessionToken" VARCHAR(255) NOT NULL);
CREATE TABLE users (id SERIAL PRIMARY KEY, name VARCHAR(255), email VARCHAR(255),
    "emailVerified" TIMESTAMPTZ, image TEXT);
`;
