import { createServer } from "node:http";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { createVerifier, optionalAuth, requireAuth } from "../../src/express.ts";
import { type Claims, guard, optionalGuard } from "../../src/server.ts";
import { startMayfly } from "../support/mayfly.ts";
import { claimsOf, mint, pair, started, startIssuer } from "./issuer.ts";

async function setUp() {
  const key = await pair("k");
  const issuer = await startIssuer(key);
  const verifier = createVerifier({ issuer: issuer.url });
  return { issuer, verifier, token: await mint(key, claimsOf(issuer.url)) };
}

/** Asks with a good token, without one, and with a bad one. */
async function three(ask: (headers: Record<string, string>) => Promise<Response> | Response, token: string) {
  const answers = [];
  for (const headers of [{ authorization: `Bearer ${token}` }, {}, { authorization: "Bearer x" }]) {
    const answer = await ask(headers as Record<string, string>);
    const { sub, code } = (await answer.json()) as { sub?: string; code?: string };
    answers.push([answer.status, answer.headers.get("content-type")?.split(";")[0], sub ?? code ?? null]);
  }
  return answers;
}

const strict = [
  [200, "application/json", "ada"],
  [401, "application/problem+json", "token_missing"],
  [401, "application/problem+json", "token_invalid"],
];
const open = [strict[0], [200, "application/json", null], strict[2]];

async function serve(app: express.Express): Promise<string> {
  const server = createServer(app);
  await started(server);
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

test("Express: requireAuth() protects a route with one line, optionalAuth() lets strangers in", async () => {
  const { verifier, token } = await setUp();
  const app = express();
  app.get("/posts", requireAuth(verifier), (req, res) => void res.json({ sub: req.auth?.sub }));
  app.get("/feed", optionalAuth(verifier), (req, res) => void res.json({ sub: req.auth?.sub }));
  const url = await serve(app);
  expect(await three((headers) => fetch(`${url}/posts`, { headers }), token)).toEqual(strict);
  expect(await three((headers) => fetch(`${url}/feed`, { headers }), token)).toEqual(open);
  const refused = await fetch(`${url}/posts`);
  expect(refused.headers.get("www-authenticate")).toBe("Bearer");
  expect(refused.headers.get("cache-control")).toBe("private, no-store");
});

test("Express: keys that can not be had are 503, never 401 and never a crash", async () => {
  const { issuer, token } = await setUp();
  issuer.answer.status = 500;
  const app = express();
  app.use(requireAuth({ issuer: issuer.url }), (_req, res) => void res.json({}));
  const answer = await fetch(await serve(app), { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(await answer.json()).toMatchObject({ code: "unavailable" });
});

test("Express: an error of the handler behind is Express's, and wrong options throw where the route is made", async () => {
  const { verifier, token } = await setUp();
  const app = express();
  app.get("/", requireAuth(verifier), () => {
    throw new Error("of the handler");
  });
  const faults: unknown[] = [];
  app.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
    faults.push(error.message);
    res.status(500).end();
  });
  const answer = await fetch(await serve(app), { headers: { authorization: `Bearer ${token}` } });
  expect([answer.status, faults]).toEqual([500, ["of the handler"]]);
  expect(() => requireAuth({ issuer: "nowhere" })).toThrow(/issuer is "nowhere"/);
});

test("Hono: guard() is its middleware in four lines", async () => {
  const { verifier, token } = await setUp();
  const check = guard(verifier);
  const app = new Hono<{ Variables: { auth: Claims } }>();
  app.use("/posts", async (c, next) => {
    const { claims, refusal } = await check(c.req.raw);
    if (refusal) return refusal.toResponse();
    c.set("auth", claims);
    return next();
  });
  app.get("/posts", (c) => c.json({ sub: c.get("auth").sub }));
  expect(await three((headers) => app.request("/posts", { headers }), token)).toEqual(strict);
});

test("Fastify: guard() is its hook in four lines", async () => {
  const { verifier, token } = await setUp();
  const check = optionalGuard(verifier);
  const app = Fastify();
  onTestFinished(() => app.close());
  app.decorateRequest("auth", null);
  app.addHook("onRequest", async (request, reply) => {
    const { claims, refusal } = await check(request.raw);
    if (refusal) return reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
    request.setDecorator("auth", claims);
  });
  app.get("/feed", async (request) => ({ sub: request.getDecorator<Claims | null>("auth")?.sub }));
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  expect(await three((headers) => fetch(`${url}/feed`, { headers }), token)).toEqual(open);
});

test("an error that is no refusal is not swallowed, and Express hears of it", async () => {
  const broken = createVerifier({
    issuer: "http://localhost:8080",
    now: () => {
      throw new RangeError("the clock broke");
    },
  });
  const headers = { authorization: "Bearer x" };
  await expect(guard(broken)({ method: "GET", headers })).rejects.toThrow("the clock broke");
  const app = express();
  app.use(requireAuth(broken));
  app.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
    res.status(500).end(error.message);
  });
  const answer = await fetch(await serve(app), { headers });
  expect([answer.status, await answer.text()]).toEqual([500, "the clock broke"]);
});

test("Express, Mayfly and a cookie: the page of another origin is refused, the own one is not", async () => {
  const mayfly = await startMayfly();
  const registered = await fetch(`${mayfly.url}/v1/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "eve@example.com", password: "a quiet river at dawn" }),
  });
  const cookie = registered.headers
    .getSetCookie()
    .map((line) => line.split(";", 1)[0])
    .join("; ");
  const app = express();
  app.post("/posts", requireAuth({ issuer: mayfly.url }), (req, res) => void res.json({ sub: req.auth?.sub }));
  const url = await serve(app);
  const post = (headers: Record<string, string>) =>
    fetch(`${url}/posts`, { method: "POST", headers: { cookie, ...headers } });
  expect((await post({ origin: url })).status).toBe(200);
  expect((await post({ origin: "https://evil.example" })).status).toBe(403);
});
