import { type ChildProcess, spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { freePort, type Mayfly, startMayfly } from "../support/mayfly.ts";

/** An example that runs: a program with a page. */
export interface App {
  /** Its origin, without a slash at its end. */
  url: string;
  stop(): Promise<void>;
}

/** Program is how an example is started, given its port and where Mayfly listens. */
export type Program = (port: number, mayfly: string) => { command: string; args: string[]; cwd: string; env?: Env };
export type Env = Record<string, string>;

/** start runs an example until it says which address to open. It ends with the test. */
export async function start(program: Program, port: number, mayfly = ""): Promise<App> {
  const { command, args, cwd, env } = program(port, mayfly);
  const child = spawn(command, args, { cwd, env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } });
  onTestFinished(() => end(child));
  let said = "";
  await new Promise<void>((ready, failed) => {
    child.once("error", failed);
    child.once("exit", () => failed(new Error(`it ended: ${said}`)));
    const listen = (text: string) => {
      said += text;
      if (said.includes(`open http://localhost:${port}`)) ready();
    };
    child.stdout.setEncoding("utf8").on("data", listen);
    child.stderr.setEncoding("utf8").on("data", listen);
  });
  return { url: `http://localhost:${port}`, stop: () => end(child) };
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.once("exit", () => done());
    child.kill("SIGKILL");
  });
}

/** startBeside runs an example with a Mayfly that lies under /auth of the example's own origin. */
export async function startBeside(program: Program, settings: Env = {}): Promise<{ app: App; mayfly: Mayfly }> {
  const port = await freePort();
  const mayfly = await startMayfly({ public_url: `http://localhost:${port}/auth`, ...settings });
  return { app: await start(program, port, listensAt(mayfly)), mayfly };
}

/** listensAt returns where a Mayfly listens whose public URL is somewhere else. */
export function listensAt(mayfly: Mayfly): string {
  const [, address] = /listens +(\S+)/.exec(mayfly.log()) ?? [];
  if (!address) throw new Error(`mayfly does not say where it listens: ${mayfly.log()}`);
  return `http://${address}`;
}
