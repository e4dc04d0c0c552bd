import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { onTestFinished } from "vitest";
import type { Env, Program } from "./app.ts";
import { examples } from "./install.ts";

const source = join(examples, "from-a-tutorial");

/** The text of the page that walks through the steps. */
export const page = readFileSync(resolve(examples, "../docs/from-a-tutorial.md"), "utf8");

/** What the tutorial's app is given: its secrets and lifetimes. */
function appEnv(): Env {
  return { ...parseEnv(readFileSync(join(source, "app.env"), "utf8")) } as Env;
}

/** dataFolder makes a folder for the JSON files of an app, for one test. */
export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-tutorial-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** step returns how a step is started, as `npm run stepN` does it. */
export function step(n: number, folder: string, data: string, more: Env = {}): Program {
  const scripts: Env = JSON.parse(readFileSync(join(source, "package.json"), "utf8")).scripts;
  const [command = "", ...args] = (scripts[`step${n}`] ?? "").split(" ");
  return (port, mayfly) => ({
    command,
    args,
    cwd: folder,
    env: { PORT: `${port}`, MAYFLY: mayfly, DATA: data, ...more },
  });
}

/** The people of the tutorial, as they register with its app. */
export const ada = {
  email: "ada@example.com",
  username: "ada",
  fullName: "Ada Lovelace",
  password: "a quiet river at dawn",
};
export const grace = { ...ada, email: "grace@example.com", username: "grace", fullName: "Grace Hopper" };

/** settingsOf returns what Mayfly is told in a step: the flags on the page, and in steps 1 and 2 the app's secret. */
export function settingsOf(n: number): Env {
  if (n >= 3) return flagsOf(3);
  return { ...flagsOf(1), access_token_secret: appEnv().ACCESS_TOKEN_SECRET ?? "" };
}

/**
 * flagsOf returns the settings of the command that the page tells people to start Mayfly with from a step on, less
 * the two addresses, which are those of a machine where nothing else runs.
 */
function flagsOf(n: number): Env {
  const section = page.split(/^## /m).find((text) => text.startsWith(`Step ${n}:`)) ?? "";
  const [, flags] = /mayfly serve ([^\n)]*)/.exec(section) ?? [];
  if (flags === undefined) throw new Error(`the page does not say how to serve step ${n}`);
  const settings: Env = {};
  for (const [, name = "", value = ""] of flags.matchAll(/--([a-z-]+)[ =](\S+)/g)) {
    settings[name.replaceAll("-", "_")] = value;
  }
  const { public_url, listen, ...rest } = settings;
  if (public_url !== "http://localhost:3000/auth" || listen !== "localhost:8080") {
    throw new Error(`step ${n} is served at other addresses than those of its app: ${flags}`);
  }
  return rest;
}
