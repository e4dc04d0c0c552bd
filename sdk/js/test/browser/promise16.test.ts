import { expect, test } from "vitest";
import { openDevice, type Tab, waitFor } from "../support/browser.ts";
import { hours, setDeviceClock } from "../support/browser-clock.ts";
import { takeTime } from "../support/browser-time.ts";
import { openSite, type Site } from "../support/faults.ts";
import { livesFor } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";

const noise = { console: /status of 401/ };
const refreshes = (site: Site) => site.calls("/auth/v1/refresh").length;

test("Promise 16: a tab that was frozen until its token died makes one refresh for its first call", async () => {
  const site = await openSite({ access_ttl: "5s" });
  const tab = await (await openDevice(site, noise)).tab();
  await tab.register(person());
  const ice = await tab.freeze();
  const token = site.app.tokens().at(-1);
  const verify = () => fetch(`${site.mayfly.url}/v1/verify`, { headers: { authorization: `Bearer ${token}` } });
  await expect.poll(async () => (await verify()).status, { timeout: 30_000 }).toBe(401);
  await site.mayfly.stop();
  await site.mayfly.start({ access_ttl: "10m" }); // the next one must not die under the calls
  await ice.thaw();
  const calls = await tab.fetchAll("/api/echo", 5);
  expect(calls.map((call) => call.status)).toEqual(calls.map(() => 200));
  expect(refreshes(site)).toBe(1);
});

test("Promise 16: after 2 hours of sleep, in which the steady clock stood still, the first call works with one refresh", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  await setDeviceClock(device, 0);
  const tab = await device.tab();
  await tab.register(person());
  await tab.page.evaluate((ahead) => setClock(ahead), 2 * hours);
  site.killTokens();
  const calls = await tab.fetchAll("/api/echo", 5);
  expect(calls.map((call) => call.status)).toEqual(calls.map(() => 200));
  expect(refreshes(site)).toBe(1);
  expect(site.calls("/api/echo").map((call) => call.status)).toEqual(calls.map(() => 200)); // no refusal was needed
});

test("Promise 16: a life of 5 seconds makes no loop: nothing while idle, one refresh a life under calls", async () => {
  const site = await openSite();
  site.through(livesFor(5)); // in the page's time: that of the server passes at its own pace
  const tab = await (await openDevice(site, noise)).tab();
  const time = await takeTime(tab);
  await tab.load();
  await tab.register(person());
  await time.pass(30);
  expect(refreshes(site)).toBe(0);
  for (let second = 0; second < 30; second++) {
    await tab.page.evaluate(() => void outcome(auth.fetch("/api/echo")));
    await time.pass(1);
  }
  expect(refreshes(site)).toBeGreaterThan(4);
  expect(refreshes(site)).toBeLessThanOrEqual(8); // renewed a fifth before their end
});

test("Promise 16: a life of 24 hours is used up before it is renewed", async () => {
  const site = await openSite({ access_ttl: "24h" });
  const tab = await (await openDevice(site, noise)).tab();
  await tab.page.clock.install();
  await tab.load();
  await tab.register(person());
  await tab.page.clock.fastForward(21 * hours); // a tenth may be off for jitter
  expect(await tab.answered("/api/echo?1")).toMatchObject({ status: 200 });
  expect(refreshes(site)).toBe(0);
  await tab.page.clock.fastForward(5 * hours);
  expect(await tab.answered("/api/echo?2")).toMatchObject({ status: 200 });
  expect(refreshes(site)).toBe(1);
});

test("Promise 16: a page that comes back from the back-forward cache calls with one refresh", async () => {
  const site = await openSite();
  const tab = await (await openDevice(site, noise)).tab();
  await tab.register(person());
  await leave(tab, site);
  site.killTokens();
  await comeBack(tab);
  const calls = await tab.fetchAll("/api/echo", 5);
  expect(calls.map((call) => call.status)).toEqual(calls.map(() => 200));
  expect(refreshes(site)).toBe(1);
});

test("Promise 16: a page that comes back from the back-forward cache after a sign-out shows nobody signed in", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  await tab.register(person());
  await leave(tab, site);
  // By hand, in a page without the SDK: nothing is told to other tabs.
  const other = await device.context.newPage();
  await other.goto(`${site.url}/other`);
  expect(await other.evaluate(async () => (await fetch("/auth/v1/logout", { method: "POST" })).status)).toBe(204);
  await comeBack(tab);
  await waitFor(tab, { status: "signed-out" });
});

async function leave(tab: Tab, site: Site): Promise<void> {
  await tab.page.evaluate(() =>
    addEventListener("pageshow", (event) => Object.assign(globalThis, { cameBack: event.persisted })),
  );
  await tab.page.goto(`${site.url}/other`);
}

/** comeBack goes back in the history, and makes sure that it is the very page that was left. */
async function comeBack(tab: Tab): Promise<void> {
  await tab.page.evaluate(() => history.back()).catch(() => {}); // the page that asks is gone before it hears
  await tab.page.waitForFunction(() => (globalThis as { cameBack?: boolean }).cameBack === true);
}
