import { expect, test } from "vitest";
import { openDevice } from "../support/browser.ts";
import { openSite } from "../support/faults.ts";
import { person } from "../support/mayfly.ts";

const noise = { console: /status of 401/ };

/** What a tutorial's interceptor does, and what a Service Worker does that was written without this package. */
const byHand = `
  async function byHand(request) {
    const answer = await fetch(request.clone());
    if (answer.status !== 401) return answer;
    const refreshed = await fetch("/auth/v1/refresh", { method: "POST", credentials: "include" });
    return refreshed.ok ? fetch(request) : refreshed;
  }
`;

test("Promise 1: pages that refresh by hand, each call for itself, are never signed out", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const [first, second] = [await device.tab(), await device.tab()];
  await first.register(person());
  for (let round = 0; round < 3; round++) {
    site.killTokens();
    const rounds = [first, second].map((tab) =>
      tab.page.evaluate(async (code) => {
        const call = new Function(`${code}; return byHand`)() as (request: Request) => Promise<Response>;
        const calls = Array.from({ length: 20 }, (_, i) => call(new Request(`/api/echo?${performance.now()}.${i}`)));
        return (await Promise.all(calls)).map((answer) => answer.status);
      }, byHand),
    );
    for (const statuses of await Promise.all(rounds)) expect(new Set(statuses)).toEqual(new Set([200]));
  }
  expect(site.calls("/auth/v1/refresh").length).toBeGreaterThan(6);
  expect(await first.answered("/api/echo")).toMatchObject({ status: 200 });
});

test("Promise 1: a Service Worker that refreshes by itself and a page that does so too never sign anyone out", async () => {
  const site = await openSite();
  site.app.serve(
    "/worker.js",
    "text/javascript",
    `${byHand}
    addEventListener("install", () => skipWaiting());
    addEventListener("activate", (event) => event.waitUntil(clients.claim()));
    addEventListener("fetch", (event) => {
      if (new URL(event.request.url).searchParams.has("worker")) event.respondWith(byHand(event.request));
    });`,
  );
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  await tab.page.evaluate(async () => {
    const claimed = new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done));
    await navigator.serviceWorker.register("/worker.js");
    if (!navigator.serviceWorker.controller) await claimed;
  });
  const id = await tab.register(person());
  for (let round = 0; round < 5; round++) {
    site.killTokens();
    const statuses = await tab.page.evaluate(async (n) => {
      const worker = Array.from({ length: 5 }, (_, i) => fetch(`/api/echo?worker&${n}.${i}`));
      const page = Array.from({ length: 5 }, (_, i) => auth.fetch(`/api/echo?${n}.${i}`));
      return (await Promise.all([...worker, ...page])).map((answer) => answer.status);
    }, round);
    expect(new Set(statuses)).toEqual(new Set([200]));
  }
  expect(site.calls("/auth/v1/refresh").length).toBeGreaterThanOrEqual(5);
  expect(await tab.state()).toMatchObject({ status: "signed-in", user: { id }, reconnecting: false });
  expect(await tab.load()).toMatchObject({ status: "signed-in", user: { id } });
});
