// docs/from-a-tutorial.md, walked by an app that has users.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import bcrypt from "bcryptjs";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freePort, type Mayfly, startMayfly } from "../support/mayfly.ts";
import { listensAt, start, startBeside } from "./app.ts";
import { openBrowser } from "./chromium.ts";
import { Device } from "./device.ts";
import { type Installed, install } from "./install.ts";
import { ada, dataFolder, grace, settingsOf, step } from "./tutorial.ts";
import { openPage } from "./tutorialpage.ts";

let tutorial: Installed;
beforeAll(() => {
  tutorial = install("from-a-tutorial");
});
afterAll(() => tutorial.remove());

/**
 * importUsers runs `npm run import`, with a mayfly on the PATH that works on the data of this test. It returns what the
 * run says and exits with, and the arguments that a list of processes shows.
 */
function importUsers(mayfly: Mayfly, data: string): { said: string; status: number | null; args: string } {
  const bin = join(dataFolder(), "bin");
  mkdirSync(bin);
  const script = `#!/bin/sh\necho "$@" >>'${bin}/args'\nexec '${inject("mayfly")}' "$@"\n`;
  writeFileSync(join(bin, "mayfly"), script, { mode: 0o755 });
  const path = [bin, dirname(process.execPath), process.env.PATH].join(":");
  const env = { PATH: path, DATA: data, MAYFLY_DATA: mayfly.data };
  const { stdout, stderr, status } = spawnSync("npm", ["run", "--silent", "import"], {
    cwd: tutorial.folder,
    env,
    encoding: "utf8",
  });
  return { said: stdout + stderr, status, args: readFileSync(join(bin, "args"), "utf8") };
}

/** What a table of the tutorial's app holds. */
const rowsOf = (data: string, table: string) => JSON.parse(readFileSync(join(data, `${table}.json`), "utf8"));

/** goOver starts Mayfly anew as step 3 has it: with keys in the place of the secret, where it was before. */
async function goOver(mayfly: Mayfly): Promise<void> {
  const listen = listensAt(mayfly).replace("http://", "");
  await mayfly.stop();
  await mayfly.start({ listen, ...settingsOf(3), access_token_secret: "" });
}

/** leaveStep0 registers two people with the tutorial's own app and has each write a post. It returns their browsers. */
async function leaveStep0(data: string, port: number): Promise<Device[]> {
  const app = await start(step(0, tutorial.folder, data), port);
  const devices: Device[] = [];
  for (const who of [ada, grace]) {
    const device = new Device(app.url);
    expect((await device.post("/api/users/register", who)).status).toBe(201);
    expect((await device.post("/api/posts", { text: `of ${who.fullName}` })).status).toBe(201);
    devices.push(device);
  }
  await app.stop();
  return devices;
}

test("old users keep their passwords and their posts, and sign in once for all steps", async () => {
  const data = dataFolder();
  const port = await freePort();
  await leaveStep0(data, port);
  const mayfly = await startMayfly({ public_url: `http://localhost:${port}/auth`, ...settingsOf(1) });
  const first = importUsers(mayfly, data);
  expect(first).toEqual({
    said: "imported 2, 0 had an account already, 0 refused\n",
    status: 0,
    args: "user import -\n", // no hash, which anybody on the machine could read there
  });
  const posts = rowsOf(data, "posts");
  const again = importUsers(mayfly, data);
  expect(again).toEqual({ ...first, said: "imported 0, 0 had an account already, 0 refused\n" });
  expect(rowsOf(data, "posts")).toEqual(posts);

  const device = new Device(`http://localhost:${port}`);
  for (const n of [1, 2, 3, 4]) {
    if (n === 3) await goOver(mayfly);
    const app = await start(step(n, tutorial.folder, data), port, listensAt(mayfly));
    if (n === 1) {
      const signIn = await device.post("/auth/v1/login", { identifier: ada.email, password: ada.password });
      expect(signIn.status).toBe(200);
      const [{ _id: old_id }] = rowsOf(data, "users");
      expect((await signIn.json()).user.metadata).toEqual({ old_id });
    }
    if (n === 3) {
      const refused = await device.get("/api/posts"); // with a token of HS256
      expect([refused.status, (await refused.json()).code]).toEqual([401, "token_invalid"]);
      expect((await device.post("/auth/v1/refresh")).status).toBe(200); // as the client does then
    }
    expect(await (await device.get("/api/posts")).json()).toMatchObject([{ text: "of Ada Lovelace" }]);
    await app.stop();
  }
});

