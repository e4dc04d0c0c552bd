import { expect, test } from "vitest";
import { openDevice } from "../support/browser.ts";
import { openSite } from "../support/faults.ts";
import { gate, late } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";

const noise = { console: /status of 401/ }; // Chromium's own line about an answer of 401

test.for(["cookie", "hybrid"] as const)(
  "Promise 4: 100 parallel calls with a dead token make 1 refresh and as many retries as there were refusals (%s)",
  async (delivery) => {
    const site = await openSite();
    const tab = await (await openDevice(site, noise)).tab({ delivery });
    await tab.register(person());
    site.killTokens();
    const calls = await tab.fetchAll("/api/echo", 100);
    expect(calls.map((call) => call.status)).toEqual(calls.map(() => 200));
    expect(site.calls("/auth/v1/refresh")).toHaveLength(1);
    const sent = site.calls("/api/echo");
    const refused = sent.filter((call) => call.status === 401);
    // A cookie is put on when a call leaves the browser, so the last of them may have gone out with the new one.
    if (delivery === "hybrid") expect(refused).toHaveLength(100);
    expect(refused.length).toBeGreaterThan(0);
    expect(sent).toHaveLength(100 + refused.length);
    expect(new Set(refused.map((call) => call.query)).size).toBe(refused.length); // none was repeated twice
  },
);

test("Promise 4: a straggler that is refused after the refresh is sent again without another", async () => {
  const site = await openSite();
  const tab = await (await openDevice(site, noise)).tab({ delivery: "hybrid" });
  await tab.register(person());
  site.killTokens();
  const door = gate();
  site.on("/api/echo", late(door), 1);
  const straggler = tab.answered("/api/echo?slow"); // an address of its own: Chromium asks for one thing once at a time
  await expect.poll(() => site.calls("/api/echo").length).toBe(1);
  expect(await tab.answered("/api/echo")).toMatchObject({ status: 200 });
  expect(site.calls("/auth/v1/refresh")).toHaveLength(1);
  door.open();
  expect(await straggler).toMatchObject({ status: 200 });
  expect(site.calls("/auth/v1/refresh")).toHaveLength(1);
});

test("Promise 4: a refusal that is repaired is read to its end, and keeps no connection from the next call", async () => {
  const site = await openSite();
  const tab = await (await openDevice(site, noise)).tab();
  await tab.register(person());
  site.killTokens();
  const over: string[] = [];
  tab.page.on("requestfinished", (request) => over.push(new URL(request.url()).pathname));
  expect(await tab.answered("/api/echo")).toMatchObject({ status: 200 });
  await expect.poll(() => over.filter((path) => path === "/api/echo").length).toBe(2);
});

test("Promise 4: an API that always answers its own 401 is called once, and refreshes nothing", async () => {
  const site = await openSite();
  const tab = await (await openDevice(site, noise)).tab();
  await tab.register(person());
  expect(await tab.answered("/api/own-401")).toEqual({ status: 401, text: '{"error":"this account has not paid"}' });
  expect(site.calls("/api/own-401")).toHaveLength(1);
  expect(site.calls("/auth/v1/refresh")).toEqual([]);
});

test("Promise 4: a server that refuses good tokens, as one with the wrong keys does, makes no loop", async () => {
  const site = await openSite();
  const tab = await (await openDevice(site, noise)).tab();
  await tab.register(person());
  for (let i = 0; i < 10; i++) expect(await tab.answered("/api/never")).toMatchObject({ status: 401 });
  expect(site.calls("/auth/v1/refresh").length).toBeLessThanOrEqual(1);
  expect(site.calls("/api/never").length).toBeLessThanOrEqual(11);
  expect(await tab.answered("/api/echo")).toMatchObject({ status: 200 });
  expect((await tab.state()).status).toBe("signed-in");
});
