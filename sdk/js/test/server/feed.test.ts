import type { RequestListener } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { createVerifier, VerifyError } from "../../src/server.ts";
import { current, type Feed, follow, revoked, startFeed } from "./feed.ts";
import { codeOf } from "./issuer.ts";

/** A guard against hanging; nothing is judged by it. */
const patient = { timeout: 30_000, interval: 20 };

/** keepAlive says every second that all is well, until the test is over. */
function keepAlive(feed: Feed): void {
  const timer = setInterval(() => feed.say(current(9)), 1_000);
  onTestFinished(() => clearInterval(timer));
}

test("Promise 10: a revoked session's tokens are refused, seen before or not, and others go on", async () => {
  const feed = await startFeed();
  const { token, verifyToken, feed: state } = follow(feed);
  const [ada, another, eve] = [await token("ada"), await token("ada"), await token("eve")];
  for (const good of [ada, ada, eve]) expect(await codeOf(verifyToken(good))).toBe("");
  feed.say(revoked(["ada"]));
  await expect.poll(() => codeOf(verifyToken(ada)), patient).toBe("token_revoked");
  for (let i = 0; i < 2; i++) {
    expect(await codeOf(verifyToken(ada))).toBe("token_revoked");
    expect(await codeOf(verifyToken(another))).toBe("token_revoked");
    expect(await codeOf(verifyToken(eve))).toBe("");
  }
  expect(state()).toMatchObject({ up: true, marks: 1, dropped: 0, lastError: null });
  const error = await verifyToken(ada).catch((error) => error);
  expect(error).toBeInstanceOf(VerifyError);
  expect(error).toMatchObject({ status: 401 });
  expect(error.headers["www-authenticate"]).toBe('Bearer error="invalid_token", error_description="revoked"');
});

test("Promise 10: the first token waits for what was revoked before, and twenty share one connection", async () => {
  const feed = await startFeed();
  feed.greeting = revoked(["eve"]);
  const { token, verifyToken, feed: state } = follow(feed);
  expect([state()?.since, feed.asked.length]).toEqual([null, 0]); // nothing is followed before it is needed
  const ada = await token("ada");
  let judged = 0;
  const verdicts = Array.from({ length: 20 }, () => codeOf(verifyToken(ada)).finally(() => judged++));
  await expect.poll(() => feed.open.size, patient).toBe(1);
  expect(await codeOf(verifyToken("garbage"))).toBe("token_invalid"); // which waits for nothing
  feed.say(revoked(["ada"]));
  expect(judged).toBe(0);
  feed.say(current(7));
  expect(new Set(await Promise.all(verdicts))).toEqual(new Set(["token_revoked"]));
  expect(feed.asked.length).toBe(1);
  expect(feed.asked[0]).toMatchObject({ accept: "text/event-stream", "accept-encoding": "identity" });
});

test("Promise 10: a feed that is down leaves tokens good and says so; what was revoked meanwhile is refused", async () => {
  const feed = await startFeed();
  const { token, verifyToken, feed: state, told, warnings } = follow(feed);
  const [ada, eve] = [await token("ada"), await token("eve")];
  expect(await codeOf(verifyToken(ada))).toBe("");
  expect(told).toMatchObject([{ up: true }]);
  feed.say(revoked(["ada"]));
  await expect.poll(() => codeOf(verifyToken(ada)), patient).toBe("token_revoked");
  feed.answer = (_request, response) => void response.writeHead(502).end();
  feed.end();
  await expect.poll(() => told, patient).toMatchObject([{}, { up: false }]);
  await expect.poll(() => state()?.lastError?.message, patient).toMatch(/\/v1\/revocations: status 502/);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/is down; access tokens of revoked sessions are good until they expire: GET http/);
  expect([await codeOf(verifyToken(eve)), await codeOf(verifyToken(ada))]).toEqual(["", "token_revoked"]);
  feed.greeting = revoked(["eve"]) + current(12);
  feed.answer = null;
  await expect.poll(() => told, patient).toMatchObject([{}, {}, { up: true, marks: 2 }]);
  expect(await codeOf(verifyToken(eve))).toBe("token_revoked");
  expect(feed.asked.at(-1)?.["last-event-id"]).toBe("7"); // after it, one revocation had come and no word that it is all
});

