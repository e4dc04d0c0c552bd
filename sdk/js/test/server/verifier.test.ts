import { execFileSync } from "node:child_process";
import { verify as verifySignature } from "jsonwebtoken";
import { expect, inject, test } from "vitest";
import { createVerifier, VerifyError } from "../../src/server.ts";
import type { SignedIn } from "../../src/wire.ts";
import { type Mayfly, person, startMayfly } from "../support/mayfly.ts";
import { codeOf } from "./issuer.ts";

async function signIn(mayfly: Mayfly): Promise<SignedIn & { access_token: string }> {
  const answer = await fetch(`${mayfly.url}/v1/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...person(), delivery: "body" }),
  });
  expect(answer.status).toBe(201);
  return answer.json();
}

const secret = "a secret of no less than thirty-two bytes";

test.each(["ES256", "EdDSA", "RS256", "PS256"])("a token of Mayfly signed with %s is believed", async (alg) => {
  const mayfly = await startMayfly({ signing_alg: alg });
  const { access_token, user, session } = await signIn(mayfly);
  const claims = await createVerifier({ issuer: mayfly.url }).verifyToken(access_token);
  expect(claims).toMatchObject({ sub: user.id, sid: session.id, iss: mayfly.url, email: user.email, roles: [] });
  expect(Object.isFrozen(claims) && Object.isFrozen(claims.roles)).toBe(true);
});

test("a token of Mayfly signed with HS256 is believed by who knows the secret, and asks for no keys", async () => {
  const mayfly = await startMayfly({ signing_alg: "HS256", access_token_secret: secret });
  const { access_token } = await signIn(mayfly);
  const fetch = () => expect.unreachable("there are no keys to fetch");
  const knows = createVerifier({ issuer: mayfly.url, sharedSecret: secret, fetch });
  expect(await knows.verifyToken(access_token)).toMatchObject({ iss: mayfly.url });
  const other = createVerifier({ issuer: mayfly.url, sharedSecret: `${secret}!`, fetch });
  expect(await codeOf(other.verifyToken(access_token))).toBe("token_invalid");
  expect(await codeOf(createVerifier({ issuer: mayfly.url }).verifyToken(access_token))).toBe("token_invalid");
});

test("the preset express is verified with its cookie and its claims, and the old jwt.verify agrees", async () => {
  const mayfly = await startMayfly({ preset: "express", access_token_secret: secret });
  const answer = await fetch(`${mayfly.url}/v1/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(person()),
  });
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0]);
  const access = cookies.find((cookie) => cookie?.startsWith("accessToken="));
  const { verify } = createVerifier({ issuer: mayfly.url, sharedSecret: secret, cookie: "accessToken" });
  const claims = await verify(new Request("http://localhost/", { headers: { cookie: cookies.join("; ") } }));
  expect(claims._id).toBe(claims.sub);
  expect(verifySignature(access?.slice("accessToken=".length) ?? "", secret)).toMatchObject({ _id: claims.sub });
});

test("a public URL with a path, an audience of its own and claims that were added are believed", async () => {
  const public_url = "https://app.example/auth";
  const mayfly = await startMayfly({ public_url, audience: "api", claims: "handle=username,plan=metadata.plan" });
  const listening = /127\.0\.0\.1:\d+/.exec(mayfly.log())?.[0];
  const jwksUrl = `http://${listening}/auth/.well-known/jwks.json`;
  const answer = await fetch(`http://${listening}/auth/v1/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...person(), username: "ada", delivery: "body" }),
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  const verifier = createVerifier({ issuer: public_url, audience: "api", jwksUrl });
  expect(verifier.cookie).toBe("__Host-mayfly_access");
  expect(await verifier.verifyToken(access_token)).toMatchObject({ aud: "api", handle: "ada" });

  const deaf = await createVerifier({ issuer: public_url, jwksUrl })
    .verifyToken(access_token)
    .catch((error) => error);
  expect(deaf).toBeInstanceOf(VerifyError);
  expect(deaf).toMatchObject({ code: "token_invalid", detail: "The access token was made for another audience." });
});

test("a token is believed until 30 seconds after it expires, a seen one no longer than another", async () => {
  const mayfly = await startMayfly({ access_ttl: "1m" });
  const { access_token } = await signIn(mayfly);
  let now = Date.now();
  const verifier = createVerifier({ issuer: mayfly.url, now: () => now });
  const { exp } = await verifier.verifyToken(access_token);
  for (const fresh of [verifier, createVerifier({ issuer: mayfly.url, now: () => now, cacheSize: 0 })]) {
    now = (exp + 30) * 1000 - 1;
    expect((await fresh.verifyToken(access_token)).exp).toBe(exp);
    now += 1;
    expect(await codeOf(fresh.verifyToken(access_token))).toBe("token_expired");
  }
});

const keyIdOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;

function key(mayfly: Mayfly, ...command: string[]): void {
  execFileSync(inject("mayfly"), ["key", ...command, "--data", mayfly.data], { cwd: mayfly.data });
}

test("Promise 19: ten rotations of the keys refuse nobody, neither old tokens nor new ones", async () => {
  const mayfly = await startMayfly();
  let now = Date.now();
  const verifier = createVerifier({ issuer: mayfly.url, now: () => now, cacheSize: 0 });
  const tokens: string[] = [];
  for (let i = 0; i < 10; i++) {
    tokens.push((await signIn(mayfly)).access_token);
    for (const token of tokens) expect(await codeOf(verifier.verifyToken(token))).toBe("");
    key(mayfly, "rotate");
    now += 30_000; // past the pause between two fetches, within the life of the tokens
  }
});

test("Promise 19: a revoked key is refused with the next key set, and tokens of the one after it are believed", async () => {
  const mayfly = await startMayfly();
  const verifier = createVerifier({ issuer: mayfly.url, refetchInterval: 0.001 });
  const old = (await signIn(mayfly)).access_token;
  expect(await codeOf(verifier.verifyToken(old))).toBe("");
  key(mayfly, "rotate");
  key(mayfly, "revoke", keyIdOf(old));
  let next = old;
  while (keyIdOf(next) === keyIdOf(old)) next = (await signIn(mayfly)).access_token;
  expect(await codeOf(verifier.verifyToken(next))).toBe("");
  expect(await codeOf(verifier.verifyToken(old))).toBe("token_invalid"); // although it was seen before
});
