import { createHmac, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { createVerifier } from "../../src/server.ts";
import { claimsOf, codeOf, type Issuer, mint, pair, startIssuer } from "./issuer.ts";

/** A verifier whose clock the test moves. */
function verifierOf(issuer: Issuer, options: Parameters<typeof createVerifier>[0] = {}) {
  const clock = { now: 1_800_000_000_000 };
  const warnings: string[] = [];
  const verifier = createVerifier({
    issuer: issuer.url,
    now: () => clock.now,
    warn: (message) => warnings.push(message),
    ...options,
  });
  const good = (key: Parameters<typeof mint>[0]) => mint(key, claimsOf(issuer.url, Math.floor(clock.now / 1000)));
  return { ...verifier, clock, warnings, good };
}

const minute = 60_000;

/** A guard against hanging; nothing is judged by it. */
const patient = { timeout: 30_000 };

test("Promise 19: 10,000 random kids cause one fetch an interval at most", async () => {
  const key = await pair("a");
  const issuer = await startIssuer(key);
  const { verifyToken, clock, good } = verifierOf(issuer);
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
  expect(issuer.asked).toBe(1);
  const body = Buffer.from(JSON.stringify(claimsOf(issuer.url))).toString("base64url");
  let intervals = 0;
  for (let i = 0; i < 10_000; i += 500) {
    const stranger = () => {
      const header = Buffer.from(`{"alg":"ES256","typ":"at+jwt","kid":"${randomUUID()}"}`).toString("base64url");
      return verifyToken(`${header}.${body}.${createHmac("sha512", "x").update(header).digest("base64url")}`);
    };
    const codes = await Promise.all(Array.from({ length: 500 }, () => codeOf(stranger())));
    expect(new Set(codes)).toEqual(new Set(["token_invalid"]));
    clock.now += 2_500; // four rounds an interval of 10 seconds
    intervals = (i / 500 + 1) / 4;
    expect(issuer.asked - 1).toBeLessThanOrEqual(Math.ceil(intervals));
  }
  expect(intervals).toBe(5);
  expect(issuer.asked).toBeGreaterThan(3); // or the bound would bound nothing
});

test("a key that is new to the verifier is fetched at its first token", async () => {
  const [old, next] = [await pair("a"), await pair("b")];
  const issuer = await startIssuer(old);
  const { verifyToken, clock, good } = verifierOf(issuer);
  expect(await codeOf(verifyToken(await good(old)))).toBe("");
  issuer.publish(old, next);
  clock.now += 10_000;
  expect(await codeOf(verifyToken(await good(next)))).toBe("");
  expect(issuer.asked).toBe(2);
});

test("a hundred requests at the start make one fetch", async () => {
  const key = await pair("a");
  const issuer = await startIssuer(key);
  const { verifyToken, good } = verifierOf(issuer);
  const token = await good(key);
  await Promise.all(Array.from({ length: 100 }, () => verifyToken(token)));
  expect(issuer.asked).toBe(1);
});

test.each([
  ["max-age=1", 1],
  ["max-age=600", 10],
  ["public, max-age=86400", 60],
  ["no-store", 1],
  ["max-age=soon", 5],
  ["", 5],
])("keys with Cache-Control %j are asked for again after %i minutes, in the background", async (control, minutes) => {
  const key = await pair("a");
  const issuer = await startIssuer(key);
  issuer.answer.headers = { "cache-control": control };
  const { verifyToken, clock, good } = verifierOf(issuer);
  const begun = clock.now;
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
  clock.now = begun + minutes * minute - 1;
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
  expect(issuer.asked).toBe(1);
  clock.now += 1;
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
  await expect.poll(() => issuer.asked, patient).toBe(2);
});

test("Age is taken off the life of the keys", async () => {
  const key = await pair("a");
  const issuer = await startIssuer(key);
  issuer.answer.headers = { "cache-control": "max-age=600", age: "480" };
  const { verifyToken, clock, good } = verifierOf(issuer);
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
  clock.now += 2 * minute;
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
  await expect.poll(() => issuer.asked, patient).toBe(2);
});

test("while the issuer is down old keys stay in use for a day, with a warning, and then the answer is unavailable", async () => {
  const key = await pair("a");
  const issuer = await startIssuer(key);
  const { verifyToken, clock, good, warnings } = verifierOf(issuer);
  const begun = clock.now;
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
  issuer.answer.status = 500;
  clock.now = begun + 6 * minute;
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
  await expect.poll(() => warnings, patient).toHaveLength(1);
  expect(warnings[0]).toMatch(/the old ones stay in use for now: GET .*: status 500/);
  clock.now = begun + 24 * 60 * minute - 1;
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
  clock.now += 1;
  const error = await verifyToken(await good(key)).catch((error) => error);
  expect(error).toMatchObject({ code: "unavailable", status: 503 });
});

test("with the issuer down a key that is not known is unavailable, never invalid", async () => {
  const [key, next] = [await pair("a"), await pair("b")];
  const issuer = await startIssuer(key);
  const { verifyToken, clock, good } = verifierOf(issuer);
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
  issuer.answer.status = 503;
  clock.now += 10_000;
  expect(await codeOf(verifyToken(await good(next)))).toBe("unavailable");
});

test("a withdrawn key is refused after twice the life of the keys at the latest, though its token was seen", async () => {
  const [key, next] = [await pair("a"), await pair("b")];
  const issuer = await startIssuer(key);
  const { verifyToken, clock, good } = verifierOf(issuer);
  const token = await good(key);
  expect(await codeOf(verifyToken(token))).toBe("");
  issuer.publish(next);
  clock.now += 10 * minute;
  expect(await codeOf(verifyToken(token))).toBe("token_invalid");
});

test("a token of a key that is gone is refused as soon as another key set is known, though it was seen", async () => {
  const [key, next] = [await pair("a"), await pair("b")];
  const issuer = await startIssuer(key);
  const { verifyToken, clock, good } = verifierOf(issuer);
  const token = await good(key);
  expect(await codeOf(verifyToken(token))).toBe("");
  issuer.publish(next);
  clock.now += 10_000;
  expect(await codeOf(verifyToken(token))).toBe(""); // nobody has asked yet
  expect(await codeOf(verifyToken(await good(next)))).toBe("");
  expect(await codeOf(verifyToken(token))).toBe("token_invalid");
});

test("while the issuer is down nobody waits for it: what was seen stays seen", async () => {
  const key = await pair("a");
  const issuer = await startIssuer(key);
  const { verifyToken, clock, warnings } = verifierOf(issuer);
  const begun = clock.now;
  const token = await mint(key, { ...claimsOf(issuer.url, begun / 1000), exp: begun / 1000 + 3_600 });
  const first = await verifyToken(token);
  issuer.answer.status = 500;
  clock.now = begun + 6 * minute;
  await verifyToken(token);
  await expect.poll(() => warnings, patient).toHaveLength(1);
  clock.now = begun + 30 * minute;
  expect(await verifyToken(token)).toBe(first); // the very object
});

test("the same keys again leave what was seen as it is, and no signature is checked twice", async () => {
  const key = await pair("a");
  const issuer = await startIssuer(key);
  const { verifyToken, clock, good } = verifierOf(issuer);
  const token = await good(key);
  const first = await verifyToken(token);
  clock.now += 5 * minute;
  await verifyToken(token);
  await expect.poll(() => issuer.asked, patient).toBe(2);
  expect(await verifyToken(token)).toBe(first); // the very object
  const other = `${token.slice(0, -1)}${token.endsWith("A") ? "Q" : "A"}`;
  expect(await codeOf(verifyToken(other))).toBe("token_invalid");
});

test("the cache holds no more tokens than it may, and none without a place", async () => {
  const key = await pair("a");
  const issuer = await startIssuer(key);
  const small = verifierOf(issuer, { cacheSize: 2 });
  const tokens = [await small.good(key), await small.good(key), await small.good(key)] as const;
  const claims = [];
  for (const token of tokens) claims.push(await small.verifyToken(token));
  expect(await small.verifyToken(tokens[2])).toBe(claims[2]);
  expect(await small.verifyToken(tokens[1])).toBe(claims[1]);
  expect(await small.verifyToken(tokens[0])).not.toBe(claims[0]); // it gave way, and is verified anew
  const none = verifierOf(issuer, { cacheSize: 0 });
  expect(await none.verifyToken(tokens[0])).not.toBe(await none.verifyToken(tokens[0]));
});

test("a clock that is set back has a token verified again, and the keys asked for", async () => {
  const key = await pair("a");
  const issuer = await startIssuer(key);
  const { verifyToken, clock, good } = verifierOf(issuer);
  const token = await good(key);
  const first = await verifyToken(token);
  clock.now -= 20_000;
  expect(await verifyToken(token)).not.toBe(first);
  await expect.poll(() => issuer.asked, patient).toBe(2);
});

test.each([
  ["a redirect", 302, { location: "/keys" }, "", /redirects, which is refused: set jwksUrl/],
  ["an error", 404, {}, "", /status 404/],
  ["HTML", 200, {}, "<!doctype html>", /is this the address of a key set\?/],
  ["another object", 200, {}, "{}", /a list named keys/],
  ["a member twice", 200, {}, '{"keys":[],"keys":[]}', /same member twice/],
  ["a private key", 200, {}, '{"keys":[{"kty":"EC","d":"AA"}]}', /private part/],
  ["a secret", 200, {}, '{"keys":[{"kty":"oct","k":"AA"}]}', /private part/],
  ["too much", 200, {}, `{"keys":[],"x":"${"x".repeat(256 * 1024)}"}`, /longer than 262144 bytes/],
])(
  "%s in the place of the keys is unavailable, with the reason for a log",
  async (_, status, headers, body, reason) => {
    const key = await pair("a");
    const issuer = await startIssuer(key);
    Object.assign(issuer.answer, { status, headers, body });
    const { verifyToken, good } = verifierOf(issuer);
    const error = await verifyToken(await good(key)).catch((error) => error);
    expect(error).toMatchObject({ code: "unavailable", retryAfter: 1, message: expect.stringMatching(reason) });
  },
);

test("two keys under one kid are refused as a set, keys of unknown kinds are skipped", async () => {
  const [key, twin] = [await pair("a"), await pair("a")];
  const issuer = await startIssuer(key, twin);
  const { verifyToken, good, clock } = verifierOf(issuer);
  expect(await codeOf(verifyToken(await good(key)))).toBe("unavailable");
  const odd = [
    { kty: "EC", crv: "P-384", x: "AA", y: "AA", kid: "b" },
    { kty: "XYZ", kid: "c" },
    { ...key.jwk, kid: "d", use: "enc" },
    { ...key.jwk, kid: "e", key_ops: ["sign"] },
    { ...key.jwk, kid: "f", alg: "RS256" },
    { ...key.jwk, kid: "g", x: key.jwk.y, y: key.jwk.x }, // no point of the curve
    "no key",
  ];
  issuer.answer.body = JSON.stringify({ keys: [...odd, key.jwk] });
  clock.now += 1_000;
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
  for (const id of ["b", "c", "d", "e", "f", "g"]) {
    expect(await codeOf(verifyToken(await good({ ...key, id })))).toBe("token_invalid");
  }
});

test("a long key set is read", async () => {
  const key = await pair("a");
  const issuer = await startIssuer(key);
  issuer.answer.body = JSON.stringify({ note: `\n${"x".repeat(200_000)}`, keys: [key.jwk] });
  const { verifyToken, good } = verifierOf(issuer);
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
});

test("an RSA key without alg is not used, for two algorithms fit it", async () => {
  const key = await pair("a", "RS256");
  const issuer = await startIssuer(key);
  const { alg: _, ...nameless } = key.jwk;
  issuer.answer.body = JSON.stringify({ keys: [nameless] });
  const { verifyToken, good } = verifierOf(issuer);
  expect(await codeOf(verifyToken(await good(key)))).toBe("token_invalid");
});

test.each([
  [2048, ""],
  [1024, "token_invalid"], // RFC 7518 section 3.3
])("a token signed with an RSA key of %i bits is answered with %j", async (modulusLength, code) => {
  const issuer = await startIssuer();
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "a", alg: "RS256" };
  issuer.answer.body = JSON.stringify({ keys: [jwk] });
  const { verifyToken, clock } = verifierOf(issuer);
  const claims = claimsOf(issuer.url, Math.floor(clock.now / 1000));
  const input = [{ alg: "RS256", kid: "a", typ: "at+jwt" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = createSign("sha256").update(input).sign(privateKey, "base64url");
  expect(await codeOf(verifyToken(`${input}.${signature}`))).toBe(code);
});

test("a fetch that never answers and ignores its signal is given up, and the next request asks anew", async () => {
  const key = await pair("a");
  const issuer = await startIssuer(key);
  let asked = 0;
  const deaf: typeof fetch = (...request) => {
    asked += 1;
    return asked === 1 ? new Promise(() => {}) : fetch(...request);
  };
  const { verifyToken, good, clock } = verifierOf(issuer, { fetch: deaf });
  const error = await verifyToken(await good(key)).catch((error) => error);
  expect(error).toMatchObject({ code: "unavailable", message: expect.stringContaining("no answer within 5 seconds") });
  clock.now += 1_000;
  expect(await codeOf(verifyToken(await good(key)))).toBe("");
});
