import { afterEach, expect, test, vi } from "vitest";
import { createVerifier, VerifyError, verify } from "../../src/server.ts";
import { claimsOf, mint, pair } from "./issuer.ts";

const issuer = "http://localhost:8080";
const key = await pair("k");

afterEach(() => {
  vi.unstubAllEnvs();
});

async function refusal(request: Request, verifier = createVerifier({ issuer, fetch: keys })): Promise<VerifyError> {
  const error = await verifier.verify(request).catch((error) => error);
  expect(error).toBeInstanceOf(VerifyError);
  return error;
}

async function keys(): Promise<Response> {
  return new Response(JSON.stringify({ keys: [key.jwk] }));
}

function asking(headers: Record<string, string>, method = "GET"): Request {
  return new Request("http://localhost:3000/posts", { method, headers });
}

const bearer = (token: string) => asking({ authorization: `Bearer ${token}` });

test("a refusal is answered as problem+json with the challenge of RFC 6750, and kept by no cache", async () => {
  const now = Math.floor(Date.now() / 1000);
  const expired = await mint(key, { ...claimsOf(issuer), iat: now - 700, exp: now - 100 });
  const two = { cookie: "mayfly_access=a; mayfly_access=b" };
  const foreign = asking({ cookie: "mayfly_access=a", origin: "https://evil.example" }, "POST");
  for (const [request, status, code, challenge] of [
    [asking({}), 401, "token_missing", "Bearer"],
    [bearer("x"), 401, "token_invalid", 'Bearer error="invalid_token", error_description="invalid"'],
    [bearer(expired), 401, "token_expired", 'Bearer error="invalid_token", error_description="expired"'],
    [asking(two), 400, "request_invalid", 'Bearer error="invalid_request"'],
    [foreign, 403, "cross_origin_refused", null],
  ] as const) {
    const error = await refusal(request);
    expect(error).toMatchObject({ code, status });
    const answer = error.toResponse();
    expect(answer.status).toBe(status);
    expect(answer.headers.get("www-authenticate")).toBe(challenge);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.headers.get("cache-control")).toBe("private, no-store");
    expect(answer.headers.get("retry-after")).toBeNull();
    const { detail, fix } = error;
    expect(await answer.json()).toMatchObject({ type: `${issuer}/docs#${code}`, status, code, detail, fix });
  }
});

test("keys that can not be had are 503 with Retry-After, and the answer does not say where they were sought", async () => {
  const fetch = async () => {
    throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 10.0.0.7:8080") });
  };
  const token = await mint(key, claimsOf(issuer));
  const error = await refusal(bearer(token), createVerifier({ issuer, fetch }));
  expect(error.message).toContain("connect ECONNREFUSED 10.0.0.7:8080"); // for the log
  const answer = error.toResponse();
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(answer.headers.get("www-authenticate")).toBeNull();
  const body = await answer.text();
  expect(JSON.parse(body)).toMatchObject({ code: "unavailable" });
  expect(body).not.toContain("10.0.0.7");
});

test("a wrong issuer and a wrong audience are named, for they are nearly always a setting", async () => {
  const strange = await refusal(bearer(await mint(key, { ...claimsOf(issuer), iss: `${issuer}/` })));
  expect(strange).toMatchObject({ code: "token_invalid", detail: "The access token is from another issuer." });
  expect(strange.fix).toContain("`issuer`");
  const deaf = await refusal(bearer(await mint(key, { ...claimsOf(issuer), aud: "api" })));
  expect(deaf).toMatchObject({ code: "token_invalid", detail: "The access token was made for another audience." });
  expect(deaf.fix).toContain("`audience`");
});

test.each([
  [{ issuer: "auth.example.com" }, /issuer is "auth.example.com", which is not the address of a server: write it like/],
  [{ issuer: "" }, /issuer is "", which is not the address/],
  [{ issuer: "https://auth.example.com?x" }, /is not the address of a server/],
  [{ issuer: "https://me:pass@auth.example.com" }, /issuer has a user name or a password in it: leave that out/],
  [{ issuer: "http://auth.example.com" }, /over plain http anybody .* write https:\/\/, or set insecureHttp/],
  [{ issuer: "http://localhost.evil.example" }, /over plain http/],
  [{ issuer: "http://127.0.0.1.evil.example" }, /over plain http/],
  [{ issuer: "ftp://auth.example.com" }, /its scheme must be https/],
  [{ issuer, jwksUrl: "http://keys.example/" }, /jwksUrl is .* over plain http/],
  [{ issuer, sharedSecret: "short" }, /sharedSecret has 5 bytes, at least 32 are needed.*openssl rand/],
  [{ issuer, sharedSecret: undefined }, /sharedSecret is undefined: is the variable that you read it from set\?/],
  [{ issuer, allowedOrigins: ["https://app.example/path"] }, /an origin has no path, write https:\/\/app.example/],
  [{ issuer, leeway: -1 }, /leeway is -1/],
  [{ issuer, cacheSize: Number.NaN }, /cacheSize is NaN/],
])("options %j are refused at once, with the cause and the fix", (options, message) => {
  expect(() => createVerifier(options as Parameters<typeof createVerifier>[0])).toThrow(message);
  expect(() => createVerifier(options as Parameters<typeof createVerifier>[0])).not.toThrow(/pass@/);
});

test.each([
  "https://auth.example.com/auth",
  "http://127.0.0.1:1",
  "http://[::1]:1",
  "http://app.localhost:1",
  "http://LOCALHOST.",
])("the issuer %s is taken", (issuer) => {
  expect(createVerifier({ issuer }).issuer).toBe(issuer);
});

test("plain http is taken where it is asked for, or where no keys travel", () => {
  const far = "http://mayfly:8080";
  expect(createVerifier({ issuer: far, insecureHttp: true }).cookie).toBe("mayfly_access");
  expect(createVerifier({ issuer: far, sharedSecret: "a secret of no less than thirty-two bytes" }).issuer).toBe(far);
});

test("the issuer is MAYFLY_PUBLIC_URL, else the server's own default, and never guessed in production", () => {
  vi.stubEnv("MAYFLY_PUBLIC_URL", undefined);
  expect(createVerifier().issuer).toBe("http://localhost:8080");
  vi.stubEnv("NODE_ENV", "production");
  expect(() => createVerifier()).toThrow(/in production it is not guessed: set the variable MAYFLY_PUBLIC_URL/);
  vi.stubEnv("MAYFLY_PUBLIC_URL", "https://app.example/auth");
  expect(createVerifier()).toMatchObject({ issuer: "https://app.example/auth", cookie: "__Host-mayfly_access" });
});

test("verify() is made of the defaults when it is first called, and says what is missing until it can be", async () => {
  vi.stubEnv("MAYFLY_PUBLIC_URL", undefined);
  vi.stubEnv("NODE_ENV", "production");
  await expect(verify(asking({}))).rejects.toThrow(/set the variable MAYFLY_PUBLIC_URL/);
  vi.stubEnv("MAYFLY_PUBLIC_URL", "https://app.example/auth");
  await expect(verify(asking({}))).rejects.toMatchObject({ code: "token_missing" });
});
