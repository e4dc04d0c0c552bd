import { expect, test } from "vitest";
import type { AuthState } from "../../src/index.ts";
import { endElsewhere } from "../support/app-elsewhere.ts";
import { openDevice, type Tab, waitFor } from "../support/browser.ts";
import { takeTime } from "../support/browser-time.ts";
import { type Fault, openSite } from "../support/faults.ts";
import { html, hung, lost, plain, problem, reset } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";

const noise = { console: /Failed to load resource/ }; // Chromium's own line about an answer that is none

/** What may come in the place of a refresh's answer, and the code that the app sees. */
const badAnswers: [name: string, fault: Fault, code: string][] = [
  ["a connection reset before the request", reset, "network"],
  ["a connection reset before the answer", lost, "network"],
  ["no answer at all", hung, "timeout"],
  ["429", problem(429, "too_many_attempts", 1), "too_many_attempts"],
  ["500", problem(500, "internal"), "internal"],
  ["502 from a proxy", html(502), "unexpected_answer"],
  ["503 with Retry-After", problem(503, "unavailable", 1), "unavailable"],
  ["200 with a captive portal's page", html(200), "unexpected_answer"],
  ["401 with a firewall's page", html(401), "unexpected_answer"],
  ["403 with a firewall's page", html(403), "unexpected_answer"],
  ["200 with nothing", plain(200, "application/json", ""), "unexpected_answer"],
  ["200 with half an answer", plain(200, "application/json", '{"user":{"id":"1"},"sess'), "unexpected_answer"],
  ["200 with another API's JSON", plain(200, "application/json", '{"ok":true}'), "unexpected_answer"],
  ["401 with another API's JSON", plain(401, "application/json", '{"session_ended":true}'), "unexpected_answer"],
  ["401 that ends no session", problem(401, "token_invalid"), "token_invalid"],
  ["403 about the origin", problem(403, "cross_origin_refused"), "cross_origin_refused"],
  ["a redirect to a sign-in page", () => ({ status: 302, headers: { location: "/other" }, body: "" }), "network"],
];

test.for(badAnswers)(
  "Promise 3: %s during a refresh signs nobody out, and the session recovers by itself",
  async ([, fault, code]) => {
    const site = await openSite();
    const device = await openDevice(site, noise);
    const tab = await device.tab();
    const time = await takeTime(tab, fault === hung ? "/auth/v1/refresh" : undefined);
    await tab.load();
    const id = await tab.register(person());
    const signedIn = async () => (await tab.state()).status === "signed-in" && !reconnecting(await tab.state());

    let off = site.on("/auth/v1/refresh", fault);
    site.killTokens();
    const call = await time.until(tab.fetch("/api/echo"));
    expect(call.failed).toMatchObject({ name: "AuthError", code, sessionEnded: false });
    expect(await tab.state()).toMatchObject({ status: "signed-in", user: { id }, reconnecting: true });
    off();
    await time.when(signedIn);
    expect(await tab.answered("/api/echo")).toMatchObject({ status: 200 });
    expect(await signOuts(tab)).toBe(0);

    off = site.on("/auth/v1/refresh", fault); // and the same while the page loads
    await tab.arrive();
    const state = await time.until(tab.page.evaluate(() => auth.init()));
    expect(state).toEqual({ status: "loading", reconnecting: true });
    off();
    await time.when(signedIn);
    expect((await tab.states()).map((s) => s.status)).not.toContain("signed-out");
  },
);

test.for([
  ["a server that fails", html(502), 9],
  ["a server that asks for 30 seconds", problem(503, "unavailable", 30), 3],
  ["a server that asks for an hour", problem(429, "too_many_attempts", 3600), 1],
  ["a network that is down", reset, 9],
] as const)(
  "Promise 3: %s is asked a bounded number of times a minute, however often the app calls",
  async ([, fault, most]) => {
    const site = await openSite();
    const tab = await (await openDevice(site, noise)).tab();
    const time = await takeTime(tab);
    await tab.load();
    await tab.register(person());
    site.on("/auth/v1/refresh", fault);
    site.killTokens();
    for (let second = 0; second < 60; second++) {
      await tab.page.evaluate(() => {
        for (let i = 0; i < 3; i++) void outcome(auth.fetch("/api/echo"));
      });
      await time.pass(1);
    }
    const asked = site.calls("/auth/v1/refresh").length;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(most);
    expect(await tab.state()).toMatchObject({ status: "signed-in", reconnecting: true });
  },
);

test("Promise 3: session_ended signs out, once, with the reason, in every tab", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const ada = person();
  const tab = await device.tab();
  await tab.register(ada);
  const other = await device.tab();
  await endElsewhere(site.mayfly, ada);
  site.killTokens();
  const calls = await tab.fetchAll("/api/echo", 10);
  expect(new Set(calls.map((call) => call.failed?.code))).toEqual(new Set(["signed_out"]));
  for (const each of [tab, other]) {
    await waitFor(each, { status: "signed-out", reason: { code: "session_revoked" } });
    expect(await signOuts(each)).toBe(1);
  }
  expect(await device.cookies()).toEqual({});
  expect(await tab.load()).toEqual({ status: "signed-out" });
});

const reconnecting = (state: AuthState): boolean => state.status !== "signed-out" && state.reconnecting;

/** How often the page was told that somebody is signed out who was signed in. */
async function signOuts(tab: Tab): Promise<number> {
  const all = await tab.states();
  return all.filter((state, i) => state.status === "signed-out" && all[i - 1]?.status === "signed-in").length;
}
