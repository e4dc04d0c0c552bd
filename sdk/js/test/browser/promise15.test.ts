import { expect, test } from "vitest";
import { openDevice, type Tab } from "../support/browser.ts";
import { days, hours, minutes, setDeviceClock } from "../support/browser-clock.ts";
import { openSite, type Site } from "../support/faults.ts";
import { gate, late } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";

const clocks: [name: string, ahead: number][] = [
  ["right", 0],
  ["2 hours behind", -2 * hours],
  ["5 minutes behind", -5 * minutes],
  ["5 minutes ahead", 5 * minutes],
  ["a day ahead", days],
  ["a year ahead", 365 * days],
  ["in 1970", -50 * 365 * days],
];

test.for(clocks)(
  "Promise 15: with a device clock that is %s a dead token costs one refresh and no refusal",
  async ([, ahead]) => {
    const site = await openSite();
    const device = await openDevice(site);
    await setDeviceClock(device, ahead);
    const tab = await device.tab({ delivery: "hybrid" });
    await tab.register(person());
    for (let life = 1; life <= 2; life++) {
      await outlive(tab, site);
      expect(await tab.answered(`/api/echo?${life}`)).toMatchObject({ status: 200 });
      expect(site.calls("/auth/v1/refresh")).toHaveLength(life);
    }
    expect(site.calls("/api/echo").map((call) => call.status)).toEqual([200, 200]);
  },
);

test.for(clocks)(
  "Promise 15: with a device clock that is %s a living token is not refreshed, and a reload refreshes once",
  async ([, ahead]) => {
    const site = await openSite();
    const device = await openDevice(site);
    await setDeviceClock(device, ahead);
    const tab = await device.tab();
    await tab.register(person());
    for (let i = 0; i < 3; i++) await calls(tab);
    expect(site.calls("/auth/v1/refresh")).toEqual([]);
    expect(await tab.load()).toMatchObject({ status: "signed-in" });
    await calls(tab);
    expect(site.calls("/auth/v1/refresh")).toHaveLength(1);
  },
);

test("Promise 15: a clock that jumps costs at most one refresh a jump, and no call fails", async () => {
  const site = await openSite();
  const device = await openDevice(site);
  await setDeviceClock(device, 0);
  const tab = await device.tab();
  await tab.register(person());
  let jumps = 0;
  for (const ahead of [365 * days, 0, -2 * hours, 0, 5 * minutes, -50 * 365 * days, 0]) {
    await tab.page.evaluate((to) => setClock(to), ahead);
    jumps += 1;
    await calls(tab);
    await calls(tab);
    expect(site.calls("/auth/v1/refresh").length).toBeLessThanOrEqual(jumps);
  }
  expect(await tab.state()).toMatchObject({ status: "signed-in", reconnecting: false });
});

test("Promise 15: a clock that is set back does not make a dead token look alive", async () => {
  const site = await openSite();
  const device = await openDevice(site);
  await setDeviceClock(device, 0);
  const tab = await device.tab({ delivery: "hybrid" });
  await tab.register(person());
  await tab.page.evaluate((to) => setClock(to), -2 * hours);
  await outlive(tab, site);
  expect(await tab.answered("/api/echo")).toMatchObject({ status: 200 });
  expect(site.calls("/api/echo").map((call) => call.status)).toEqual([200]);
  expect(site.calls("/auth/v1/refresh")).toHaveLength(1);
});

test.for([
  ["forward a year", 365 * days],
  ["back 2 hours", -2 * hours],
] as const)("Promise 15: a clock that jumps %s while a refresh is on its way fails no call", async ([, ahead]) => {
  const site = await openSite();
  const device = await openDevice(site, { console: /status of 401/ });
  await setDeviceClock(device, 0);
  const tab = await device.tab();
  await tab.register(person());
  site.killTokens();
  const door = gate();
  site.on("/auth/v1/refresh", late(door), 1);
  const call = tab.fetch("/api/echo");
  await expect.poll(() => site.calls("/auth/v1/refresh").length, { timeout: 30_000 }).toBe(1);
  await tab.page.evaluate((to) => setClock(to), ahead);
  door.open();
  expect(await call).toMatchObject({ status: 200 });
  await calls(tab);
  expect(site.calls("/auth/v1/refresh").length).toBeLessThanOrEqual(2);
});

async function calls(tab: Tab): Promise<void> {
  for (const call of await tab.fetchAll("/api/echo", 3)) expect(call).toMatchObject({ status: 200 });
}

/**
 * outlive lets more time pass than an access token lives. To wait for a short life instead would be a race: the token
 * that follows has one too, and dies on a busy machine before it arrives.
 */
async function outlive(tab: Tab, site: Site): Promise<void> {
  await tab.page.evaluate((life) => passTime(life), 11 * minutes);
  site.killTokens();
}
