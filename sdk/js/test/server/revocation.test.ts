import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import express from "express";
import { expect, inject, onTestFinished, test } from "vitest";
import { createVerifier, type FeedState, requireAuth, type Verifier } from "../../src/express.ts";
import type { RevocationOptions } from "../../src/server/revocations.ts";
import type { SignedIn } from "../../src/wire.ts";
import { type Mayfly, person, startMayfly } from "../support/mayfly.ts";
import { started } from "./issuer.ts";

/** A guard against hanging; nothing is judged by it. */
const patient = { timeout: 30_000, interval: 20 };

interface Device extends SignedIn {
  access_token: string;
  refresh_token: string;
}

async function call(mayfly: Mayfly, method: string, path: string, token: string, body?: object): Promise<Response> {
  const answer = await fetch(`${mayfly.url}${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
  return answer;
}

/** Two devices of a new person. */
async function devices(mayfly: Mayfly) {
  const { email, password, name } = person();
  const signIn = { identifier: email, password, delivery: "body" };
  const other = await call(mayfly, "POST", "/v1/register", "", { email, password, name, delivery: "body" });
  const victim = await call(mayfly, "POST", "/v1/login", "", signIn);
  return { email, password, other: (await other.json()) as Device, victim: (await victim.json()) as Device };
}

/** An Express app that follows the feed. */
async function startApp(mayfly: Mayfly, options: RevocationOptions = {}) {
  const told: FeedState[] = [];
  const revocations = { onChange: (state: FeedState) => told.push(state), ...options };
  const verifier: Verifier = createVerifier({ issuer: mayfly.url, revocations, warn: () => {} });
  onTestFinished(verifier.close);
  const app = express();
  app.get("/posts", requireAuth(verifier), (req, res) => void res.json({ sub: req.auth?.sub }));
  const server = createServer(app);
  await started(server);
  const { port } = server.address() as { port: number };
  /** What a token is answered: the status, and the code where it is refused. */
  const ask = async ({ access_token }: Device): Promise<string> => {
    const headers = { authorization: `Bearer ${access_token}` };
    const answer = await fetch(`http://127.0.0.1:${port}/posts`, { headers });
    const { code = "" } = (await answer.json()) as { code?: string };
    return `${answer.status} ${code}`.trim();
  };
  return { ask, told, feed: verifier.feed };
}

const good = "200";
const ended = "401 token_revoked";

function command(mayfly: Mayfly, ...words: string[]): void {
  execFileSync(inject("mayfly"), [...words, "--data", mayfly.data, "--public-url", mayfly.url], { cwd: mayfly.data });
}

test("Promise 10: however a session ends, Express refuses its access token, and those of others go on", async () => {
  const mayfly = await startMayfly();
  const { ask, feed } = await startApp(mayfly);
  const witness = (await devices(mayfly)).victim;
  type Devices = Awaited<ReturnType<typeof devices>>;
  const ways: [string, (of: Devices) => Promise<unknown> | undefined][] = [
    ["signed out", ({ victim: { refresh_token } }) => call(mayfly, "POST", "/v1/logout", "", { refresh_token })],
    ["signed out everywhere", ({ other }) => call(mayfly, "POST", "/v1/logout?scope=all", other.access_token)],
    [
      "ended in the list of devices",
      ({ victim, other }) => call(mayfly, "DELETE", `/v1/sessions/${victim.session.id}`, other.access_token),
    ],
    [
      "a new password",
      ({ password, other }) =>
        call(mayfly, "POST", "/v1/me/password", other.access_token, {
          current_password: password,
          new_password: "seven loud mountains sing",
        }),
    ],
    ["ended by an administrator", ({ email }) => void command(mayfly, "session", "revoke", email, "--all")],
    ["the account disabled", ({ email }) => void command(mayfly, "user", "disable", email)],
  ];
  for (const [way, end] of ways) {
    const of = await devices(mayfly);
    expect(await ask(of.victim), `before: ${way}`).toBe(good);
    await end(of);
    await expect.poll(() => ask(of.victim), { ...patient, message: way }).toBe(ended);
    expect(await ask(witness), `somebody else, after: ${way}`).toBe(good);
    const late = await startApp(mayfly); // whoever starts now has to hear of it as well
    expect(await late.ask(of.victim), `a server that starts after: ${way}`).toBe(ended);
  }
  expect(feed()).toMatchObject({ up: true, lastError: null, dropped: 0 });
});

test("Promise 10: while Mayfly is down tokens are good until they expire, or refused by option, and that is told", async () => {
  const mayfly = await startMayfly();
  const trusting = await startApp(mayfly);
  const strict = await startApp(mayfly, { refuseWhenDown: true });
  const [known, unheard, witness] = [await devices(mayfly), await devices(mayfly), await devices(mayfly)];
  for (const { ask, told } of [trusting, strict]) {
    for (const { victim } of [known, unheard, witness]) expect(await ask(victim)).toBe(good);
    expect(told).toMatchObject([{ up: true }]);
  }
  await call(mayfly, "POST", "/v1/logout", known.victim.access_token);
  for (const { ask } of [trusting, strict]) await expect.poll(() => ask(known.victim), patient).toBe(ended);

  await mayfly.stop();
  command(mayfly, "session", "revoke", unheard.email, "--all");
  for (const { ask, told } of [trusting, strict]) {
    await expect.poll(() => told, patient).toMatchObject([{ up: true }, { up: false, marks: 1 }]);
    expect(await ask(known.victim)).toBe(ended);
  }
  expect(await trusting.ask(unheard.victim)).toBe(good);
  expect(await strict.ask(witness.victim)).toBe("503 unavailable");

  await mayfly.start();
  for (const { ask, told } of [trusting, strict]) {
    await expect.poll(() => told, patient).toMatchObject([{}, {}, { up: true }]);
    expect([await ask(known.victim), await ask(unheard.victim), await ask(witness.victim)]).toEqual([
      ended,
      ended,
      good,
    ]);
  }
});

test("Promise 10: with a shared secret the feed is followed as well", async () => {
  const secret = "a secret of no less than thirty-two bytes";
  const mayfly = await startMayfly({ signing_alg: "HS256", access_token_secret: secret });
  const verifier = createVerifier({ issuer: mayfly.url, sharedSecret: secret, revocations: true });
  onTestFinished(verifier.close);
  const { victim } = await devices(mayfly);
  expect(await verifier.verifyToken(victim.access_token)).toMatchObject({ sid: victim.session.id });
  await call(mayfly, "POST", "/v1/logout", victim.access_token);
  const code = () => verifier.verifyToken(victim.access_token).then(String, (error: { code: string }) => error.code);
  await expect.poll(code, patient).toBe("token_revoked");
});
