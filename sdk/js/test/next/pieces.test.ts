import { expect, test } from "vitest";
import { setCookies, valuesOf, withCookies } from "../../src/next/cookies.ts";
import { lifetimeOf } from "../../src/next/lifetime.ts";
import { settingsOf } from "../../src/next/settings.ts";

const token = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;

test.each([
  ["ten minutes: the last minute", { iat: 0, exp: 600 }, 100, { left: 500, lead: 60 }],
  ["five seconds: the last one", { iat: 100, exp: 105 }, 101, { left: 4, lead: 1 }],
  ["a dead one", { iat: 100, exp: 105 }, 106, { left: 0, lead: 1 }],
  ["one that ends before it begins", { iat: 105, exp: 100 }, 90, { left: 0, lead: 0 }],
  ["one without dates", { sub: "ada" }, 100, { left: 0, lead: 0 }],
  ["one with a date that is a text", { iat: 0, exp: "never" }, 100, { left: 0, lead: 0 }],
])("the lead of %s", (_, claims, now, lifetime) => {
  expect(lifetimeOf(token({ ...claims, name: "Zoë ✓" }), now)).toEqual(lifetime);
});

test.each([undefined, "", "garbage", "a.b.c", "..", `e30.${btoa("null")}.x`])(
  "%j is no token and has no life",
  (text) => {
    expect(lifetimeOf(text)).toEqual({ left: 0, lead: 0 });
  },
);

test("cookies of other names pass through a change as they are", () => {
  const header = 'a=1; mayfly_access=old; b="x=y"; mayfly_access=older; c=';
  const changes = new Map([
    ["mayfly_access", "new"],
    ["mayfly_refresh", null],
  ]);
  expect(withCookies(header, changes)).toBe('a=1; b="x=y"; c=; mayfly_access=new');
  expect(valuesOf(header, "mayfly_access")).toEqual(["old", "older"]);
  expect(withCookies("", new Map([["a", null]]))).toBe("");
});

test("only cookies of the given names are read from an answer, and a deletion is known as one", () => {
  const headers = new Headers();
  for (const line of ["a=1; Path=/; Max-Age=60", "b=; Path=/; max-age=0", "c=3", "nonsense"])
    headers.append("set-cookie", line);
  expect(setCookies(new Response(null, { headers }), ["a", "b"])).toEqual([
    { name: "a", value: "1", line: "a=1; Path=/; Max-Age=60" },
    { name: "b", value: null, line: "b=; Path=/; max-age=0" },
  ]);
});

test("the names of the cookies and the places follow from the issuer", () => {
  expect(settingsOf({ issuer: "https://app.example/auth/", target: "http://localhost:8080" })()).toMatchObject({
    base: "http://localhost:8080/auth",
    path: "/auth",
    names: { access: "__Host-mayfly_access", refresh: "__Host-mayfly_refresh", hint: "mayfly_signed_in" },
    verifier: { issuer: "https://app.example/auth/", jwksUrl: "http://localhost:8080/auth/.well-known/jwks.json" },
  });
  const express = { access: "accessToken", refresh: "refreshToken" };
  expect(settingsOf({ issuer: "http://localhost:8080", cookies: express })()).toMatchObject({
    base: "http://localhost:8080",
    path: "",
    names: express,
  });
});