test("a browser with the tutorial's cookies is asked to sign in, once its access token has expired", async () => {
  const data = dataFolder();
  const port = await freePort();
  const devices = await leaveStep0(data, port);
  const mayfly = await startMayfly({ public_url: `http://localhost:${port}/auth`, ...settingsOf(1) });
  importUsers(mayfly, data);
  await start(step(1, tutorial.folder, data), port, listensAt(mayfly));
  for (const device of devices) {
    expect(await (await device.get("/api/posts")).json()).toEqual([]); // the old token knows the old id
    expect((await device.post("/auth/v1/refresh")).status).toBe(401);
    expect(device.cookies.size).toBe(0);
  }
});

test("a page that is open while the app goes over to public keys goes on", async () => {
  const data = dataFolder();
  const { app, mayfly } = await startBeside(step(2, tutorial.folder, data), settingsOf(2));
  const page = await openPage(await openBrowser({ console: /status of 401/ }), app.url);
  await page.register(ada);
  await page.write("before");
  await app.stop();
  await goOver(mayfly);
  await start(step(3, tutorial.folder, data), Number(new URL(app.url).port), listensAt(mayfly));
  await page.write("after");
  await page.shows("before");
});

test("whoever can not be brought along is named with the reason, and the others come", async () => {
  const data = dataFolder();
  const password = await bcrypt.hash(ada.password, 4);
  const odd = { ...grace, _id: "2", username: "has a blank", password };
  writeFileSync(join(data, "users.json"), JSON.stringify([{ ...ada, _id: "1", password }, odd]));
  writeFileSync(join(data, "posts.json"), JSON.stringify([{ _id: "3", owner: "2", text: "of Grace" }]));
  const mayfly = await startMayfly();
  const first = importUsers(mayfly, data);
  expect(first.status).toBe(1);
  expect(first.said).toMatch(/^grace@example.com stays behind: .*username/ms);
  expect(first.said).toContain("imported 1, 0 had an account already, 1 refused");
  expect(first.said).not.toContain(password);
  expect(rowsOf(data, "posts")).toMatchObject([{ owner: "2" }]);

  const users = readFileSync(join(data, "users.json"), "utf8");
  writeFileSync(join(data, "users.json"), users.replace("has a blank", "grace"));
  expect(importUsers(mayfly, data)).toMatchObject({ status: 0, said: expect.stringMatching(/^imported 1, 0 had/) });
  const device = new Device(mayfly.url);
  const signIn = await device.post("/v1/login", { identifier: grace.email, password: grace.password });
  expect(rowsOf(data, "posts")).toMatchObject([{ owner: (await signIn.json()).user.id }]);
});

test("an import that was interrupted before the posts had their new owners is finished by the next run", async () => {
  const data = dataFolder();
  const password = await bcrypt.hash(ada.password, 4);
  writeFileSync(join(data, "users.json"), JSON.stringify([{ ...ada, _id: "1", password }]));
  writeFileSync(join(data, "posts.json"), JSON.stringify([{ _id: "2", owner: "1", text: "of Ada" }]));
  copyFileSync(join(data, "posts.json"), join(data, "posts.before"));
  const mayfly = await startMayfly();
  importUsers(mayfly, data);
  const posts = rowsOf(data, "posts");
  expect(posts).not.toMatchObject([{ owner: "1" }]);
  copyFileSync(join(data, "posts.before"), join(data, "posts.json"));
  importUsers(mayfly, data);
  expect(rowsOf(data, "posts")).toEqual(posts);
});
