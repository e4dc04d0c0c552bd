import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";

/** Mayfly is a real server process over a real database file. */
export interface Mayfly {
  /** The public URL, without a slash at its end. */
  url: string;
  data: string;
  /** What it wrote to its log so far. */
  log(): string;
  /** Ends the process, as an operator does or, with SIGKILL, as a crash does. The data stays. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data. */
  start(settings?: Record<string, string>): Promise<void>;
}

/** The ports of this worker lie below those that a kernel gives out by itself, from 32768 on. */
const ports = { first: 12_000 + (Number(process.env.VITEST_POOL_ID ?? 0) % 10) * 2000, count: 2000 };
let turn = Math.floor(Math.random() * ports.count);

/** freePort returns a port that is free, and that nobody here is given who asks for just any. */
export async function freePort(): Promise<number> {
  for (;;) {
    turn = (turn + 1) % ports.count;
    if (await isFree(ports.first + turn)) return ports.first + turn;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer().once("error", () => done(false));
    probe.listen(port, () => probe.close(() => done(true)));
  });
}

/**
 * startMayfly starts a server for one test, which ends with it. Settings are named as in its TOML file:
 * `{ access_ttl: "2s" }`. `public_url` may be somewhere else than where it listens, when a proxy stands before it.
 */
export async function startMayfly(settings: Record<string, string> = {}): Promise<Mayfly> {
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), "mayfly-data-"));
  let child: ChildProcess;
  let log = "";
  const local = `http://localhost:${port}`;
  const server: Mayfly = {
    url: settings.public_url ?? local,
    data,
    log: () => log,
    start: async (more = {}) => {
      const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME };
      const all = { data, listen: `127.0.0.1:${port}`, public_url: server.url, ...settings, ...more };
      for (const [name, value] of Object.entries(all)) env[`MAYFLY_${name.toUpperCase()}`] = value;
      child = spawn(inject("mayfly"), ["serve"], { env, cwd: data, stdio: ["ignore", "pipe", "pipe"] });
      child.stdout?.on("data", (text) => (log += text));
      child.stderr?.on("data", (text) => (log += text));
      const before = log.length;
      const path = new URL(server.url).pathname.replace(/\/$/, "");
      for (let i = 0; ; i++) {
        const ready = await fetch(`http://127.0.0.1:${port}${path}/readyz`).catch(() => null);
        if (ready?.ok && log.includes("listens", before)) return; // it is this one that answers
        if (child.exitCode !== null || i > 600) throw new Error(`mayfly did not start: ${log}`);
        await new Promise((next) => setTimeout(next, 20));
      }
    },
    stop: (signal = "SIGTERM") =>
      new Promise((done) => {
        if (child.exitCode !== null || child.signalCode !== null) return done();
        child.once("exit", () => done());
        child.kill(signal);
      }),
  };
  onTestFinished(async () => {
    await server.stop("SIGKILL");
    rmSync(data, { recursive: true, force: true });
  });
  await server.start();
  return server;
}

let people = 0;

/** person returns what a new user registers with. */
export function person(): { email: string; password: string; name: string } {
  people += 1;
  return { email: `ada${people}.${process.pid}@example.com`, password: "a quiet river at dawn", name: `Ada ${people}` };
}
