import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { BrowserContext } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { person } from "../support/mayfly.ts";
import { type Env, type Program, startBeside } from "./app.ts";
import { openBrowser } from "./chromium.ts";
import { Device } from "./device.ts";
import { FeedPage } from "./feed.ts";
import { examples, type Installed, install } from "./install.ts";

let feed: Installed;
const built = mkdtempSync(join(tmpdir(), "mayfly-feed-"));

beforeAll(() => {
  feed = install("feed", "feed/express");
  const module = resolve(examples, "..");
  execFileSync("go", ["build", "-o", join(built, "feed"), "./examples/feed/go"], { cwd: module, stdio: "inherit" });
});
afterAll(() => {
  feed.remove();
  rmSync(built, { recursive: true, force: true });
});

const programs: Record<string, Program> = {
  go: (port, mayfly) => ({
    command: join(built, "feed"),
    args: ["-listen", `localhost:${port}`, "-mayfly", mayfly],
    cwd: built,
  }),
  express: (port, mayfly) => ({
    command: "node",
    args: ["server.js"],
    cwd: join(feed.folder, "express"),
    env: { PORT: `${port}`, MAYFLY: mayfly },
  }),
};

describe.each(Object.keys(programs))("the feed in %s", (language) => {
  const startBoth = (settings: Env = {}) => startBeside(programs[language] as Program, settings);
  const startFeed = async (settings?: Env) => (await startBoth(settings)).app.url;

  async function openFeed(url: string, someone?: BrowserContext): Promise<FeedPage> {
    const page = await (someone ?? (await openBrowser())).newPage();
    await page.goto(url);
    return new FeedPage(page);
  }

  test("somebody registers, writes a post, and is still there after a reload", async () => {
    const feed = await openFeed(await startFeed());
    const ada = person();
    await feed.register(ada);
    expect(await feed.texts(0)).toEqual([]);
    await feed.write("the first");
    await feed.write("the second");
    await feed.page.reload();
    await feed.sees(ada.name);
    expect(await feed.texts(2)).toEqual(["the second", "the first"]);
  });

  test("posts go on while access tokens come and go", async () => {
    const feed = await openFeed(await startFeed({ access_ttl: "2s" }));
    const tokens = new Set<string>();
    const statuses = new Set<number>();
    feed.page.on("response", (answer) => statuses.add(answer.status()));
    await feed.register(person());
    let written = 0;
    while (tokens.size < 4) {
      written += 1;
      await feed.write(`post ${written}`);
      const cookies = await feed.page.context().cookies();
      tokens.add(cookies.find(({ name }) => name === "mayfly_access")?.value ?? "");
    }
    expect(await feed.texts(written)).toHaveLength(written);
    expect([...statuses].filter((status) => status >= 400)).toEqual([]);
  });

  test("a second tab is signed in too, and signed out with the first", async () => {
    const url = await startFeed();
    const someone = await openBrowser();
    const first = await openFeed(url, someone);
    await first.register(person());
    await first.write("seen by both");
    const second = await openFeed(url, someone);
    expect(await second.texts(1)).toEqual(["seen by both"]);
    await first.write("and one more");
    await second.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))); // as when it is looked at
    expect(await second.texts(2)).toEqual(["and one more", "seen by both"]);
    await second.signOut();
    await first.asksToSignIn();
    await first.page.reload();
    await first.asksToSignIn();
  });

  test("everybody sees their own posts, one after the other in one browser and side by side in two", async () => {
    const url = await startFeed();
    const [ada, grace] = [person(), person()];
    const here = await openFeed(url);
    await here.register(ada);
    await here.write("of Ada");
    await here.signOut();
    await here.register(grace);
    expect(await here.texts(0)).toEqual([]);
    await here.write("of Grace");
    const there = await openFeed(url);
    await there.signIn(ada);
    expect(await there.texts(1)).toEqual(["of Ada"]);
    await here.page.reload();
    expect(await here.texts(1)).toEqual(["of Grace"]);
  });

  test("a wrong password and a weak one are answered in words, and nothing that was typed is lost", async () => {
    const url = await startFeed();
    const feed = await openFeed(url, await openBrowser({ console: /status of (401|422)/ }));
    const ada = person();
    await feed.register(ada);
    await feed.signOut();
    await feed.signIn({ ...ada, password: "not the password" });
    await feed.page.getByRole("alert").filter({ hasText: "password" }).waitFor();
    expect(await feed.page.getByLabel("Email").inputValue()).toBe(ada.email);
    await feed.page.getByRole("button", { name: "Create an account" }).click();
    await feed.page.getByLabel("Name").fill("Eve");
    await feed.page.getByLabel("Password").fill("password");
    await feed.page.getByRole("button", { name: "Create an account" }).click();
    await feed.page.getByRole("alert").filter({ hasText: "easy to guess" }).waitFor();
  });

  test("while Mayfly is down nobody is signed out, and what was typed waits", async () => {
    const { app, mayfly } = await startBoth({ access_ttl: "2s" });
    const feed = await openFeed(app.url, await openBrowser({ console: /status of 50[234]/ }));
    const { page } = feed;
    const banner = page.getByText("No connection. You stay signed in; trying again…");
    const unread = page.getByRole("alert").filter({ hasText: "could not be loaded" });
    const look = () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await feed.register(person());
    await feed.texts(0); // the app has answered once, so it has Mayfly's public keys
    await mayfly.stop();
    // The banner comes with the first refresh that fails, when the access token still has a moment to live.
    const cutOff = async () => (await banner.isVisible()) && (await unread.isVisible());
    await expect.poll(async () => [await look(), await cutOff()][1], { timeout: 40_000 }).toBe(true);
    await page.getByLabel("What is new?").fill("typed in a tunnel");
    await page.getByRole("button", { name: "Post" }).click();
    await page.getByRole("button", { name: "Post", disabled: false }).waitFor(); // it is disabled until there is an answer
    await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
    expect(await feed.posts.count()).toBe(0);
    expect(await page.getByLabel("What is new?").inputValue()).toBe("typed in a tunnel");
    await mayfly.start();
    // Whoever comes back to the page need not wait for the next attempt.
    await expect.poll(async () => [await look(), await banner.isHidden()][1], { timeout: 40_000 }).toBe(true);
    await page.getByRole("button", { name: "Post" }).click();
    await feed.posts.first().getByText("typed in a tunnel", { exact: true }).waitFor();
  });

  test("what people write is text, whatever it looks like", async () => {
    const feed = await openFeed(await startFeed());
    await feed.register(person());
    const nasty = `<img src=x onerror="document.title='broken in'"><script>document.title="broken in"</script>`;
    await feed.write(nasty);
    await feed.page.reload();
    expect(await feed.texts(1)).toEqual([nasty]);
    expect(await feed.page.title()).toBe("Feed");
  });

  test("the page fits a narrow screen, in light and dark, and asks no other host", async () => {
    const url = await startFeed();
    const feed = await openFeed(url);
    const hosts = new Set<string>();
    feed.page.on("request", (request) => hosts.add(new URL(request.url()).origin));
    await feed.page.setViewportSize({ width: 320, height: 640 });
    await feed.register({ ...person(), name: "Ada Augusta King Countess of Lovelace" });
    await feed.write("x".repeat(280));
    for (const colorScheme of ["light", "dark"] as const) {
      await feed.page.emulateMedia({ colorScheme });
      expect(await feed.page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    }
    expect([...hosts]).toEqual([url]);
  });

  test("the API asks who calls, and takes no call from another site's page", async () => {
    const url = await startFeed();
    const device = new Device(url);
    expect((await device.get("/api/posts")).status).toBe(401);
    expect((await device.post("/auth/v1/register", person())).status).toBe(201);
    const post = { text: "hello" };
    const cookie = [...device.cookies].map((pair) => pair.join("=")).join("; ");
    const foreign = { origin: "http://evil.example", "sec-fetch-site": "cross-site" };
    const headers = { ...foreign, cookie, "content-type": "application/json" };
    const forged = await fetch(`${url}/api/posts`, { method: "POST", headers, body: JSON.stringify(post) });
    expect(forged.status).toBe(403);
    expect(await (await device.get("/api/posts")).json()).toEqual([]);
    expect((await device.post("/api/posts", post)).status).toBe(201);
    const garbage = { method: "POST", headers: { cookie, "content-type": "application/json" } };
    for (const body of ["{", "x".repeat(200_000)]) {
      const answer = await fetch(`${url}/api/posts`, { ...garbage, body });
      expect(answer.status).toBeLessThan(500);
      expect((await answer.json()).detail).toMatch(/as JSON/);
    }
    for (const bad of [{}, { text: " " }, { text: 1 }, { text: "x".repeat(281) }]) {
      const answer = await device.post("/api/posts", bad);
      expect(answer.status).toBe(400);
      expect((await answer.json()).detail).toMatch(/280 characters|as JSON/);
    }
    expect(await (await device.get("/api/posts")).json()).toMatchObject([post]);
  });
});
