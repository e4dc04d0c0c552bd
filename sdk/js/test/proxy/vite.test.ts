import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, createServer, type InlineConfig, preview } from "vite";
import { expect, onTestFinished, test } from "vitest";
import { mayflyProxy } from "../../src/vite.ts";
import { freePort, person, startMayfly } from "../support/mayfly.ts";

/** An app of one page, in a folder of its own. */
function app(target: string, port: number): InlineConfig {
  const root = mkdtempSync(join(tmpdir(), "mayfly-vite-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, "index.html"), "<!doctype html><title>the app's own</title>");
  const at = { port, strictPort: true, host: "127.0.0.1" };
  const quiet = { configFile: false, logLevel: "silent", clearScreen: false } as const;
  return { ...quiet, root, plugins: [mayflyProxy({ target })], server: at, preview: at };
}

async function check(url: string): Promise<void> {
  const answer = await fetch(`${url}/auth/v1/register`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url, "sec-fetch-site": "same-origin" },
    body: JSON.stringify(person()),
  });
  expect(answer.status).toBe(201);
  expect(answer.headers.getSetCookie()).toHaveLength(3);
  const page = await fetch(`${url}/authors`, { headers: { accept: "text/html" } });
  expect(await page.text()).toContain("the app's own");
}

test("Vite's development server and its preview have Mayfly on their own origin, and nothing else of it", async () => {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const mayfly = await startMayfly({ public_url: `${url}/auth` });
  const target = `http://${/127\.0\.0\.1:\d+/.exec(mayfly.log())?.[0]}`;

  const config = app(target, port);
  const dev = await createServer(config);
  await dev.listen();
  await check(url);
  await dev.close();

  await build(config);
  const shown = await preview(config);
  await check(url);
  await mayfly.stop();
  const down = await fetch(`${url}/auth/v1/refresh`, { method: "POST" });
  expect([down.status, down.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await down.json()).toMatchObject({ code: "unavailable" });
  await shown.close();
});

test("a target with a path is refused, with the fix", () => {
  expect(() => mayflyProxy({ target: "http://localhost:8080/auth" })).toThrow(/write http:\/\/localhost:8080/);
});
