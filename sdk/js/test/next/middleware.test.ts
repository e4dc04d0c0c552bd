import { type NextProxy, NextRequest } from "next/server.js";
import { expect, test } from "vitest";
import { authRoutes, mayflyMiddleware, type RouteHandler } from "../../src/next.ts";
import { type Fault, openSite, type Site } from "../support/faults.ts";
import { html, hung, plain, problem, reset } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";
import { Jar, signedIn } from "./jar.ts";

/** What the middleware makes of a request. */
interface Passed {
  /** The cookies that the page is rendered with. */
  rendering: Jar;
  /** Names of the cookies that the browser is told to set or, with a minus, to forget. */
  browser: string[];
  cacheControl: string | null;
}

type Send = (jar: Jar, path?: string, init?: { method?: string; headers?: Record<string, string> }) => Promise<Passed>;

/** An app's middleware before a Mayfly on the same origin, called the way Next.js calls it. */
async function app(settings: Record<string, string> = {}): Promise<{ site: Site; jar: Jar; send: Send }> {
  const site = await openSite(settings);
  const middleware = mayflyMiddleware({ issuer: `${site.url}/auth` });
  const send: Send = async (jar, path = "/", { method = "GET", headers = {} } = {}) => {
    const request = new NextRequest(site.url + path, { method, headers: { ...headers, cookie: jar.header } });
    const answer = await middleware(request);
    expect(answer.headers.get("x-middleware-next"), "every request goes on").toBe("1");
    const overridden = answer.headers.get("x-middleware-override-headers") !== null;
    const browser = answer.headers
      .getSetCookie()
      .map((line) => (/max-age=0/i.test(line) ? "-" : "") + line.split("=")[0]);
    return {
      rendering: overridden ? new Jar(answer.headers.get("x-middleware-request-cookie") ?? "") : jar.copy(),
      browser,
      cacheControl: answer.headers.get("cache-control"),
    };
  };
  return { site, jar: await signedIn(site.url, person()), send };
}

const all = ["mayfly_access", "mayfly_refresh", "mayfly_signed_in"];
const refreshes = (site: Site) => site.calls("/auth/v1/refresh").length;

test("Next.js takes the middleware and the routes as its own", () => {
  mayflyMiddleware() satisfies NextProxy;
  authRoutes({}) satisfies Record<"GET" | "POST" | "PATCH" | "DELETE", RouteHandler>;
});

test("a token with life left is passed on, and a stranger costs nothing", async () => {
  const { site, jar, send } = await app();
  expect((await send(jar)).browser).toEqual([]);
  expect((await send(new Jar("theme=dark"))).rendering.header).toBe("theme=dark");
  expect(refreshes(site)).toBe(0);
});

test("without an access token the browser and the rendering get the same new pair, and no cache keeps it", async () => {
  const { site, jar, send } = await app();
  jar.drop("access");
  jar.header = `theme=dark; ${jar.header}`;
  const { rendering, browser, cacheControl } = await send(jar);
  expect(browser).toEqual(expect.arrayContaining(all));
  expect(cacheControl).toBe("private, no-store");
  expect(rendering.header).toContain("theme=dark");
  const me = await fetch(`${site.url}/auth/v1/me`, { headers: { authorization: `Bearer ${rendering.get("access")}` } });
  expect(me.status).toBe(200);
});

test("Promise 1: requests side by side present one token once, later ones get the same successor", async () => {
  const { site, jar, send } = await app();
  jar.drop("access");
  const first = await Promise.all(Array.from({ length: 50 }, () => send(jar)));
  expect(refreshes(site)).toBe(1);
  const late = await send(jar);
  expect(refreshes(site)).toBe(2); // nothing was kept
  expect(new Set([...first, late].map(({ rendering }) => rendering.get("refresh"))).size).toBe(1);
});

test("a token near its end is renewed by a visit and not by a prefetch; a dead one by both", async () => {
  const { site, jar, send } = await app({ access_ttl: "10s" });
  const { exp, iat } = JSON.parse(atob(jar.get("access")?.split(".")[1] ?? ""));
  const left = () => exp - Date.now() / 1000;
  const prefetch = { headers: { "sec-purpose": "prefetch" } };
  expect((await send(jar)).browser).toEqual([]);
  await expect.poll(left, { timeout: 30_000, interval: 20 }).toBeLessThan((exp - iat) / 5);
  expect((await send(jar, "/", prefetch)).browser).toEqual([]);
  expect((await send(jar)).browser).toContain("mayfly_access");
  await expect.poll(left, { timeout: 30_000, interval: 20 }).toBeLessThan(0);
  expect((await send(jar, "/", prefetch)).browser).toContain("mayfly_access");
  expect(refreshes(site)).toBe(2);
});

