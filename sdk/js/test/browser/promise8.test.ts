import { expect, test } from "vitest";
import { openDevice } from "../support/browser.ts";
import { openSite, type Site } from "../support/faults.ts";
import { person } from "../support/mayfly.ts";

const noise = { console: /Failed to load resource|CORS policy/ };

/** Mayfly on one origin, and the app on another: of the same site, or of another one. */
async function apart(
  app: "localhost" | "127.0.0.1",
  allowed = true,
): Promise<{ mayfly: Site; page: Site; url: string }> {
  const there = await openSite();
  const page: Site = { ...there, url: there.url.replace("localhost", app) };
  const mayfly = await openSite(allowed ? { allowed_origins: page.url } : {});
  return { mayfly, page, url: `${mayfly.url}/auth` };
}

test("Promise 8: on another origin of the same site a person stays signed in", async () => {
  const { mayfly, page, url } = await apart("localhost");
  const tab = await (await openDevice(page, noise)).tab({ url });
  expect(mayfly.authCalls()).toEqual([]); // the hint can be read, so the anonymous visitor costs nothing
  const id = await tab.register(person());
  expect(await tab.load({ url })).toMatchObject({ status: "signed-in", user: { id } });
  expect(await tab.page.evaluate(async () => (await auth.sessions.list()).length)).toBe(1);
});

test.for(["cookie", "hybrid"] as const)(
  "Promise 8: on another site delivery %s is refused at sign-in with the fix, and never shows as signed out after a reload",
  async (delivery) => {
    const { page, url } = await apart("127.0.0.1");
    const tab = await (await openDevice(page, noise)).tab({ url, delivery });
    const refused = await tab.page.evaluate((w) => auth.register(w).then(() => null, told), person());
    expect(refused).toMatchObject({ name: "AuthError" });
    expect(`${refused?.message} ${refused?.fix}`).toMatch(/site|origin/);
    expect(refused?.fix).toMatch(/proxy|own origin|first-party|public_url|delivery/);
    expect((await tab.state()).status).toBe("signed-out");
  },
);

test("Promise 8: an origin that is not allowed is told where to allow it", async () => {
  const { page, url } = await apart("localhost", false);
  const tab = await (await openDevice(page, noise)).tab({ url });
  const refused = await tab.page.evaluate((w) => auth.register(w).then(() => null, told), person());
  expect(refused).toMatchObject({ name: "AuthError" });
  expect(refused?.fix).toMatch(/allowed_origins/);
});

test("Promise 8: delivery body works on another site, as no cookie is needed", async () => {
  const { page, url } = await apart("127.0.0.1");
  const device = await openDevice(page, noise);
  const tab = await device.tab({ url });
  const user = await tab.page.evaluate(
    async ([at, who]) => {
      let token: string | null = null;
      const storage = {
        get: () => token,
        set: (next: string | null) => {
          token = next;
        },
      };
      await window.createAuth({ url: at, delivery: "body", storage }).register(who);
      const next = window.createAuth({ url: at, delivery: "body", storage });
      await next.init();
      return next.user?.email;
    },
    [url, person()] as const,
  );
  expect(user).toMatch(/@example.com/);
  expect(await device.cookies()).toEqual({});
});
