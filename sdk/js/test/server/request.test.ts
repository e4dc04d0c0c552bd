import { request as send } from "node:http";
import { expect, test } from "vitest";
import { createVerifier, type IncomingRequest } from "../../src/server.ts";
import { claimsOf, codeOf, listen, mint, type Pair, pair } from "./issuer.ts";

const issuer = "http://localhost:8080";
const key: Pair = await pair("k");
const token = await mint(key, claimsOf(issuer));
const other = await mint(key, { ...claimsOf(issuer), sub: "eve" });
const fetchKeys = async () => new Response(JSON.stringify({ keys: [key.jwk] }));
const { verify } = createVerifier({ issuer, fetch: fetchKeys, allowedOrigins: ["https://app.example:443/"] });

type Headers = Record<string, string>;

/** The same request in both shapes: they must be judged alike. */
function shapes(method: string, headers: Headers): IncomingRequest[] {
  const web = new Request("http://api.example:3000/posts", { method, headers });
  return [web, { method, headers: { host: "api.example:3000", ...headers } }];
}

async function judge(method: string, headers: Headers, by = verify): Promise<string> {
  const codes = await Promise.all(shapes(method, headers).map((request) => codeOf(by(request))));
  expect(new Set(codes).size).toBe(1);
  return codes[0] ?? "";
}

const cookie = `mayfly_access=${token}`;

test.each<[string, Headers, string]>([
  ["a bearer token", { authorization: `Bearer ${token}` }, ""],
  ["a scheme in other letters and more spaces", { authorization: `bEARER   ${token} ` }, ""],
  ["a cookie", { cookie }, ""],
  ["a cookie among others, in quotes", { cookie: `a=b; x; mayfly_access="${token}"; mayfly_accesses=c` }, ""],
  ["the same cookie twice", { cookie: `${cookie}; ${cookie}` }, ""],
  ["a good header and a bad cookie", { authorization: `Bearer ${token}`, cookie: "mayfly_access=x" }, ""],
  ["nothing", {}, "token_missing"],
  ["an empty cookie", { cookie: "mayfly_access=" }, "token_missing"],
  ["another cookie", { cookie: `__Host-mayfly_access=${token}` }, "token_missing"],
  ["an empty header, never the cookie then", { authorization: "", cookie }, "token_missing"],
  ["an empty token, never the cookie then", { authorization: "Bearer", cookie }, "token_missing"],
  ["another scheme, never the cookie then", { authorization: "Basic eDp5", cookie }, "token_missing"],
  ["a bad header, never the cookie then", { authorization: "Bearer x", cookie }, "token_invalid"],
  ["two tokens in one header", { authorization: `Bearer ${token} ${token}` }, "token_invalid"],
  ["two headers in one", { authorization: `Bearer ${token}, Bearer ${other}` }, "request_invalid"],
  ["two different cookies of one name", { cookie: `${cookie}; mayfly_access=${other}` }, "request_invalid"],
])("a request with %s", async (_, headers, code) => {
  expect(await judge("GET", headers)).toBe(code);
});

test.each<[string, string, Headers, string]>([
  ["a client that is no browser", "POST", {}, ""],
  ["a page of the same origin", "POST", { "sec-fetch-site": "same-origin", origin: "http://api.example:3000" }, ""],
  ["the person's own doing", "POST", { "sec-fetch-site": "none" }, ""],
  ["an allowed origin", "DELETE", { "sec-fetch-site": "cross-site", origin: "https://app.example" }, ""],
  ["an old browser on the same host", "PUT", { origin: "http://API.example:3000" }, ""],
  ["another site that only reads", "GET", { "sec-fetch-site": "cross-site" }, ""],
  ["another site", "POST", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }, "cross_origin_refused"],
  [
    "a sibling sub-domain",
    "POST",
    { "sec-fetch-site": "same-site", origin: "http://blog.example" },
    "cross_origin_refused",
  ],
  ["an unknown relation", "POST", { "sec-fetch-site": "same-origin, cross-site" }, "cross_origin_refused"],
  ["an old browser on another host", "PATCH", { origin: "http://evil.example" }, "cross_origin_refused"],
  ["a sandboxed frame", "POST", { origin: "null" }, "cross_origin_refused"],
  [
    "an origin that only begins as an allowed one",
    "POST",
    { origin: "https://app.example.evil" },
    "cross_origin_refused",
  ],
  ["another site's method of its own", "BREW", { "sec-fetch-site": "cross-site" }, "cross_origin_refused"],
])("with the cookie, %s", async (_, method, headers, code) => {
  expect(await judge(method, { cookie, ...headers })).toBe(code);
});

test("with the cookie another site opens no WebSocket; a bearer token is nobody's trap", async () => {
  const upgrade = { method: "GET", headers: { upgrade: "websocket", "sec-fetch-site": "cross-site" } };
  expect(await codeOf(verify({ ...upgrade, headers: { ...upgrade.headers, cookie } }))).toBe("cross_origin_refused");
  const bearer = { authorization: `Bearer ${token}`, "sec-fetch-site": "cross-site" };
  expect(await judge("POST", bearer)).toBe("");
});

test("only the bearer token counts where cookies are not wanted, and a cookie of another name where one is named", async () => {
  const bearerOnly = createVerifier({ issuer, fetch: fetchKeys, bearerOnly: true });
  expect(bearerOnly.cookie).toBeNull();
  expect(await judge("GET", { cookie }, bearerOnly.verify)).toBe("token_missing");
  const express = createVerifier({ issuer, fetch: fetchKeys, cookie: "accessToken" });
  expect(await judge("GET", { cookie: `accessToken=${token}` }, express.verify)).toBe("");
  expect(await judge("GET", { cookie }, express.verify)).toBe("token_missing");
});

test("two Authorization headers on the wire are refused, though Node shows only the first", async () => {
  const codes: string[] = [];
  const url = await listen(async (request, response) => {
    codes.push(await codeOf(verify(request)));
    response.end();
  });
  const ask = (headers: string[]) =>
    new Promise((answered, failed) => {
      const request = send(url, { headers: ["Host", new URL(url).host, ...headers] }, (response) => {
        response.resume().once("end", answered);
      });
      request.once("error", failed).end();
    });
  await ask(["Authorization", `Bearer ${token}`]);
  await ask(["Authorization", `Bearer ${token}`, "authorization", `Bearer ${other}`]);
  await ask(["Cookie", cookie, "Cookie", `mayfly_access=${other}`]);
  expect(codes).toEqual(["", "request_invalid", "request_invalid"]);
});
