import { describe, expect, test } from "vitest";
import { read } from "../../src/client/exchange.ts";
import { type AuthError, isAuthError } from "../../src/index.ts";

const ended = { code: "refresh_reused", detail: "Copied.", fix: "Sign in.", request_id: "R1", session_ended: true };
const problem = (body: object, status: number, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/problem+json", ...headers } });

async function failed(answer: Response): Promise<AuthError> {
  const error = await read(answer).catch((e: unknown) => e);
  if (!isAuthError(error)) throw new Error(`not refused: ${JSON.stringify(error)}`);
  return error;
}

test("a good answer is what it says, and no content is nothing", async () => {
  expect(await read(new Response('{"a":1}'))).toEqual({ a: 1 });
  expect(await read(new Response(null, { status: 204 }))).toBeUndefined();
});

test("a problem keeps its code, cause, fix and request id", async () => {
  const error = await failed(problem(ended, 401));
  expect(error).toMatchObject({
    code: "refresh_reused",
    status: 401,
    fix: "Sign in.",
    requestId: "R1",
    sessionEnded: true,
  });
  expect(error.message).toBe("Copied.");
});

test("every bad field is told at once", async () => {
  const errors = [
    { field: "email", detail: "No @." },
    { field: "password", detail: "Missing." },
  ];
  expect(await failed(problem({ code: "request_invalid", detail: "Two faults.", errors }, 422))).toMatchObject({
    fields: errors,
  });
});

test("Retry-After is kept in seconds, and nonsense is none", async () => {
  const busy = { code: "too_many_attempts", detail: "Wait." };
  expect(await failed(problem(busy, 429, { "retry-after": "7" }))).toMatchObject({ retryAfter: 7 });
  expect(await failed(problem(busy, 429, { "retry-after": "soon" }))).toMatchObject({ retryAfter: 0 });
});

describe("only a 401 of Mayfly that says so ends a session", () => {
  const others: [string, Response][] = [
    ["session_ended on a 500", problem(ended, 500)],
    ["session_ended on a 403", problem(ended, 403)],
    ["session_ended that is not true", problem({ ...ended, session_ended: "true" }, 401)],
    ["a 401 without it", problem({ code: "refresh_missing", detail: "None." }, 401)],
    ["a 401 of somebody else", problem({ session_ended: true, error: "login required" }, 401)],
    ["a firewall's page", new Response("<html>Blocked</html>", { status: 403 })],
    ["a captive portal's 200", new Response("<html>Welcome to the Wi-Fi</html>")],
    ["an empty 401", new Response("", { status: 401 })],
    ["null", new Response("null", { status: 401 })],
  ];
  test.each(others)("%s", async (_, answer) => {
    expect((await failed(answer)).sessionEnded).toBe(false);
  });
});