test("calls to Mayfly itself, preflights, assets and another site's scripts spend nothing", async () => {
  const { site, jar, send } = await app();
  jar.drop("access");
  await send(jar, "/auth/v1/logout", { method: "POST" });
  await send(jar, "/auth");
  await send(jar, "/api/posts", { method: "OPTIONS" });
  await send(jar, "/_next/static/app.js");
  await send(jar, "/", { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" } });
  await send(jar, "/", { headers: { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" } });
  expect(refreshes(site)).toBe(0);
  await send(jar, "/authors");
  await send(jar, "/", { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" } }); // a link in a mail
  expect(refreshes(site)).toBe(2);
});

const harmless: Record<string, Fault> = {
  "a reset": reset,
  "a server that is overloaded": problem(503, "unavailable", 1),
  "too many attempts": problem(429, "too_many_attempts", 1),
  "an error": problem(500, "internal"),
  "a 401 that ends nothing": problem(401, "refresh_missing"),
  "a firewall's page": html(403),
  "a portal's page": html(200),
  "a page that sets cookies": () => ({
    status: 200,
    headers: { "content-type": "text/html", "set-cookie": "mayfly_refresh=; Max-Age=0; Path=/" },
    body: "<h1>Welcome</h1>",
  }),
  "a redirect": () => ({ status: 302, headers: { location: "/elsewhere" }, body: "" }),
  "an end that is not of Mayfly's status": plain(500, "application/json", '{"session_ended":true}'),
};

test.each(Object.entries(harmless))("Promise 3: %s removes no cookie and holds nobody up", async (_, fault) => {
  const { site, jar, send } = await app();
  jar.drop("access");
  const lift = site.on("/auth/v1/refresh", fault);
  const { rendering, browser } = await send(jar);
  expect(browser).toEqual([]);
  expect(rendering.header).toBe(jar.header);
  lift();
  expect((await send(jar)).browser).toEqual(expect.arrayContaining(all));
});

test("Promise 3: a Mayfly that never answers holds nobody up for ever", async () => {
  const { site, jar, send } = await app();
  jar.drop("access");
  site.on("/auth/v1/refresh", hung);
  expect((await send(jar)).rendering.header).toBe(jar.header);
});

test("a session that is over goes, from the browser and from the rendering", async () => {
  const { site, jar, send } = await app({ access_ttl: "5s" });
  const other = await fetch(`${site.url}/auth/v1/logout?scope=all`, {
    method: "POST",
    headers: { authorization: `Bearer ${jar.get("access")}` },
  });
  expect(other.status).toBe(204);
  jar.drop("access");
  expect((await send(jar)).rendering.header).toBe("");

  const garbage = await send(new Jar("mayfly_refresh=not-a-token; mayfly_signed_in=1; theme=dark"));
  expect(garbage.rendering.header).toBe("theme=dark");
  expect(garbage.browser).toEqual(expect.arrayContaining(all.map((name) => `-${name}`)));
});

test("a setting that can not work is refused at the first request, with the fix", async () => {
  const request = () => new NextRequest("http://localhost/", { headers: { cookie: "mayfly_refresh=x" } });
  const ask = (options: Parameters<typeof mayflyMiddleware>[0]) => mayflyMiddleware(options)(request());
  await expect(ask({ issuer: "auth.example.com" })).rejects.toThrow(/issuer is "auth.example.com".*write/);
  await expect(ask({ issuer: "https://a.example/auth", target: "http://b.example" })).rejects.toThrow(/insecureHttp/);
  await expect(ask({ issuer: "https://a.example/auth", target: "https://b.example/auth" })).rejects.toThrow(
    /the path is/,
  );
  const { GET } = authRoutes({ issuer: "https://a.example/auth" });
  await expect(GET(new Request("https://a.example/auth/v1/me"))).rejects.toThrow(/set issuer .* and target/);
});
