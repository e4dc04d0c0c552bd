import { expect, test } from "vitest";
import { openDevice } from "../support/browser.ts";
import { openSite } from "../support/faults.ts";
import { person } from "../support/mayfly.ts";

/** How long the tabs run, in seconds; ten minutes by hand: MAYFLY_TABS_SECONDS=600. */
const seconds = Number(process.env.MAYFLY_TABS_SECONDS ?? 20);

test.for(["cookie", "hybrid"] as const)(
  "Promise 1: five tabs with a life of 5 seconds, one of them behind a delay of 3, and nobody is signed out (%s)",
  { timeout: (seconds + 120) * 1000 },
  async (delivery) => {
    const site = await openSite({ access_ttl: "5s" });
    const device = await openDevice(site, { console: /status of 401/ });
    const first = await device.tab({ delivery });
    const id = await first.register(person());
    const tabs = [first];
    while (tabs.length < 5) tabs.push(await device.tab({ delivery }));
    const slow = await first.devtools();
    await slow.send("Network.enable");
    await slow.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 3000,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });

    const outcomes = await Promise.all(
      tabs.map((tab) =>
        tab.page.evaluate(async (length) => {
          const seen: Record<string, number> = {};
          const end = performance.now() + length * 1000;
          for (let i = 0; performance.now() < end; i++) {
            const calls = [0, 1, 2].map((n) => outcome(auth.fetch(`/api/echo?${i}.${n}`)));
            for (const call of await Promise.all(calls)) {
              const what = call.failed ? `${call.failed.code}: ${call.failed.message}` : String(call.status);
              seen[what] = (seen[what] ?? 0) + 1;
            }
            await new Promise((next) => setTimeout(next, 150));
          }
          return seen;
        }, seconds),
      ),
    );
    for (const seen of outcomes) expect(Object.keys(seen)).toEqual(["200"]);
    for (const tab of tabs) {
      expect(await tab.state()).toMatchObject({ status: "signed-in", user: { id }, reconnecting: false });
      expect((await tab.states()).filter((state) => state.status === "signed-out").length).toBe(tab === first ? 1 : 0);
    }
    const refreshes = site.calls("/auth/v1/refresh");
    expect(refreshes.length).toBeGreaterThan(seconds / 5 - 1);
    expect(new Set(refreshes.map((call) => call.status))).toEqual(new Set([200]));
  },
);
