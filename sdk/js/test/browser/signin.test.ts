import { expect, test } from "vitest";
import { openDevice } from "../support/browser.ts";
import { kept } from "../support/browser-kept.ts";
import { openSite } from "../support/faults.ts";
import { person } from "../support/mayfly.ts";

test("a person registers, calls, reloads, signs out and in again", async () => {
  const site = await openSite();
  const device = await openDevice(site);
  const tab = await device.tab();
  expect(await tab.state()).toEqual({ status: "signed-out" });

  const ada = person();
  const id = await tab.register(ada);
  expect(await tab.state()).toMatchObject({ status: "signed-in", user: { id, email: ada.email }, reconnecting: false });
  const { text } = await tab.answered("/api/echo", { method: "POST", body: "hello" });
  expect(JSON.parse(text)).toMatchObject({ user: id, method: "POST" });

  expect(await tab.load()).toMatchObject({ status: "signed-in", user: { id } });
  await tab.page.evaluate(() => auth.logout());
  expect(await tab.state()).toEqual({ status: "signed-out" });
  expect(await device.cookies()).toEqual({});
  await tab.page.evaluate((w) => auth.login({ identifier: w.email, password: w.password }), ada);
  expect(await tab.state()).toMatchObject({ status: "signed-in", user: { id } });
});

test("an anonymous visitor costs Mayfly no request, also when calling an open API", async () => {
  const site = await openSite();
  const tab = await (await openDevice(site)).tab();
  expect(await tab.answered("/api/open")).toMatchObject({ status: 200 });
  expect(await tab.load()).toEqual({ status: "signed-out" });
  expect(site.authCalls()).toEqual([]);
});

test.for(["cookie", "hybrid"] as const)(
  "with delivery %s no script finds a token in anything a browser keeps",
  async (delivery) => {
    const site = await openSite();
    const device = await openDevice(site);
    const tab = await device.tab({ delivery });
    await tab.register(person());
    await tab.page.evaluate(() => auth.refresh());
    await tab.answered("/api/echo");
    const secrets = [(await device.cookies()).mayfly_refresh, ...site.app.tokens()];
    expect(secrets.length).toBe(3); // the refresh token, and two access tokens
    const all = await kept(tab);
    expect(all).toContain("mayfly_signed_in"); // it does look
    for (const secret of secrets) expect(all).not.toContain(secret);
    expect(all).not.toMatch(/mfr_|eyJ/);
  },
);

test("with delivery hybrid the access token is in memory alone, and a reload brings the next one", async () => {
  const site = await openSite();
  const device = await openDevice(site);
  const tab = await device.tab({ delivery: "hybrid" });
  await tab.register(person());
  const first = await tab.page.evaluate(() => auth.getToken());
  expect(site.app.tokens()).toEqual([first]);
  expect(await device.cookies()).not.toHaveProperty("mayfly_access");
  await tab.answered("/api/echo");
  expect(site.calls("/api/echo")[0]?.headers.authorization).toBe(`Bearer ${first}`);

  expect(await tab.load({ delivery: "hybrid" })).toMatchObject({ status: "signed-in" });
  const second = await tab.page.evaluate(() => auth.getToken());
  expect(second).not.toBe(first);
  expect(site.calls("/auth/v1/refresh")).toHaveLength(1);
});

test("with delivery body the refresh token is where the app keeps it, and in no cookie", async () => {
  const site = await openSite();
  const device = await openDevice(site);
  const tab = await device.tab();
  const stored = await tab.page.evaluate(async (who) => {
    let token: string | null = null;
    const storage = {
      get: () => token,
      set: (next: string | null) => {
        token = next;
      },
    };
    const native = window.createAuth({ url: "/auth", delivery: "body", storage });
    await native.register(who);
    await native.refresh();
    return token as string | null;
  }, person());
  expect(stored).toMatch(/^mfr_/);
  expect(await device.cookies()).toEqual({});
  expect(await kept(tab)).not.toMatch(/mfr_|eyJ/);
});