test("six seconds of silence are a feed that is down, although the line is kept warm", async () => {
  const feed = await startFeed();
  const { token, verifyToken, told } = follow(feed, { refuseWhenDown: true });
  const ada = await token("ada");
  expect(await codeOf(verifyToken(ada))).toBe("");
  const warm = setInterval(() => feed.say(": still here\n\n"), 500);
  onTestFinished(() => clearInterval(warm));
  feed.greeting = "";
  await expect.poll(() => told, patient).toMatchObject([{ up: true }, { up: false }]);
  expect(told[1]?.lastError?.message).toContain("silent for too long");
  const error = await verifyToken(ada).catch((error) => error);
  expect(error).toMatchObject({ code: "unavailable", status: 503, retryAfter: 1 });
  expect(error.message).toContain("silent for too long");
  keepAlive(feed);
  await expect.poll(() => codeOf(verifyToken(ada)), patient).toBe("");
});

test("a mark is forgotten by the monotonic clock: a wall clock that jumps neither keeps it nor forgets it", async () => {
  const feed = await startFeed();
  let jump = 0;
  const { token, verifyToken } = follow(feed, {}, { now: () => Date.now() + jump });
  const [ada, eve] = [await token("ada"), await token("eve")];
  feed.greeting = revoked(["ada"], 8) + revoked(["eve"], 3_600) + current(1);
  expect(await codeOf(verifyToken(ada))).toBe("token_revoked");
  jump = 5 * 3_600_000;
  expect(await codeOf(verifyToken(eve))).toBe("token_revoked");
  jump = -20_000;
  keepAlive(feed);
  await expect.poll(() => codeOf(verifyToken(ada)), patient).toBe("");
  expect(await codeOf(verifyToken(eve))).toBe("token_revoked");
});

const stream =
  (text: string): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write(text);
  };

test.each<[string, RequestListener, string]>([
  ["not found", (_, response) => void response.writeHead(404).end(), "new enough"],
  ["no content", (_, response) => void response.writeHead(204).end(), "status 204"],
  ["a redirect", (_, response) => void response.writeHead(302, { location: "/x" }).end(), "revocations.url"],
  ["a page with 200", (_, response) => void response.setHeader("content-type", "text/html").end("<p>"), "text/html"],
  ["no type", (_, response) => void response.end("x"), 'of type ""'],
  [
    "compressed",
    (_, response) =>
      void response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" }).end(),
    "gzip",
  ],
  ["an endless line", stream("a".repeat(70_000)), "longer than"],
  ["an event unread", stream('event: revoked\ndata: {"sessions":["short"],"expires_in":1}\n\n'), "can not be read"],
  ["an event that is no JSON", stream("event: revoked\ndata: {\n\n"), "can not be read"],
  ["an early end", (_, response) => void response.setHeader("content-type", "text/event-stream").end(), "has ended"],
  ["a broken line", (request) => void request.socket.destroy(), "GET "],
])("what is no feed is not taken for one: %s", async (_, answer, want) => {
  const feed = await startFeed();
  feed.answer = answer;
  const trusting = follow(feed);
  const strict = follow(feed, { refuseWhenDown: true });
  const ada = await trusting.token("ada");
  expect(await codeOf(trusting.verifyToken(ada))).toBe("");
  expect(await codeOf(strict.verifyToken(ada))).toBe("unavailable");
  await expect.poll(() => feed.asked.length, patient).toBeGreaterThan(3); // it goes on trying
  expect(trusting.told).toMatchObject([{ up: false }]);
  expect(trusting.feed()?.lastError?.message).toContain(want);
  keepAlive(feed);
  feed.answer = null;
  await expect.poll(() => codeOf(strict.verifyToken(ada)), patient).toBe("");
});

