import { expect, test } from "vitest";
import { endElsewhere } from "../support/app-elsewhere.ts";
import { type Device, openDevice, type Tab, waitFor } from "../support/browser.ts";
import { openSite, type Site } from "../support/faults.ts";
import { type Gate, gate, held, late } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";

const noise = { console: /status of 401/ };

/** Both ways in which an answer is late: the server was quick and the network slow, or the other way round. */
const lateness = [
  ["whose answer is late", late],
  ["that is carried out late", held],
] as const;

/**
 * A person who is signed in, in two tabs, and a refresh of theirs that is on its way until the gate opens. A client gives
 * a request up after eight seconds, so nothing slow, like opening the other tab, may happen under way.
 */
async function refreshUnderWay(kind: (door: Gate) => ReturnType<typeof late>) {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  const ada = person();
  await tab.register(ada);
  const other = await openQuietly(device);
  const door = gate();
  const before = site.calls("/auth/v1/refresh").length;
  site.on("/auth/v1/refresh", kind(door), 1);
  const refresh = tab.failure("refresh");
  await arrived(site, before + 1);
  return { site, device, tab, other, ada, door, refresh };
}

test.for(lateness)("Promise 6: a refresh %s does not undo a sign-out", async ([, kind]) => {
  const { site, device, tab, door, refresh } = await refreshUnderWay(kind);
  await tab.page.evaluate(() => auth.logout());
  door.open();
  expect(await refresh).toMatchObject({ code: "signed_out" });
  await settled(site);
  expect(await tab.state()).toEqual({ status: "signed-out" });
  expect(await device.cookies()).toEqual({});
  expect(await tab.load()).toEqual({ status: "signed-out" });
});

test.for(lateness)("Promise 6: a refresh %s does not displace somebody who signed in meanwhile", async ([, kind]) => {
  const { site, device, tab, door } = await refreshUnderWay(kind);
  const bob = await tab.register(person());
  door.open();
  await settled(site);
  await isSignedIn(bob, device, tab);
});

test.for(lateness)(
  "Promise 6: a refresh %s does not displace somebody who signed in in another tab",
  async ([, kind]) => {
    const { site, device, tab, other, door } = await refreshUnderWay(kind);
    const bob = await other.register(person());
    door.open();
    await settled(site);
    await waitFor(tab, { status: "signed-in", user: { id: bob } });
    await isSignedIn(bob, device, tab, other);
  },
);

test.for(lateness)(
  "Promise 6: a refresh %s does not bring a tab back that another one signed out",
  async ([, kind]) => {
    const { site, device, tab, other, door } = await refreshUnderWay(kind);
    await other.page.evaluate(() => auth.logout());
    door.open();
    await settled(site);
    await waitFor(tab, { status: "signed-out" });
    expect(await device.cookies()).toEqual({});
    expect(await other.load()).toEqual({ status: "signed-out" });
  },
);

test.for(lateness)("Promise 6: a refresh %s harms no tab that was faster", async ([, kind]) => {
  const { site, tab, other, ada, door, refresh } = await refreshUnderWay(kind);
  expect(await other.failure("refresh")).toBeNull();
  door.open();
  expect(await refresh).toBeNull();
  site.killTokens();
  for (const each of [tab, other]) expect(await each.answered("/api/echo")).toMatchObject({ status: 200 });
  for (const each of [tab, other]) expect(await each.state()).toMatchObject({ user: { email: ada.email } });
  expect(await tab.load()).toMatchObject({ status: "signed-in" });
});

test("Promise 6: the refusal of a session that ended does not take away the cookies of the next one", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  const ada = person();
  await tab.register(ada);
  const other = await openQuietly(device);
  await endElsewhere(site.mayfly, ada);
  const door = gate();
  const before = site.calls("/auth/v1/refresh").length;
  site.on("/auth/v1/refresh", late(door), 1);
  const refresh = tab.failure("refresh");
  await arrived(site, before + 1);
  const bob = await other.register(person());
  door.open();
  await settled(site);
  await refresh;
  await isSignedIn(bob, device, tab, other);
});

test("Promise 6: a call is not carried on in the name of somebody who signed in meanwhile", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  await tab.register(person());
  const door = gate();
  site.on("/auth/v1/refresh", held(door), 1);
  site.killTokens();
  const call = tab.fetch("/api/echo", { method: "POST", body: "Ada's letter" });
  await arrived(site, 1);
  const bob = await tab.register(person());
  door.open();
  expect(await call).toMatchObject({ failed: { code: "user_changed" } });
  expect(site.calls("/api/echo").map((sent) => sent.status)).toEqual([401]);
  await isSignedIn(bob, device, tab);
});

/** Opens another tab, which has nothing to refresh: its state comes from the first tab's neighbour, the cookie jar. */
async function openQuietly(device: Device): Promise<Tab> {
  const tab = await device.tab();
  expect((await tab.state()).status).toBe("signed-in");
  return tab;
}

async function isSignedIn(id: string, device: Device, ...tabs: Tab[]): Promise<void> {
  for (const tab of tabs) await waitFor(tab, { status: "signed-in", user: { id } });
  expect(await device.cookies()).toHaveProperty("mayfly_refresh");
  for (const tab of tabs) expect(await tab.load()).toMatchObject({ status: "signed-in", user: { id } });
}

const arrived = (site: Site, count: number) =>
  expect.poll(() => site.calls("/auth/v1/refresh").length, { timeout: 30_000 }).toBe(count);

/** settled waits until every call to Mayfly has been answered, or cut. */
const settled = (site: Site) => expect.poll(() => site.pending(), { timeout: 30_000 }).toBe(0);
