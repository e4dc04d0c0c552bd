// What docs/from-a-tutorial.md says of the app that everybody writes, on that app.
import bcrypt from "bcryptjs";
import jwt from "jsonwebtoken";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../support/mayfly.ts";
import { start } from "./app.ts";
import { openBrowser } from "./chromium.ts";
import { Device } from "./device.ts";
import { type Installed, install } from "./install.ts";
import { ada, dataFolder, step } from "./tutorial.ts";

let tutorial: Installed;
beforeAll(() => {
  tutorial = install("from-a-tutorial");
});
afterAll(() => tutorial.remove());

async function startStep0(more = {}): Promise<string> {
  return (await start(step(0, tutorial.folder, dataFolder(), more), await freePort())).url;
}

async function registered(app: string): Promise<Device> {
  const device = new Device(app);
  expect((await device.post("/api/users/register", ada)).status).toBe(201);
  return device;
}

/** A device that signs in, later than the other: within one second both would get the same refresh token. */
async function signedInAfter(first: Device, app: string): Promise<Device> {
  const device = new Device(app);
  do expect((await device.post("/api/users/login", ada)).status).toBe(200);
  while (device.cookies.get("refreshToken") === first.cookies.get("refreshToken"));
  return device;
}

test("the tutorial's app signs people in, refreshes, and shows everybody their own posts", async () => {
  const app = await startStep0();
  const device = await registered(app);
  expect((await device.post("/api/posts", { text: "hello" })).status).toBe(201);
  expect((await device.post("/api/users/refresh-token")).status).toBe(200);
  expect(await (await device.get("/api/posts")).json()).toMatchObject([{ text: "hello" }]);
  const other = new Device(app);
  await other.post("/api/users/register", { ...ada, email: "grace@example.com", username: "grace" });
  expect(await (await other.get("/api/posts")).json()).toEqual([]);
});

test("one column for the refresh token: the second device kicks the first one out", async () => {
  const app = await startStep0();
  const phone = await registered(app);
  await signedInAfter(phone, app);
  expect((await phone.post("/api/users/refresh-token")).status).toBe(401);
});

test("two calls that find the access token expired refresh twice, and the second signs the person out", async () => {
  const app = await startStep0();
  const device = await registered(app);
  const before = device.cookies.get("refreshToken");
  do expect((await device.post("/api/users/refresh-token")).status).toBe(200);
  while (device.cookies.get("refreshToken") === before);
  device.cookies.set("refreshToken", before ?? ""); // what the second call was sent with
  expect((await device.post("/api/users/refresh-token")).status).toBe(401);
});

test("after signing out, whoever has a copy of the access token goes on", async () => {
  const device = await registered(await startStep0());
  const copy = device.cookies.get("accessToken") ?? "";
  expect((await device.post("/api/users/logout")).status).toBe(200);
  expect(device.cookies.size).toBe(0);
  device.cookies.set("accessToken", copy);
  expect((await device.get("/api/posts")).status).toBe(200);
});

test("nobody can sign out once the access token has expired", async () => {
  const device = await registered(await startStep0({ ACCESS_TOKEN_EXPIRY: "0s" }));
  expect((await device.post("/api/users/logout")).status).toBe(401);
});

test("the page refreshes and asks again for ever, where the refresh does not help", async () => {
  const app = await startStep0({ ACCESS_TOKEN_EXPIRY: "0s" });
  const page = await (await openBrowser({ console: /status of 401/ })).newPage();
  let refreshes = 0;
  const storm = new Promise<void>((done) => {
    page.on("request", (request) => {
      if (request.url().endsWith("/refresh-token") && ++refreshes === 100) done();
    });
  });
  await page.goto(app);
  const form = page.locator("#register");
  for (const [name, value] of Object.entries(ada)) await form.locator(`[name=${name}]`).fill(value);
  await form.getByRole("button").click();
  await storm;
});

test("sign-in says which addresses have an account", async () => {
  const device = await registered(await startStep0());
  expect((await device.post("/api/users/login", { ...ada, password: "wrong" })).status).toBe(401);
  expect((await device.post("/api/users/login", { ...ada, email: "eve@example.com" })).status).toBe(404);
});

test("two tokens made within one second are the same token", () => {
  const make = () => jwt.sign({ _id: "1", iat: 1_700_000_000 }, "secret");
  expect(make()).toBe(make());
});

test("a bcrypt hash of one refresh token fits every refresh token of that person", async () => {
  const make = (iat: number) => jwt.sign({ _id: "6b1f0a7e-9f0d-4b53-b7f8-1d7d3c0a5a11", iat }, "secret");
  const hash = await bcrypt.hash(make(1_700_000_000), 4);
  expect(await bcrypt.compare(make(1_800_000_000), hash)).toBe(true);
});
