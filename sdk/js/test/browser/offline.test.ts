import { expect, test } from "vitest";
import { openDevice, waitFor } from "../support/browser.ts";
import { openSite } from "../support/faults.ts";
import { person } from "../support/mayfly.ts";

const noise = { console: /status of 401|ERR_INTERNET_DISCONNECTED/ };

test("a device that goes offline stays signed in, says so, and works again by itself when it is back", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  const id = await tab.register(person());
  await device.context.setOffline(true);
  expect(await tab.failure("refresh")).toMatchObject({ name: "AuthError", code: "network" });
  expect(await tab.state()).toMatchObject({ status: "signed-in", user: { id }, reconnecting: true });
  expect((await tab.fetch("/api/echo")).failed).toBeDefined();
  expect(site.calls("/auth/v1/refresh")).toEqual([]);

  await device.context.setOffline(false);
  await waitFor(tab, { status: "signed-in", reconnecting: false });
  expect(await tab.answered("/api/echo")).toMatchObject({ status: 200 });
  expect((await tab.states()).filter((state) => state.status === "signed-out")).toHaveLength(1); // before the sign-in
});

test("a call that waits for the network when it comes back goes through with one refresh", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  await tab.register(person());
  site.killTokens();
  await device.context.setOffline(true);
  expect((await tab.fetch("/api/echo")).failed).toBeDefined();
  await device.context.setOffline(false);
  const calls = await tab.fetchAll("/api/echo", 10);
  expect(calls.map((call) => call.status)).toEqual(calls.map(() => 200));
  expect(site.calls("/auth/v1/refresh")).toHaveLength(1);
});

test("a sign-out made offline holds, and the server hears of it when the device is back", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  await tab.register(person());
  await device.context.setOffline(true);
  expect(await tab.failure("logout")).toBeNull();
  expect(await tab.state()).toEqual({ status: "signed-out" });
  await device.context.setOffline(false);
  await expect.poll(() => device.cookies(), { timeout: 40_000 }).toEqual({});
});
