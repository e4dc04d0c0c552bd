import { type AuthError, failure, isAuthError } from "../errors.ts";
import type { Problem } from "../wire.ts";

/** Sends one request to Mayfly and reads its answer. It judges what an answer is, never what follows from it. */
export class Exchange {
  readonly #base: string;
  readonly #send: typeof fetch;
  readonly #credentials: RequestCredentials;

  constructor(base: string, send: typeof fetch, credentials: RequestCredentials) {
    this.#base = base;
    this.#send = send;
    this.#credentials = credentials;
  }

  /** Rejects with an AuthError, or with the reason of the signal. */
  async post(path: string, body: object | undefined, seconds: number, signal: AbortSignal): Promise<unknown> {
    const stop = new AbortController();
    const abort = () => stop.abort(signal.reason);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    const timer = setTimeout(
      () => stop.abort(failure("timeout", "The server did not answer in time.")),
      seconds * 1000,
    );
    try {
      const answer = await this.#send(this.#base + path, {
        method: "POST",
        headers: { accept: "application/json", ...(body && { "content-type": "application/json" }) },
        ...(body && { body: JSON.stringify(body) }),
        credentials: this.#credentials,
        cache: "no-store",
        redirect: "error", // a token in a body must not follow one
        signal: stop.signal,
      });
      return await read(answer);
    } catch (e) {
      if (stop.signal.aborted) throw stop.signal.reason;
      throw isAuthError(e) ? e : unreachable(this.#base, e);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }
}

/** A browser hides why a request failed: an origin that Mayfly does not let in looks like a dead network. */
export function unreachable(base: string, cause: unknown): AuthError {
  const here = globalThis.location?.origin;
  return failure("network", "The server can not be reached.", {
    cause,
    ...(here && here !== new URL(base).origin && { fix: `If it is up, add ${here} to Mayfly's allowed_origins.` }),
  });
}

/** read returns what a good answer says and throws what any other means. */
export async function read(answer: Response): Promise<unknown> {
  if (answer.status === 204) return undefined;
  const retryAfter = Number(answer.headers.get("retry-after")) || 0;
  let body: unknown;
  try {
    body = JSON.parse(await answer.text());
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw unexpected(answer.status, retryAfter);
  }
  if (answer.ok) return body;
  throw isProblem(body) ? fromProblem(body, answer.status, retryAfter) : unexpected(answer.status, retryAfter);
}

function isProblem(body: unknown): body is Problem {
  const { code, detail } = (body ?? {}) as Partial<Problem>;
  return typeof code === "string" && typeof detail === "string";
}

function fromProblem(p: Problem, status: number, retryAfter: number): AuthError {
  return failure(p.code, p.detail, {
    status,
    retryAfter,
    sessionEnded: status === 401 && p.session_ended === true,
    ...(p.fix && { fix: p.fix }),
    ...(p.request_id && { requestId: p.request_id }),
    ...(p.code === "request_invalid" && { fields: p.errors ?? [] }),
  });
}

/** @internal */
export function unexpected(status: number, retryAfter = 0): AuthError {
  return failure("unexpected_answer", `Something else answered in Mayfly's place (status ${status}).`, {
    status,
    retryAfter,
    fix: "Check the url, and what stands between this client and Mayfly.",
  });
}
