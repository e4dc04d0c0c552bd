import { expect, test } from "vitest";
import { openDevice, waitFor } from "../support/browser.ts";
import { openSite } from "../support/faults.ts";
import { gate, held, hung } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";

const noise = { console: /status of 401/ };

test("Promise 7: a listener may await getToken(), a call, a refresh and the sign-out", async () => {
  const site = await openSite();
  const tab = await (await openDevice(site, noise)).tab({ delivery: "hybrid" });
  await tab.page.evaluate(() => {
    Object.assign(globalThis, { heard: [] });
    let asked = false;
    auth.onChange(async (state) => {
      const heard = (globalThis as unknown as { heard: unknown[] }).heard;
      heard.push(Boolean(await auth.getToken()));
      if (state.status !== "signed-in" || asked) return;
      asked = true;
      heard.push((await auth.fetch("/api/echo")).status);
      await auth.refresh();
      await auth.logout();
      heard.push("out");
    });
  });
  await tab.register(person());
  await expect
    .poll(() => tab.page.evaluate(() => (globalThis as unknown as { heard: unknown[] }).heard), { timeout: 30_000 })
    .toEqual(expect.arrayContaining([true, 200, "out", false]));
  expect(await tab.state()).toEqual({ status: "signed-out" });
});

test("Promise 7: a frozen tab in the middle of a refresh stops no other tab, and works on when it thaws", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const first = await device.tab();
  await first.register(person());
  const second = await device.tab();
  const door = gate();
  site.on("/auth/v1/refresh", held(door), 1);
  const before = site.calls("/auth/v1/refresh").length;
  site.killTokens();
  const call = first.fetch("/api/echo?first");
  await expect.poll(() => site.calls("/auth/v1/refresh").length, { timeout: 30_000 }).toBe(before + 1);
  expect(await first.page.evaluate(async () => (await navigator.locks.query()).held?.length)).toBe(1);
  const ice = await first.freeze();

  expect(await second.answered("/api/echo?second")).toMatchObject({ status: 200 });
  door.open();
  await ice.thaw();
  expect(await call).toMatchObject({ status: 200 });
  for (const tab of [first, second])
    expect(await tab.state()).toMatchObject({ status: "signed-in", reconnecting: false });
});

test("Promise 7: a tab that is closed in the middle of a refresh leaves nothing behind that others wait for", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const first = await device.tab();
  await first.register(person());
  const second = await device.tab();
  const before = site.calls("/auth/v1/refresh").length;
  site.on("/auth/v1/refresh", hung, 1);
  void first.failure("refresh").catch(() => {}); // it goes with its tab
  await expect.poll(() => site.calls("/auth/v1/refresh").length, { timeout: 30_000 }).toBe(before + 1);
  await first.page.close();
  expect(await second.failure("refresh")).toBeNull();
  expect(await second.answered("/api/echo")).toMatchObject({ status: 200 });
});

test("Promise 7: getToken(), init() and fetch settle though the server never answers, in a tab that another one keeps waiting", async () => {
  const site = await openSite();
  const device = await openDevice(site, { console: /Failed to load resource/ });
  const first = await device.tab({ delivery: "hybrid" });
  await first.register(person());
  const off = site.on("/auth/v1/refresh", hung);
  const refusals = [first.failure("refresh"), first.failure("getToken")];
  const second = await device.context.newPage();
  await second.goto(site.url);
  await second.waitForFunction(() => globalThis.ready);
  const state = await second.evaluate(async () => {
    begin({ delivery: "hybrid" });
    return auth.init();
  });
  expect(state).toMatchObject({ status: "loading" });
  for (const failed of await Promise.all(refusals)) expect(failed).toMatchObject({ name: "AuthError" });
  off();
  await waitFor(first, { status: "signed-in", reconnecting: false });
});

test("Promise 7: without Web Locks and BroadcastChannel everything works, and tabs are told by the server", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  await device.context.addInitScript(() => {
    Reflect.deleteProperty(globalThis, "BroadcastChannel");
    Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
  });
  const [first, second] = [await device.tab(), await device.tab()];
  await first.register(person());
  await second.load();
  site.killTokens();
  const calls = [...(await first.fetchAll("/api/echo", 5)), ...(await second.fetchAll("/api/echo", 5))];
  expect(calls.map((call) => call.status)).toEqual(calls.map(() => 200));
  await first.page.evaluate(() => auth.logout());
  expect(await second.failure("refresh")).toMatchObject({ code: "signed_out" });
  expect((await second.state()).status).toBe("signed-out");
});

test("Promise 7: many init() at once, as a double mount makes them, are one refresh", async () => {
  const site = await openSite();
  const tab = await (await openDevice(site)).tab();
  await tab.register(person());
  await tab.arrive();
  const states = await tab.page.evaluate(() => Promise.all(Array.from({ length: 5 }, () => auth.init())));
  expect(new Set(states.map((state) => state.status))).toEqual(new Set(["signed-in"]));
  expect(site.calls("/auth/v1/refresh")).toHaveLength(1);
});
