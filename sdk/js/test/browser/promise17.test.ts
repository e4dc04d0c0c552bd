import { expect, test } from "vitest";
import { openDevice, type Tab } from "../support/browser.ts";
import { openSite } from "../support/faults.ts";
import { cache } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";

/** Whom a tab takes its person for, by every way of asking. */
function whoAmI(tab: Tab): Promise<unknown[]> {
  return tab.page.evaluate(async () => {
    const me = async () => (await (await auth.fetch("/auth/v1/me")).json()).email;
    const token = await auth.getToken();
    const { email } = JSON.parse(atob((token?.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
    const seen = [auth.user?.email, await me(), email, (await auth.sessions.list()).length];
    await auth.refresh();
    return [...seen, auth.user?.email, await me()];
  });
}

test("Promise 17: behind a cache that knows nothing of cookies every person remains that person", async () => {
  const site = await openSite();
  const { between, kept } = cache();
  site.through(between);
  for (const who of [person(), person(), person()]) {
    const tab = await (await openDevice(site)).tab({ delivery: "hybrid" });
    await tab.register(who);
    expect(await whoAmI(tab)).toEqual([who.email, who.email, who.email, 1, who.email, who.email]);
    expect(await tab.load({ delivery: "hybrid" })).toMatchObject({ status: "signed-in", user: { email: who.email } });
    expect(await whoAmI(tab)).toEqual([who.email, who.email, who.email, 1, who.email, who.email]);
  }
  const stranger = await (await openDevice(site)).tab({ delivery: "hybrid" });
  expect(await stranger.state()).toEqual({ status: "signed-out" });
  expect(kept()).toContain("/sdk.js"); // it does cache
  expect(kept().filter((path) => path.startsWith("/auth/v1/"))).toEqual([]);
});
