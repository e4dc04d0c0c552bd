// Every step of docs/from-a-tutorial.md that has a Mayfly beside it, in a browser and without.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBeside } from "./app.ts";
import { openBrowser } from "./chromium.ts";
import { Device } from "./device.ts";
import { type Installed, install } from "./install.ts";
import { ada, dataFolder, settingsOf, step } from "./tutorial.ts";
import { openPage } from "./tutorialpage.ts";

let tutorial: Installed;
beforeAll(() => {
  tutorial = install("from-a-tutorial");
});
afterAll(() => tutorial.remove());

const registration = { email: ada.email, username: ada.username, name: ada.fullName, password: ada.password };

/** startStep starts a step with an empty table, beside a Mayfly that knows nobody. */
const startStep = (n: number, more: Record<string, string> = {}) =>
  startBeside(step(n, tutorial.folder, dataFolder()), { ...settingsOf(n), ...more });

describe.each([1, 2, 3, 4])("step %i", (n) => {
  test("somebody registers, posts, refreshes and signs out", async () => {
    const { app } = await startStep(n, { refresh_window: "1ms" });
    const device = new Device(app.url);
    expect((await device.post("/auth/v1/register", registration)).status).toBe(201);
    expect((await device.post("/api/posts", { text: "hello" })).status).toBe(201);
    const before = device.cookies.get("refreshToken");
    expect((await device.post("/auth/v1/refresh")).status).toBe(200);
    expect(device.cookies.get("refreshToken")).not.toBe(before);
    expect(await (await device.get("/api/posts")).json()).toMatchObject([{ text: "hello" }]);
    expect((await device.post("/auth/v1/logout")).status).toBe(204);
    expect(device.cookies.size).toBe(0);
    expect((await device.get("/api/posts")).status).toBe(401);
  });

  test("a second device does not kick the first one out, and two refreshes at once are both answered", async () => {
    const { app } = await startStep(n);
    const [phone, laptop] = [new Device(app.url), new Device(app.url)];
    expect((await phone.post("/auth/v1/register", registration)).status).toBe(201);
    expect((await laptop.post("/auth/v1/login", { identifier: "ada", password: ada.password })).status).toBe(200);
    for (const device of [phone, laptop]) {
      const answers = await Promise.all([device.post("/auth/v1/refresh"), device.post("/auth/v1/refresh")]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect((await device.get("/api/posts")).status).toBe(200);
    }
    await laptop.post("/auth/v1/logout");
    expect((await phone.get("/api/posts")).status).toBe(200);
  });

  test("its page does all of that, while access tokens come and go", async () => {
    const { app } = await startStep(n, { access_ttl: "2s" });
    const context = await openBrowser(n < 3 ? { console: /status of 401/ } : {});
    const page = await openPage(context, app.url);
    await page.register(ada);
    const tokens = new Set<string | undefined>();
    let written = 0;
    while (tokens.size < 4) {
      await page.write(`post ${++written}`);
      tokens.add((await context.cookies()).find(({ name }) => name === "accessToken")?.value);
    }
    await page.page.reload();
    await page.shows(`post ${written}`);
    const second = n >= 2 ? await openPage(context, app.url) : undefined;
    await second?.shows("post 1");
    await page.signOut();
    await second?.asksToSignIn(); // from step 2 on, tabs agree
    await page.signIn(ada);
    await page.shows("post 1");
  });
});
