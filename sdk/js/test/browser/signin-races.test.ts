import { expect, test } from "vitest";
import { type Device, openDevice, type Tab } from "../support/browser.ts";
import { openSite } from "../support/faults.ts";
import { gate, held, late } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";

const noise = { console: /status of (401|409)/ };

/** Whom the page shows is whom its calls are made for, now and after a reload. */
async function agrees(tab: Tab, device: Device): Promise<string | undefined> {
  const shown = await tab.page.evaluate(() => auth.user?.id);
  const call = await tab.answered("/api/echo?who");
  expect(call.status).toBe(shown ? 200 : 401);
  if (shown) expect(JSON.parse(call.text).user).toBe(shown);
  const state = await tab.load();
  expect(state.status).toBe(shown ? "signed-in" : "signed-out");
  if (state.status === "signed-in") expect(state.user.id).toBe(shown);
  else expect(await device.cookies()).toEqual({});
  return shown;
}

test.for([
  ["carried out late", held],
  ["answered late", late],
] as const)("a sign-in that is %s does not undo the sign-out that came after it", async ([, kind]) => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  const door = gate();
  site.on("/auth/v1/register", kind(door), 1);
  const register = tab.page.evaluate((w) => auth.register(w).then(() => null, told), person());
  await expect.poll(() => site.calls("/auth/v1/register").length, { timeout: 30_000 }).toBe(1);
  await tab.page.evaluate(() => auth.logout());
  door.open();
  expect(await register).toMatchObject({ name: "AuthError", code: "user_changed" });
  await expect.poll(() => site.pending(), { timeout: 30_000 }).toBe(0);
  expect(await agrees(tab, device)).toBeUndefined();
});

test("of two sign-ins at once the last one counts, in the page and in the cookies", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  const door = gate();
  site.on("/auth/v1/register", late(door), 1);
  const first = tab.page.evaluate((w) => auth.register(w).then(() => null, told), person());
  await expect.poll(() => site.calls("/auth/v1/register").length, { timeout: 30_000 }).toBe(1);
  const second = await tab.register(person());
  door.open();
  expect(await first).toMatchObject({ code: "user_changed" });
  expect(await agrees(tab, device)).toBe(second);
});

test("a double click on sign-in leaves one person signed in, whatever comes first", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  const ada = person();
  const id = await tab.register(ada);
  await tab.page.evaluate(() => auth.logout());
  const codes = await tab.page.evaluate((w) => {
    const login = () =>
      auth.login({ identifier: w.email, password: w.password }).then(
        () => "in",
        (e) => told(e).code,
      );
    return Promise.all([login(), login(), login()]);
  }, ada);
  expect(codes).toContain("in");
  expect(await agrees(tab, device)).toBe(id);
});

test("a sign-in that fails leaves the person who is signed in as they are, in every tab", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  const ada = person();
  const id = await tab.register(ada);
  const other = await device.tab();
  const wrong = await tab.page.evaluate(
    (email) => auth.login({ identifier: email, password: "not it" }).catch(told),
    ada.email,
  );
  expect(wrong).toMatchObject({ code: "credentials_invalid" });
  const taken = await tab.page.evaluate((w) => auth.register(w).catch(told), ada);
  expect(taken).toMatchObject({ code: "identifier_taken" });
  for (const each of [tab, other]) expect(await agrees(each, device)).toBe(id);
});

test("a sign-in in one tab reaches the others, and a person who replaces another does so everywhere", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const [tab, other] = [await device.tab(), await device.tab()];
  for (const who of [person(), person()]) {
    const id = await tab.register(who);
    await expect.poll(() => other.page.evaluate(() => auth.user?.id), { timeout: 30_000 }).toBe(id);
    const { text } = await other.answered(`/api/echo?${id}`);
    expect(JSON.parse(text).user).toBe(id);
  }
});

test("a reload of a signed-in page never shows signed out on the way", async () => {
  const site = await openSite();
  const tab = await (await openDevice(site)).tab();
  await tab.register(person());
  await tab.load();
  expect((await tab.states()).map((state) => state.status)).toEqual(["loading", "signed-in"]);
});

test("signing in and out many times, with calls between, leaves no error and no cookie", async () => {
  const site = await openSite();
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  const ada = person();
  await tab.register(ada);
  for (let i = 0; i < 5; i++) {
    const calls = tab.fetchAll(`/api/echo`, 3);
    await tab.page.evaluate(() => auth.logout());
    await calls;
    expect(await device.cookies()).toEqual({});
    await tab.page.evaluate((w) => auth.login({ identifier: w.email, password: w.password }), ada);
    expect(await tab.answered(`/api/echo?${i}`)).toMatchObject({ status: 200 });
  }
});
