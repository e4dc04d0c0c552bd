import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { Hono } from "hono";
import { expect, test } from "vitest";
import { placeOf } from "../../src/proxy/path.ts";
import { createProxy } from "../../src/proxy.ts";
import { listen } from "../server/issuer.ts";
import { freePort, person, startMayfly } from "../support/mayfly.ts";
import { upstream } from "./upstream.ts";

const app = "https://app.example";

test("Mayfly behind a proxy of Hono signs somebody in with first-party cookies, refreshes and signs out", async () => {
  const mayfly = await startMayfly({ public_url: `${app}/auth` });
  const target = `http://${/127\.0\.0\.1:\d+/.exec(mayfly.log())?.[0]}`;
  const proxy = createProxy({ target });
  const hono = new Hono();
  hono.all("/auth/*", (c) => proxy(c.req.raw));
  const post = (path: string, cookie = "", body: unknown = {}) => {
    const headers = { "content-type": "application/json", cookie, origin: app, "sec-fetch-site": "same-origin" };
    return hono.request(`${app}/auth/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  };
  const cookiesOf = (answer: Response) => answer.headers.getSetCookie().map((line) => line.split(";", 1)[0]);

  const registered = await post("register", "", person());
  expect(registered.status).toBe(201);
  expect(registered.headers.get("cache-control")).toBe("private, no-store");
  const cookies = cookiesOf(registered);
  expect(cookies.map((cookie) => cookie?.split("=", 1)[0]).sort()).toEqual([
    "__Host-mayfly_access",
    "__Host-mayfly_refresh",
    "mayfly_signed_in",
  ]);
  const me = await hono.request(`${app}/auth/v1/me`, { headers: { cookie: cookies.join("; ") } });
  expect(me.status).toBe(200);
  const refreshed = await post("refresh", cookies.join("; "));
  expect(refreshed.status).toBe(200);
  expect((await post("logout", cookiesOf(refreshed).join("; "))).status).toBe(204);

  await mayfly.stop();
  const down = await post("refresh", cookies.join("; "));
  expect(down.status).toBe(503);
  expect(down.headers.get("retry-after")).toBe("1");
  expect(down.headers.get("content-type")).toBe("application/problem+json");
  const text = await down.text();
  expect(JSON.parse(text)).toMatchObject({ code: "unavailable" });
  expect(text).not.toContain("127.0.0.1");
});

test("hop-by-hop fields and what a client plants about addresses stay behind, everything else arrives", async () => {
  const { url, arrived } = await upstream((response) => {
    response
      .writeHead(200, { connection: "x-hop", "x-hop": "1", "keep-alive": "timeout=9", "x-end": "2", date: "now" })
      .end();
  });
  const planted = {
    connection: "close, x-private",
    "x-private": "1",
    "keep-alive": "1",
    te: "trailers",
    upgrade: "h2c",
    "proxy-authorization": "Basic eA==",
    "x-forwarded-for": "6.6.6.6",
    "x-forwarded-host": "evil.example",
    "x-forwarded-prefix": "/evil",
    "x-real-ip": "6.6.6.6",
    forwarded: "for=6.6.6.6",
    "accept-encoding": "br",
    cookie: "a=b",
    authorization: "Bearer x",
    "x-end": "1",
  };
  const answer = await createProxy({ target: url })(new Request(`${app}/auth/v1/me?x=%2F..&y`, { headers: planted }));
  const headers = arrived[0]?.headers ?? {};
  expect(arrived[0]?.url).toBe("/auth/v1/me?x=%2F..&y");
  expect(headers).toMatchObject({
    cookie: "a=b",
    authorization: "Bearer x",
    "x-end": "1",
    host: new URL(url).host,
    "x-forwarded-host": "app.example",
    "x-forwarded-proto": "https",
    "accept-encoding": "identity",
  });
  for (const name of [
    "x-private",
    "te",
    "upgrade",
    "proxy-authorization",
    "x-real-ip",
    "forwarded",
    "x-forwarded-prefix",
  ]) {
    expect(headers).not.toHaveProperty(name);
  }
  expect(headers).not.toHaveProperty("x-forwarded-for");
  expect(answer.headers.get("x-end")).toBe("2");
  expect(answer.headers.get("x-hop")).toBeNull();
  expect(answer.headers.get("keep-alive")).toBeNull();

  const client = (request: Request) => request.headers.get("cf-connecting-ip");
  const told = new Request(`${app}/auth/`, {
    headers: { "cf-connecting-ip": "203.0.113.7", "x-forwarded-for": "6.6.6.6" },
  });
  await createProxy({ target: url, client })(told);
  expect(arrived[1]?.headers["x-forwarded-for"]).toBe("203.0.113.7");
});

test("redirects are passed on and not followed, and do not tell where Mayfly is", async () => {
  const { url, arrived } = await upstream((response, { url: path }) => {
    const location = path === "/auth/own" ? `${url}/auth/login?x=1` : "https://other.example/";
    response.writeHead(303, { location }).end();
  });
  const proxy = createProxy({ target: url });
  const own = await proxy(new Request(`${app}/auth/own`));
  expect([own.status, own.headers.get("location")]).toEqual([303, "/auth/login?x=1"]);
  const other = await proxy(new Request(`${app}/auth/other`));
  expect(other.headers.get("location")).toBe("https://other.example/");
  expect(arrived).toHaveLength(2);
});

test("statuses, every Set-Cookie, empty answers and compressed ones come through whole", async () => {
  const gzip = Buffer.from("H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==", "base64"); // "hello"
  const { url } = await upstream((response, { method, url }) => {
    if (url === "/auth/204") return response.writeHead(204, { "set-cookie": ["a=1, b; Path=/", "c=2"] }).end();
    if (url === "/auth/gzip") return response.writeHead(200, { "content-encoding": "gzip" }).end(gzip);
    response.writeHead(418, { "content-length": "5" }).end(method === "HEAD" ? "" : "hello");
  });
  const proxy = createProxy({ target: url });
  const empty = await proxy(new Request(`${app}/auth/204`));
  expect([empty.status, empty.headers.getSetCookie()]).toEqual([204, ["a=1, b; Path=/", "c=2"]]);
  const zipped = await proxy(new Request(`${app}/auth/gzip`));
  expect([zipped.headers.get("content-encoding"), (await zipped.text()).length]).toEqual([null, 5]);
  const head = await proxy(new Request(`${app}/auth/x`, { method: "HEAD" }));
  expect([head.status, head.headers.get("content-length")]).toEqual([418, "5"]);
});

test("bodies stream both ways: each piece arrives before the next is made", async () => {
  const url = await listen((request, response) => {
    request.on("data", (piece) => response.write(piece)); // echo, piece by piece
    request.on("end", () => response.end());
  });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const begun = writer.write(new TextEncoder().encode("one"));
  const request = new Request(`${app}/auth/echo`, { method: "POST", body: readable, duplex: "half" } as RequestInit);
  const answer = await createProxy({ target: url })(request);
  await begun;
  const reader = answer.body?.getReader();
  const read = async () => new TextDecoder().decode((await reader?.read())?.value);
  expect(await read()).toBe("one");
  await writer.write(new TextEncoder().encode("two"));
  expect(await read()).toBe("two");
  await writer.close();
  expect((await reader?.read())?.done).toBe(true);
});

test("a client that goes takes its request with it, before the answer and in the middle of it", async () => {
  const gone: Promise<unknown>[] = [];
  let arrived = (_response: ServerResponse) => {};
  const url = await listen((request, response) => {
    gone.push(once(response, "close"));
    if (request.url === "/auth/feed") response.write("data: 1\n\n");
    arrived(response);
  });
  const proxy = createProxy({ target: url });
  for (const path of ["/auth/slow", "/auth/feed"]) {
    const client = new AbortController();
    const here = new Promise<ServerResponse>((resolve) => {
      arrived = resolve;
    });
    const answer = proxy(new Request(app + path, { signal: client.signal }));
    await here;
    if (path === "/auth/feed") await (await answer).body?.getReader().read();
    client.abort();
    await gone.at(-1);
    expect((await answer).status).toBe(path === "/auth/feed" ? 200 : 503);
  }
  expect(gone).toHaveLength(2);
});

test("a target that does not begin to answer in time is 503, and is let go", async () => {
  let closed: Promise<unknown> | undefined;
  const url = await listen((_request, response) => {
    closed = once(response, "close");
  });
  const answer = await createProxy({ target: url, timeout: 0.2 })(new Request(`${app}/auth/v1/me`));
  expect(answer.status).toBe(503);
  await closed;
});

test("nobody listening is 503 with the code unavailable", async () => {
  const target = `http://127.0.0.1:${await freePort()}`;
  const answer = await createProxy({ target })(new Request(`${app}/auth/v1/login`, { method: "POST", body: "{}" }));
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({
    code: "unavailable",
    fix: "Try again after the seconds in Retry-After.",
  });
});

test.each([
  ["/auth", "/auth", "inside"],
  ["/auth/", "/auth", "inside"],
  ["/auth/v1/sessions/0198-ab", "/auth", "inside"],
  ["/auth/.well-known/jwks.json", "/auth", "inside"],
  ["/auth/assets/app.3f2a.css", "/auth", "inside"],
  ["/v1/me", "", "inside"],
  ["/", "", "inside"],
  ["/authors", "/auth", "outside"],
  ["/AUTH/v1/me", "/auth", "outside"],
  ["/", "/auth", "outside"],
  ["/auth/../admin", "/auth", "refused"],
  ["/auth/..", "/auth", "refused"],
  ["/auth/./x", "/auth", "refused"],
  ["/auth//evil.example/x", "/auth", "refused"],
  ["//evil.example/x", "", "refused"],
  ["/auth/%2e%2e/admin", "/auth", "refused"],
  ["/auth/..%2fadmin", "/auth", "refused"],
  ["/auth/%252e%252e/admin", "/auth", "refused"],
  ["/auth/..;/admin", "/auth", "refused"],
  ["/auth/..\\admin", "/auth", "refused"],
  ["/auth/%5c..%5cadmin", "/auth", "refused"],
  ["/auth/a%00b", "/auth", "refused"],
  ["/auth/a b", "/auth", "refused"],
  ["/auth/#x", "/auth", "refused"],
  ["/auth\r\nhost: x", "/auth", "outside"],
  ["http://evil.example/auth/x", "/auth", "refused"],
  ["evil.example:443", "/auth", "refused"],
  ["*", "/auth", "refused"],
  ["", "", "refused"],
])("the path %j under %j is %s", (pathname, path, place) => {
  expect(placeOf(pathname, path)).toBe(place);
});

test("what lies elsewhere is 404, what climbs is 400, and neither is sent on", async () => {
  const { url, arrived } = await upstream((response) => response.end());
  const proxy = createProxy({ target: url });
  const statuses = [];
  for (const path of ["/authors", "/auth/../admin", "/auth/..%2fadmin", "/auth//x", "/auth/%61"]) {
    const answer = await proxy(new Request(app + path));
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    statuses.push(answer.status);
  }
  expect(statuses).toEqual([404, 404, 400, 400, 400]); // the second is /admin by the time it comes here
  expect((await proxy(new Request(`${app}/auth/x`, { method: "PROPFIND" }))).status).toBe(400);
  expect(arrived).toEqual([]);
});

test.each([
  [{ target: "localhost:8080" }, /target is "localhost:8080", which is not the address of a server/],
  [{ target: "http://localhost:8080/auth" }, /paths go through unchanged: write http:\/\/localhost:8080/],
  [{ target: "http://mayfly:8080" }, /over plain http .* set insecureHttp/],
  [{ target: "http://a:b@localhost" }, /has a user name or a password/],
  [{ target: "http://localhost:8080", path: "auth" }, /path is "auth": write it like "\/auth"/],
  [{ target: "http://localhost:8080", path: "/a/../b" }, /path is/],
  [{ target: "http://localhost:8080", path: "/a%2fb" }, /path is/],
  [{ target: "http://localhost:8080", timeout: 0 }, /timeout is 0/],
])("options %j are refused at once, with the cause and the fix", (options, message) => {
  expect(() => createProxy(options)).toThrow(message);
});