test("a fetch that never answers and ignores its signal holds nobody for ever", async () => {
  const feed = await startFeed();
  const deaf: typeof fetch = (input, init) =>
    String(input).endsWith("/v1/revocations") ? new Promise(() => {}) : fetch(input, init);
  const verifier = createVerifier({ issuer: feed.url, revocations: true, fetch: deaf, warn: () => {} });
  onTestFinished(verifier.close);
  const ada = await follow(feed).token("ada");
  expect(await codeOf(verifier.verifyToken(ada))).toBe("");
  await expect.poll(() => verifier.feed()?.lastError?.message, patient).toContain("silent for too long");
});

test("more revocations than may be remembered are counted and told, and an onChange that throws does no harm", async () => {
  const feed = await startFeed();
  const told: number[] = [];
  const {
    token,
    verifyToken,
    warnings,
    feed: state,
  } = follow(feed, {
    maxMarks: 32,
    onChange: ({ dropped }) => {
      told.push(dropped);
      throw new Error("of the app");
    },
  });
  feed.greeting = revoked(Array.from({ length: 40 }, (_, n) => `s${n}`)) + current(1);
  expect(await codeOf(verifyToken(await token("s39")))).toBe("token_revoked");
  expect(await codeOf(verifyToken(await token("s0")))).toBe("");
  expect(state()).toMatchObject({ up: true, marks: 32, dropped: 8 });
  expect(told).toEqual([8, 8]);
  expect(warnings.join("\n")).toMatch(/raise revocations.maxMarks(.|\n)*onChange threw: of the app/);
});

test("close() ends the connection, whenever it comes, and lets whoever waits go on", async () => {
  const feed = await startFeed();
  const early = follow(feed);
  early.close();
  const ada = await early.token("ada");
  expect(await codeOf(early.verifyToken(ada))).toBe("");
  expect(feed.asked.length).toBe(0);

  const late = follow(feed, { refuseWhenDown: true });
  expect(await codeOf(late.verifyToken(ada))).toBe("");
  late.close();
  late.close();
  await expect.poll(() => feed.open.size, patient).toBe(0);
  expect(late.feed()).toMatchObject({ up: false });
  expect(late.warnings).toEqual([]);
  expect(await codeOf(late.verifyToken(ada))).toBe("unavailable");

  feed.greeting = "";
  const waiting = follow(feed);
  const verdict = codeOf(waiting.verifyToken(ada));
  await expect.poll(() => feed.open.size, patient).toBe(1);
  waiting.close();
  expect(await verdict).toBe("");
});

test("two verifiers follow each for itself", async () => {
  const feed = await startFeed();
  const [one, two] = [follow(feed), follow(feed)];
  const ada = await one.token("ada");
  await one.verifyToken(ada);
  await two.verifyToken(ada);
  expect(feed.open.size).toBe(2);
  one.close();
  await expect.poll(() => feed.open.size, patient).toBe(1);
  feed.say(revoked(["ada"]));
  await expect.poll(() => codeOf(two.verifyToken(ada)), patient).toBe("token_revoked");
  expect(await codeOf(one.verifyToken(ada))).toBe("");
});

test.each([
  ["plain http", { revocations: { url: "http://auth.example.com/v1/revocations" } }, "revocations.url"],
  ["no number", { revocations: { maxMarks: -1 } }, "revocations.maxMarks"],
  ["a long leeway", { revocations: true, leeway: 61 }, "leeway"],
])("wrong options name the fix: %s", (_, options, want) => {
  expect(() => createVerifier({ issuer: "https://auth.example.com", ...options })).toThrow(want);
});

test("without the option nothing is followed", async () => {
  const feed = await startFeed();
  const verifier = createVerifier({ issuer: feed.url });
  expect(await codeOf(verifier.verifyToken(await follow(feed).token("ada")))).toBe("");
  expect([verifier.feed(), feed.asked.length]).toEqual([null, 0]);
  verifier.close();
});
