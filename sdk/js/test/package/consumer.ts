import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

/** The folder of the package's sources. */
export const home = resolve(import.meta.dirname, "../..");

/** A project of somebody who uses the package, in a folder far from this repository. */
export interface Consumer {
  folder: string;
  /** Writes files, by their path in the project. */
  write(files: Record<string, string>): void;
  /** Runs a program in the project and returns what it prints. A failure rejects with all that it said. */
  run(program: string, ...args: string[]): Promise<string>;
  remove(): void;
}

/** The path of a tool that our own development has installed. */
export const tool = (name: string): string => join(home, "node_modules/.bin", name);

/**
 * pack makes the tarball that would be published. It builds in a copy, so that it neither finds an older build nor
 * takes `dist` away from somebody who uses it at the moment.
 */
export async function pack(): Promise<{ tarball: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-pack-"));
  for (const name of ["package.json", "tsconfig.json", "tsdown.config.ts", "README.md", "LICENSE", "src"]) {
    cpSync(join(home, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(home, "node_modules"), join(folder, "node_modules"));
  await run(folder, "npm", "pack", "--loglevel=error");
  const [name] = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  if (!name) throw new Error("npm pack left no tarball behind");
  return {
    tarball: join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * consumer starts an empty project and installs the tarball, and nothing else, from no registry. The packages named in
 * `besides` are then put there as if the project had installed them too.
 */
export async function consumer(tarball: string, besides: readonly string[] = []): Promise<Consumer> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-consumer-"));
  const write = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };
  write({ "package.json": JSON.stringify({ name: "app", version: "1.0.0", private: true, type: "module" }) });
  await run(folder, "npm", "install", "--offline", "--no-audit", "--no-fund", "--loglevel=error", tarball);
  for (const name of besides) {
    mkdirSync(dirname(join(folder, "node_modules", name)), { recursive: true });
    symlinkSync(join(home, "node_modules", name), join(folder, "node_modules", name));
  }
  return {
    folder,
    write,
    run: (program, ...args) => run(folder, program, ...args),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The package.json at a path. */
export const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

async function run(folder: string, program: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd: folder, maxBuffer: 1 << 26 });
    return stdout;
  } catch (e) {
    const { stdout, stderr, message } = e as { stdout?: string; stderr?: string; message: string };
    throw new Error([message, stdout, stderr].filter(Boolean).join("\n"));
  }
}
