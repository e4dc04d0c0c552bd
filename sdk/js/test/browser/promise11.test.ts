import { expect, test } from "vitest";
import { deleteElsewhere, endElsewhere, spend } from "../support/app-elsewhere.ts";
import { type Device, openDevice, waitFor } from "../support/browser.ts";
import { openSite, type Site } from "../support/faults.ts";
import { html, hung, problem } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";

const noise = { console: /Failed to load resource/ };
type Person = ReturnType<typeof person>;

async function plant(device: Device, site: Site, cookies: Record<string, string>): Promise<void> {
  const all = Object.entries(cookies).map(([name, value]) => ({ name, value, url: site.url, httpOnly: true }));
  await device.context.addCookies(all);
}

/** What may have become of the tokens before somebody signs out. */
const tokens: [name: string, spoil: (site: Site, device: Device, ada: Person) => Promise<unknown>][] = [
  ["a good pair", async () => {}],
  ["a dead access token", async (site) => site.killTokens()],
  ["a session that ended elsewhere", (site, _, ada) => endElsewhere(site.mayfly, ada)],
  ["a deleted user", (site, _, ada) => deleteElsewhere(site.mayfly, ada)],
  ["garbage", (site, device) => plant(device, site, { mayfly_access: "eyJ.x.y", mayfly_refresh: "mfr_garbage" })],
  ["no token", (_, device) => device.context.clearCookies()],
];

test.for(tokens)("Promise 11: signing out works with %s: cookies gone, other tabs follow", async ([, spoil]) => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const ada = person();
  const tab = await device.tab();
  await tab.register(ada);
  const other = await device.tab();
  await spoil(site, device, ada);
  expect(await tab.failure("logout")).toBeNull();
  expect(await tab.state()).toEqual({ status: "signed-out" });
  expect(await device.cookies()).toEqual({});
  await waitFor(other, { status: "signed-out" });
  expect(await tab.load()).toEqual({ status: "signed-out" });
});

test("Promise 11: with the server down the tabs sign out, a reload stays signed out, and the server is told when it is back", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  await tab.register(person());
  const other = await device.tab();
  const { mayfly_refresh = "" } = await device.cookies();
  await site.mayfly.stop("SIGKILL");

  expect(await tab.failure("logout")).toBeNull();
  expect(await tab.state()).toEqual({ status: "signed-out" });
  await waitFor(other, { status: "signed-out" });
  expect(await tab.load()).toEqual({ status: "signed-out" });
  expect(await (await device.tab()).state()).toEqual({ status: "signed-out" });

  await site.mayfly.start();
  await expect.poll(() => device.cookies(), { timeout: 30_000 }).toEqual({});
  expect(await spend(site.mayfly, mayfly_refresh)).toMatchObject({ status: 401, code: "session_revoked" });
  expect(await tab.state()).toEqual({ status: "signed-out" });
});

test("Promise 11: a page that opens the next day tells the server of a sign-out it never heard of", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  await tab.register(person());
  const { mayfly_refresh = "" } = await device.cookies();
  await site.mayfly.stop("SIGKILL");
  expect(await tab.failure("logout")).toBeNull();
  await tab.page.close();
  await site.mayfly.start();
  expect(await (await device.tab()).state()).toEqual({ status: "signed-out" });
  await expect.poll(() => spend(site.mayfly, mayfly_refresh), { timeout: 30_000 }).toMatchObject({ status: 401 });
  await expect.poll(() => device.cookies(), { timeout: 30_000 }).toEqual({});
});

test("Promise 11: a sign-out that the server has not heard of does not follow the person who signs in next", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  await tab.register(person());
  await site.mayfly.stop("SIGKILL");
  expect(await tab.failure("logout")).toBeNull();
  await tab.load();
  await site.mayfly.start();
  const bob = await tab.register(person());
  for (let i = 0; i < 2; i++) expect(await tab.load()).toMatchObject({ status: "signed-in", user: { id: bob } });
  expect(await tab.answered("/api/echo")).toMatchObject({ status: 200 });
});

test.for([
  ["500", problem(500, "internal")],
  ["a firewall's page", html(403)],
  ["no answer", hung],
] as const)("Promise 11: signing out works when the server answers with %s", async ([, fault]) => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  await tab.register(person());
  const off = site.on("/auth/v1/logout", fault);
  const logout = tab.failure("logout");
  await waitFor(tab, { status: "signed-out" });
  expect(await logout).toBeNull();
  off();
  await expect.poll(() => device.cookies(), { timeout: 30_000 }).toEqual({});
});

test("Promise 11: a sign-out of all devices and of the others reaches those", async () => {
  const site = await openSite();
  const ada = person();
  const laptop = await (await openDevice(site, noise)).tab();
  await laptop.register(ada);
  const phone = await (await openDevice(site, noise)).tab();
  await phone.page.evaluate((w) => auth.login({ identifier: w.email, password: w.password }), ada);
  await phone.page.evaluate(() => auth.logout({ scope: "others" }));
  expect(await laptop.failure("refresh")).toMatchObject({ code: "signed_out" });
  expect(await laptop.state()).toMatchObject({ status: "signed-out", reason: { code: "session_revoked" } });
  expect(await phone.answered("/api/echo")).toMatchObject({ status: 200 });

  await laptop.page.evaluate((w) => auth.login({ identifier: w.email, password: w.password }), ada);
  await phone.page.evaluate(() => auth.logout({ scope: "all" }));
  expect(await laptop.failure("refresh")).toMatchObject({ code: "signed_out" });
});
