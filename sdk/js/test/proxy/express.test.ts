import { once } from "node:events";
import { createServer, request as send } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { expect, test } from "vitest";
import { authProxy, requireAuth } from "../../src/express.ts";
import { listen, started } from "../server/issuer.ts";
import { freePort, person, startMayfly } from "../support/mayfly.ts";
import { upstream } from "./upstream.ts";

async function serve(app: Express, port = 0): Promise<string> {
  const server = createServer(app);
  await started(server, port);
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** raw writes a request byte by byte as it stands, and returns the status line of the answer. */
async function raw(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(text);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  return answer.split("\r\n", 1)[0] ?? "";
}

const json = { "content-type": "application/json" };

test("one origin for the app and Mayfly: sign-in, a protected route and sign-out with cookies alone", async () => {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const mayfly = await startMayfly({ public_url: `${url}/auth` });
  const target = `http://${/127\.0\.0\.1:\d+/.exec(mayfly.log())?.[0]}`;
  const app = express();
  app.use("/auth", authProxy({ target }));
  app.use(express.json());
  // The keys come through the app itself: the issuer is the app's own address.
  app.post("/posts", requireAuth({ issuer: `${url}/auth` }), (req, res) => {
    res.json({ sub: req.auth?.sub, body: req.body });
  });
  await serve(app, port);
  const post = (path: string, cookie: string, body: unknown) =>
    fetch(url + path, { method: "POST", headers: { ...json, cookie, origin: url }, body: JSON.stringify(body) });

  const registered = await post("/auth/v1/register", "", person());
  expect(registered.status).toBe(201);
  const lines = registered.headers.getSetCookie();
  expect(lines).toHaveLength(3);
  const cookie = lines.map((line) => line.split(";", 1)[0]).join("; ");
  const { user } = (await registered.json()) as { user: { id: string } };
  const posted = await post("/posts", cookie, { text: "hello" });
  expect(await posted.json()).toEqual({ sub: user.id, body: { text: "hello" } });
  expect((await post("/posts", "", {})).status).toBe(401);
  expect((await post("/auth/v1/logout", cookie, {})).status).toBe(204);
});

test("a body that express.json() or express.urlencoded() has read in front is sent on all the same", async () => {
  const { url: target, arrived } = await upstream((response, { body }) => response.end(body));
  const app = express();
  app.use(express.json(), express.urlencoded({ extended: true }));
  app.use("/auth", authProxy({ target }));
  const url = await serve(app);
  const post = (body: string | Buffer, headers: Record<string, string>) =>
    fetch(`${url}/auth/v1/login`, { method: "POST", headers, body: new Uint8Array(Buffer.from(body)) });
  const credentials = { identifier: "ada@example.com", password: "ä & ü = 1+1" };
  await post(JSON.stringify(credentials), json);
  await post(gzipSync(JSON.stringify(credentials)), { ...json, "content-encoding": "gzip" });
  for (const { body, headers } of arrived) {
    expect(JSON.parse(body)).toEqual(credentials);
    expect(headers).not.toHaveProperty("content-encoding");
  }
  const form = new URLSearchParams(credentials);
  await fetch(`${url}/auth/login`, { method: "POST", body: form });
  expect(new URLSearchParams(arrived[2]?.body)).toEqual(form);
  await fetch(`${url}/auth/v1/logout`, { method: "POST" });
  expect(arrived[3]?.body).toBe("");
  await post("plain", { "content-type": "text/plain" }); // no parser took it, so it streams
  expect(arrived[4]?.body).toBe("plain");
});

test("a body that was read and can not be put together again is an error that names the fix", async () => {
  const { url: target, arrived } = await upstream((response) => response.end());
  const faults: string[] = [];
  const app = express();
  app.use(express.text({ type: "*/*" }));
  app.use("/auth", authProxy({ target }));
  app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
    faults.push(error.message);
    res.status(500).end();
  });
  const url = await serve(app);
  const answer = await fetch(`${url}/auth/v1/login`, {
    method: "POST",
    headers: { "content-type": "text/xml" },
    body: "<a/>",
  });
  expect(answer.status).toBe(500);
  expect(faults).toEqual([expect.stringMatching(/mount authProxy before express\.json\(\)/)]);
  expect(arrived).toEqual([]);
});

