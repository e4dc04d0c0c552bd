import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lifetimeOf } from "../../src/next/lifetime.ts";
import type { Installed } from "../examples/install.ts";
import { openDevice } from "../support/browser.ts";
import { hung, problem } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";
import { buildApp, type Running, startApp } from "./app.ts";
import { figure } from "./figures.ts";
import { type Jar, lineageOf, signedIn } from "./jar.ts";

let built: Installed;
beforeAll(async () => {
  built = await buildApp();
}, 600_000);
afterAll(() => built?.remove());

const patient = { timeout: 60_000, interval: 10 };

/** load asks for the page as a browser does, and checks that all eight calls were made with the newest token. */
async function load({ url }: Running, jar: Jar, signal?: AbortSignal): Promise<void> {
  const answer = await fetch(url, { headers: { cookie: jar.header }, redirect: "manual", ...(signal && { signal }) });
  const page = await answer.text();
  expect([answer.status, answer.headers.get("location")]).toEqual([200, null]);
  jar.take(answer);
  const shown = [...page.matchAll(/<dd>(.*?)<\/dd>/g)].map(([, text]) => text);
  expect(shown).toEqual(Array.from({ length: 8 }, () => figure(jar.get("access") ?? "")));
  if (answer.headers.has("set-cookie")) expect(answer.headers.get("cache-control")).toContain("no-store");
  for (const [name] of answer.headers) expect(name, "a header that is Next.js' own").not.toMatch(/^x-middleware/);
}

/** round waits until the token is due and loads the page 20 times: a crowd of which some press reload, then a row. */
async function round(app: Running, jar: Jar, number: number): Promise<void> {
  const isDue = () => {
    const { left, lead } = lifetimeOf(jar.get("access"));
    return left <= (number % 2 ? lead : 0);
  };
  await expect.poll(isDue, patient).toBe(true);
  const gone = new AbortController();
  const refreshes = app.site.calls("/auth/v1/refresh").length;
  const impatient = Promise.allSettled(Array.from({ length: 4 }, () => load(app, jar.copy(), gone.signal)));
  const patients = Array.from({ length: 8 }, () => jar.copy());
  const crowd = Promise.all(patients.map((one) => load(app, one)));
  await expect.poll(() => app.site.calls("/auth/v1/refresh").length, patient).toBeGreaterThan(refreshes);
  gone.abort(); // the refresh is under way or done, and its answer is lost
  await impatient;
  await crowd;
  // In every third round all answers were lost: the browser goes on with what it had.
  if (number % 3) jar.header = patients[number % 8]?.header ?? "";
  for (let i = 0; i < 8; i++) await load(app, jar);
}

/** keepPressing presses stop and reload while the page's eight calls are under way, again and again. */
async function keepPressing(page: Page, { figures }: Running, user: string, until: () => boolean): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  let presses = 0;
  while (!until()) {
    figures.hold(user);
    let reload: Promise<unknown> = Promise.resolve();
    for (let calls = 8; calls <= 32; calls += 8) {
      await devtools.send("Page.stopLoading"); // Chromium ends one reload before it begins the next
      reload = page.reload().catch(() => null);
      await expect.poll(() => figures.waiting(user), patient).toBeGreaterThanOrEqual(calls);
      presses += 1;
    }
    figures.letGo(user);
    expect(await reload, "the last one arrives").not.toBeNull();
  }
  return presses;
}

/** enter makes an account on the sign-in page and arrives at the figures. */
async function enter(page: Page, url: string): Promise<void> {
  const { email, password } = person();
  await page.goto(url);
  await page.fill("[name=email]", email);
  await page.fill("[name=password]", password);
  await page.check("[name=new]");
  await page.click("text=Go on");
  await page.waitForSelector("dd");
}

test("Promise 5: 200 reloads with eight server calls each on tokens of 5 s, and reload pressed in the middle: never a sign-in page", {
  timeout: 300_000,
}, async () => {
  const app = await startApp(built, { access_ttl: "5s", refresh_window: "15s" });
  const jar = await signedIn(app.url, person());
  const first = lineageOf(jar);

  const { context, cookies } = await openDevice(app.site);
  const page = await context.newPage();
  await enter(page, app.url);
  const visited = new Set<string>();
  page.on("response", (answer) => {
    if (answer.request().isNavigationRequest()) visited.add(`${answer.status()} ${new URL(answer.url()).pathname}`);
  });
  const user = JSON.parse(atob((await cookies()).mayfly_access?.split(".")[1] ?? "")).sub;

  let over = false;
  const rounds = async () => {
    for (let number = 0; number < 10; number++) await round(app, jar, number);
  };
  const reloading = rounds().finally(() => {
    over = true;
  });
  const [presses] = await Promise.all([keepPressing(page, app, user, () => over), reloading]);

  expect(presses).toBeGreaterThan(20);
  expect([...visited]).toEqual(["200 /"]);
  expect(await page.textContent("h1")).toContain("Good day");
  expect(app.figures.refused()).toBe(0);
  const last = lineageOf(jar);
  expect(last.session).toBe(first.session);
  expect(last.generation).toBeGreaterThan(first.generation);
  const ended = app.site.calls("/auth/v1/refresh").filter(({ status }) => status !== 200);
  expect(ended.map(({ status }) => status)).toEqual([]);
  const devices = await fetch(`${app.url}/auth/v1/sessions`, { headers: { cookie: jar.header } });
  expect((await devices.json()).sessions).toHaveLength(1);
});

test("an app in the browser: server action, static page, sign-out", async () => {
  const app = await startApp(built, { access_ttl: "3s" });
  const { context, cookies } = await openDevice(app.site);
  const page = await context.newPage();
  await enter(page, app.url);
  await expect.poll(() => page.textContent("text=Sign out")).toContain("@example.com"); // the page's own client

  // without an access token at all: the action's request is refreshed before it runs
  await context.clearCookies({ name: "mayfly_access" });
  await page.click("text=Sign it");
  await expect.poll(() => page.textContent("output"), patient).toContain("@example.com");
  expect((await cookies()).mayfly_access).toBeTruthy();

  // a page that is the same for everybody carries cookies now, so no cache may keep it
  const [refresh] = (await context.cookies()).filter(({ name }) => name === "mayfly_refresh");
  const about = await fetch(`${app.url}/about`, { headers: { cookie: `mayfly_refresh=${refresh?.value}` } });
  expect(about.headers.getSetCookie().join()).toContain("mayfly_access=");
  expect(about.headers.get("cache-control")).toBe("private, no-store");
  expect((await fetch(`${app.url}/about`)).headers.getSetCookie()).toEqual([]);

  await page.click("text=About");
  await page.waitForSelector("text=Eight figures, each");
  await page.click("text=Back");
  await page.waitForSelector("dd");
  await page.click("text=Sign out");
  await page.waitForSelector("text=Sign in");
  expect(Object.keys(await cookies())).toEqual([]);
  await page.goto(app.url);
  expect(new URL(page.url()).pathname).toBe("/sign-in");
});

test("Promise 3: with Mayfly away the page says so, and shows again when it is back", async () => {
  const app = await startApp(built);
  const jar = await signedIn(app.url, person());
  await load(app, jar); // has the keys fetched
  const without = jar.copy();
  without.drop("access");
  for (const fault of [problem(503, "unavailable", 1), hung]) {
    const lift = app.site.on("/auth/v1/refresh", fault);
    const answer = await fetch(app.url, { headers: { cookie: without.header }, redirect: "manual" });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([500, []]); // and no redirect to a sign-in page
    await load(app, jar); // an access token that lives is enough
    lift();
  }
  await load(app, without);
});
