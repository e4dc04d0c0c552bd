import { resolve } from "node:path";
import type { Page } from "playwright-core";
import { renderToString } from "react-dom/server";
import { build } from "vite";
import { expect, test } from "vitest";
import { createAuth } from "../../src/index.ts";
import { openDevice } from "../support/browser.ts";
import { openSite, type Site } from "../support/faults.ts";
import { person } from "../support/mayfly.ts";
import { Home, Status } from "./home.tsx";

/** bundle builds the page as an app does while it is developed: in production StrictMode mounts once. */
async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "silent",
    define: { "process.env.NODE_ENV": '"development"' },
    build: {
      write: false,
      minify: false,
      lib: { entry: resolve(import.meta.dirname, "page.tsx"), formats: ["es"], fileName: "page" },
    },
  });
  const [output] = [built].flat();
  if (!output || !("output" in output)) throw new Error("the bundler built nothing");
  return output.output[0].code;
}

type Who = ReturnType<typeof person>;

/** What a server renders, which asks nobody anything. */
function rendered(who: Who): string {
  const silent: typeof fetch = () => {
    throw new Error("a server that renders must not ask Mayfly");
  };
  return renderToString(<Home auth={createAuth({ url: "http://localhost/auth", fetch: silent })} who={who} />);
}

/** serveApp puts the app, rendered by a server and brought to life by React in StrictMode, on the site. */
async function serveApp(site: Site, who: Who): Promise<void> {
  const data = JSON.stringify(who).replaceAll('"', "&quot;");
  const root = `<div id="root" data-who="${data}">${rendered(who)}</div>`;
  const head = '<meta charset="utf-8"><title>React</title><link rel="icon" href="data:,">';
  const html = `<!doctype html><html lang="en"><head>${head}</head><body>${root}`;
  site.app.serve("/react", "text/html", `${html}<script type="module" src="/react.js"></script></body></html>`);
  site.app.serve("/react.js", "text/javascript", await bundle());
}

const says = (page: Page, id: string) => expect.poll(() => page.textContent(`#${id}`), { timeout: 30_000 });

test("Promise 7: React's StrictMode, which mounts everything twice, makes one refresh", async () => {
  const site = await openSite();
  const who = person();
  await serveApp(site, who);
  const { context } = await openDevice(site);
  const page = await context.newPage();
  await page.goto(`${site.url}/react`);
  await says(page, "status").toBe("signed-out ");
  expect(site.authCalls()).toEqual([]); // a stranger costs the server nothing

  await page.click("#register");
  await says(page, "status").toBe(`signed-in ${who.email}`);
  await page.reload();
  await says(page, "status").toBe(`signed-in ${who.email}`);
  await page.click("#ask");
  await says(page, "posts").toBe("mine");
  expect(await page.evaluate(() => globalThis.mounts)).toBe(2);
  expect(site.calls("/auth/v1/refresh")).toHaveLength(1);
  expect(site.calls("/api/posts")).toHaveLength(1);

  await page.click("#logout");
  await says(page, "status").toBe("signed-out ");
  await page.click("#login");
  await says(page, "status").toBe(`signed-in ${who.email}`);
  // loading, the server's and the page's own, then in, out and in: one value for each state, however often it is drawn
  expect(await page.evaluate(() => globalThis.values.size)).toBe(5);
});

test("a server renders the state loading and asks nobody, and the page comes alive without a complaint", async () => {
  const site = await openSite();
  const who = person();
  expect(rendered(who)).toContain("loading");
  await serveApp(site, who);
  const { context } = await openDevice(site); // fails on React's warning of a mismatch
  const page = await context.newPage();
  await page.goto(`${site.url}/react`);
  await says(page, "status").toBe("signed-out ");
});

test("outside of a provider useAuth says what is missing and the fix", () => {
  expect(() => renderToString(<Status />)).toThrow(/outside of an AuthProvider; fix: put <AuthProvider/);
});