test("the address of the connection stands at the right end of X-Forwarded-For, behind whatever was planted", async () => {
  const { url: target, arrived } = await upstream((response) => response.end());
  const app = express();
  app.use("/auth", authProxy({ target }));
  const url = await serve(app);
  await fetch(`${url}/auth/`);
  await fetch(`${url}/auth/`, {
    headers: { "x-forwarded-for": "127.0.0.1, 6.6.6.6", "x-forwarded-host": "evil.example" },
  });
  const seen = arrived.map(({ headers }) => [headers["x-forwarded-for"], headers["x-forwarded-host"]]);
  expect(seen).toEqual([
    ["127.0.0.1", new URL(url).host],
    ["127.0.0.1, 6.6.6.6, 127.0.0.1", new URL(url).host],
  ]);
});

test("Mayfly knows the client's own address behind the proxy, whatever the client says of itself", async () => {
  const port = await freePort();
  const mayfly = await startMayfly({ public_url: `http://localhost:${port}/auth`, trusted_proxies: "127.0.0.1" });
  const app = express();
  app.use("/auth", authProxy({ target: `http://${/127\.0\.0\.1:\d+/.exec(mayfly.log())?.[0]}` }));
  const url = await serve(app, port);
  const ask = async (method: string, path: string, headers: Record<string, string>, body = "") => {
    const request = send(`${url}/auth/v1/${path}`, { method, headers, localAddress: "127.0.0.2" }).end(body);
    const [response] = await once(request, "response");
    const chunks = await response.toArray();
    return JSON.parse(Buffer.concat(chunks).toString());
  };
  const planted = { "x-forwarded-for": "203.0.113.66", "x-real-ip": "203.0.113.66", forwarded: "for=203.0.113.66" };
  const body = JSON.stringify({ ...person(), delivery: "body" });
  const length = String(Buffer.byteLength(body));
  const { access_token } = await ask("POST", "register", { ...json, ...planted, "content-length": length }, body);
  const { sessions } = await ask("GET", "sessions", { authorization: `Bearer ${access_token}` });
  expect(sessions).toMatchObject([{ address: "127.0.0.2" }]);
});

test("it takes only what lies below the path where it is mounted, or below the one it is given", async () => {
  const { url: target, arrived } = await upstream((response) => response.end());
  const app = express();
  const api = express.Router();
  api.use("/auth", authProxy({ target }));
  app.use("/api", api);
  app.use(authProxy({ target, path: "/id" }));
  app.use((_req, res) => void res.status(404).end("the app's own"));
  const url = await serve(app);
  for (const path of ["/api/auth/v1/me?x=1", "/id/v1/me", "/idle", "/auth/v1/me", "/"]) await fetch(url + path);
  expect(arrived.map(({ url }) => url)).toEqual(["/api/auth/v1/me?x=1", "/id/v1/me"]);
});

test("it is no open proxy: absolute-form, dot segments and encoded ones are refused on the wire", async () => {
  const { url: target, arrived } = await upstream((response) => response.end());
  const app = express();
  app.use("/auth", authProxy({ target }));
  const url = await serve(app);
  const ask = (line: string) => raw(url, `${line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  for (const path of ["/auth/../x", "/auth/..%2fx", "/auth/%2e%2e/x", "/auth//x", "/auth/a\\b", `${target}/auth/x`]) {
    expect(await ask(`GET ${path}`)).toMatch(/^HTTP\/1\.1 40[04] /);
  }
  expect(await ask("TRACE /auth/x")).toBe("HTTP/1.1 400 Bad Request");
  expect(arrived).toEqual([]);
});

test("a client that goes takes its request with it, in the middle of an answer and before; one cut short stays short", async () => {
  const gone: Promise<unknown>[] = [];
  let arrived = () => {};
  const here = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const target = await listen((request, response) => {
    gone.push(once(response, "close"));
    if (request.url === "/auth/slow") return arrived();
    response.write("data: 1\n\n");
    if (request.url === "/auth/cut") setImmediate(() => response.destroy());
  });
  const app = express();
  app.use("/auth", authProxy({ target }));
  const url = await serve(app);
  const [response] = await once(send(`${url}/auth/feed`).end(), "response");
  await once(response, "data");
  response.destroy();
  await gone[0];
  const slow = send(`${url}/auth/slow`)
    .on("error", () => {})
    .end();
  await here;
  slow.destroy();
  await gone[1];
  await expect(fetch(`${url}/auth/cut`).then((answer) => answer.text())).rejects.toThrow(/terminated/);
});

test("Mayfly out of reach is 503 with the code unavailable", async () => {
  const app = express();
  app.use("/auth", authProxy({ target: `http://127.0.0.1:${await freePort()}` }));
  const answer = await fetch(`${await serve(app)}/auth/v1/refresh`, { method: "POST" });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await answer.json()).toMatchObject({ code: "unavailable" });
});
