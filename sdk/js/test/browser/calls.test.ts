import { expect, test } from "vitest";
import { openDevice } from "../support/browser.ts";
import { openSite, type Site } from "../support/faults.ts";
import { gate, held } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";

const noise = { console: /status of 401/ };

/** Has an origin let in the pages of all others, so that what they send arrives. */
function letIn(there: Site, path: string, page: Site): void {
  const headers = { "access-control-allow-origin": page.url, "access-control-allow-headers": "authorization" };
  there.on(path, async (call, pass) => {
    if (call.method === "OPTIONS") return { status: 204, headers, body: "" };
    const answer = await pass();
    return { ...answer, headers: { ...answer.headers, ...headers } };
  });
}

test("a call to a foreign origin goes out as window.fetch would send it, without the token", async () => {
  const [site, foreign] = [await openSite(), await openSite()];
  const tab = await (await openDevice(site, noise)).tab({ delivery: "hybrid" });
  await tab.register(person());
  letIn(foreign, "/api/open", site);
  const address = `${foreign.url}/api/open`;
  expect(await tab.answered(address)).toMatchObject({ status: 200 });
  expect(await tab.page.evaluate((to) => outcome(auth.fetch(new Request(to))), address)).toMatchObject({ status: 200 });
  expect(await tab.page.evaluate((to) => outcome(auth.fetch(new URL(to))), address)).toMatchObject({ status: 200 });
  const sent = foreign.calls("/api/open");
  expect(sent.map((call) => call.method)).toEqual(["GET", "GET", "GET"]); // no preflight was needed
  for (const { headers } of sent) expect([headers.authorization, headers.cookie]).toEqual([undefined, undefined]);
  await tab.answered("/api/echo");
  expect(site.calls("/api/echo")[0]?.headers.authorization).toMatch(/^Bearer eyJ/);
});

test("an API on another origin that the app names gets the token, and its refusal is repaired as any", async () => {
  const [site, there] = [await openSite(), await openSite()];
  letIn(there, "/api/echo", site);
  const tab = await (await openDevice(site, noise)).tab({ delivery: "hybrid", apis: [there.url] });
  await tab.register(person());
  const call = await tab.answered(`${there.url}/api/echo`); // a Mayfly of its own, which knows nobody: refused twice
  expect(call.status).toBe(401);
  const sent = there.calls("/api/echo").filter((c) => c.method === "GET");
  expect(sent.map((c) => c.headers.authorization?.startsWith("Bearer eyJ"))).toEqual([true, true]);
  expect(site.calls("/auth/v1/refresh")).toHaveLength(1);
});

test("a call that is aborted while it waits for the token rejects at once as fetch does, and harms no other", async () => {
  const site = await openSite();
  const tab = await (await openDevice(site, noise)).tab();
  await tab.register(person());
  site.killTokens();
  const door = gate();
  site.on("/auth/v1/refresh", held(door), 1);
  const patient = tab.fetch("/api/echo?patient");
  await expect.poll(() => site.calls("/auth/v1/refresh").length, { timeout: 30_000 }).toBe(1);
  const aborted = await tab.page.evaluate(async () => {
    const stop = new AbortController();
    const call = outcome(auth.fetch("/api/echo?aborted", { signal: stop.signal }));
    const other = outcome(auth.fetch(new Request("/api/echo?aborted-too", { signal: stop.signal })));
    stop.abort();
    return Promise.all([call, other]);
  });
  for (const call of aborted) expect(call.failed?.name).toBe("AbortError");
  door.open();
  expect(await patient).toMatchObject({ status: 200 });
});

test("where the browser refuses the page its storage, everything works", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  await device.context.addInitScript(() => {
    const refused = () => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    };
    for (const name of ["localStorage", "sessionStorage", "indexedDB"])
      Object.defineProperty(window, name, { get: refused });
  });
  const tab = await device.tab();
  await tab.register(person());
  expect(await tab.load()).toMatchObject({ status: "signed-in" });
  expect(await tab.failure("logout")).toBeNull();
  expect(await tab.load()).toEqual({ status: "signed-out" });
});

test("a listener that throws is reported as its own error and keeps no other from hearing", async () => {
  const site = await openSite();
  const tab = await (await openDevice(site, { console: /a mistake of the app/ })).tab();
  await tab.page.evaluate(() => {
    auth.onChange(() => {
      throw new Error("a mistake of the app");
    });
    auth.onChange((state) => Object.assign(globalThis, { last: state.status }));
  });
  await tab.register(person());
  expect(await tab.page.evaluate(() => (globalThis as { last?: string }).last)).toBe("signed-in");
});

test("after close() a page hears of nothing, and signs nobody out", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  await tab.register(person());
  const other = await device.tab();
  await tab.page.evaluate(() => auth.close());
  const before = (await tab.states()).length;
  await other.page.evaluate(() => auth.logout());
  const marker = await tab.page.evaluate(() => states.length);
  expect(marker).toBe(before);
  expect(await (await device.tab()).state()).toEqual({ status: "signed-out" });
});

test("a person who ends this very session in the list of devices is signed out", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  await tab.register(person());
  await tab.page.evaluate(async () => {
    for (const { id, current } of await auth.sessions.list()) if (current) await auth.sessions.end(id);
  });
  expect((await tab.fetch("/api/echo")).failed).toMatchObject({ code: "signed_out" });
  expect((await tab.state()).status).toBe("signed-out");
  expect(await tab.load()).toEqual({ status: "signed-out" });
});
