import { execFile, spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished } from "vitest";
import { type Installed, install } from "../examples/install.ts";
import { openSite, type Site } from "../support/faults.ts";
import { freePort } from "../support/mayfly.ts";
import { type Figures, openFigures } from "./figures.ts";

const env = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  NODE_ENV: "production" as const,
  NEXT_TELEMETRY_DISABLED: "1",
  npm_config_offline: "true", // Next.js installs compilers that it misses: here that must fail
};
const next = ["node_modules/next/dist/bin/next"];

/** buildApp builds `examples/next-app` as its developer does before a deploy. */
export async function buildApp(): Promise<Installed> {
  const app = install("next-app");
  const { devDependencies } = JSON.parse(readFileSync(join(app.folder, "package.json"), "utf8"));
  for (const wanted of Object.keys(devDependencies)) link(wanted, join(app.folder, "node_modules", wanted));
  // its types are checked where the package's are; and one worker, since other tests run beside
  const config = { typescript: { ignoreBuildErrors: true }, experimental: { cpus: 1 } };
  writeFileSync(join(app.folder, "next.config.js"), `export default ${JSON.stringify(config)};\n`);
  // webpack follows links to packages outside of the folder, Turbopack does not
  await promisify(execFile)("node", [...next, "build", "--webpack"], { cwd: app.folder, env });
  return app;
}

function link(wanted: string, place: string): void {
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(resolve(import.meta.dirname, "../../node_modules", wanted), place);
}

/** The app as it runs, with what is behind it. */
export interface Running {
  /** Its origin. Mayfly's public URL lies under /auth. */
  url: string;
  /** Mayfly, and what stands between it and the app. */
  site: Site;
  figures: Figures;
}

/** startApp starts the built app, the API and Mayfly, for one test. */
export async function startApp({ folder }: Installed, settings: Record<string, string> = {}): Promise<Running> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const site = await openSite({ public_url: `${url}/auth`, ...settings });
  const figures = await openFigures(`${url}/auth`, site.url);
  const places = { MAYFLY_PUBLIC_URL: `${url}/auth`, MAYFLY_TARGET: site.url, API_URL: figures.url };
  const child = spawn("node", [...next, "start", "-H", "localhost", "-p", String(port)], {
    cwd: folder,
    env: { ...env, ...places },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  child.stderr.on("data", (text) => (said += text));
  onTestFinished(async () => {
    if (child.exitCode === null) {
      const over = new Promise((done) => child.once("exit", done));
      child.kill("SIGKILL");
      await over;
    }
    expect(said, "no token in a log").not.toMatch(/mfr_|eyJ/);
  });
  const isUp = () => {
    if (child.exitCode !== null) throw new Error(`the app did not start: ${said}`);
    return fetch(`${url}/about`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  await expect.poll(isUp, { timeout: 60_000, interval: 50 }).toBe(true);
  return { url, site, figures };
}
