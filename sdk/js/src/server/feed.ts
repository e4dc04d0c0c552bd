import { EventParser, type ServerEvent } from "./eventstream.ts";
import { isObject } from "./json.ts";
import { isMark } from "./marks.ts";

/** No access token lives longer than a day: it keeps what is added to a clock a number, whatever the feed says. */
const farthest = 400 * 86_400;

/** What the feed says, as far as this version knows. */
export type FeedEvent =
  /** These sessions have ended; no access token of theirs is valid any more after so many seconds. */
  | { readonly kind: "revoked"; readonly marks: readonly string[]; readonly expiresIn: number }
  /** Everything up to here has been named. A new connection that names `id` goes on from here. */
  | { readonly kind: "current"; readonly id: string }
  /** Something of a later Mayfly. */
  | { readonly kind: "other" };

/** An answer that is no feed. */
export class FeedRefused extends Error {
  /** Milliseconds; 0 where the answer does not say. */
  readonly retryAfter: number;
  constructor(message: string, retryAfter = 0) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** openFeed asks an address for its feed, from where `lastId` was said, and refuses what else may answer in its place. */
export async function openFeed(
  url: string,
  lastId: string,
  send: typeof fetch,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const response = await send(url, {
    headers: {
      accept: "text/event-stream",
      "accept-encoding": "identity", // whoever compresses gathers first, and we wait
      "cache-control": "no-store",
      ...(lastId && { "last-event-id": lastId }),
    },
    redirect: "manual",
    signal,
  });
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    throw new FeedRefused("the feed redirects, which is refused: set revocations.url to the address where it is");
  }
  const { headers, status, body } = response;
  if (status !== 200) {
    const hint = ": is this the address of Mayfly, and is it new enough to have a revocation feed?";
    const retryAfter = headers.get("retry-after") ?? "";
    throw new FeedRefused(
      `status ${status}${status === 404 ? hint : ""}`,
      /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : 0,
    );
  }
  const type = headers.get("content-type") ?? "";
  if (!/^text\/event-stream\s*(;|$)/i.test(type) || !body) {
    throw new FeedRefused(
      `the answer is of type "${type}" and not text/event-stream: is this the address of the feed, or does something ` +
        "else answer in its place?",
    );
  }
  const coding = headers.get("content-encoding") ?? "identity";
  if (coding === "identity") return body;
  throw new FeedRefused(
    `the answer has the Content-Encoding "${coding}", which was not asked for: let the proxy leave it alone`,
  );
}

/** readFeed returns what the feed says until it ends. It throws for what it can not read. */
export async function* readFeed(body: ReadableStream<Uint8Array>): AsyncGenerator<FeedEvent> {
  const decoder = new TextDecoder();
  const parser = new EventParser();
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      for (const event of parser.parse(decoder.decode(next.value, { stream: true }))) yield toFeedEvent(event);
    }
  } finally {
    reader.cancel().catch(() => {}); // it may be broken already, which is why we are here
  }
}

/** To skip what is not understood would be to claim that nobody was signed out. */
function toFeedEvent({ name, id, data }: ServerEvent): FeedEvent {
  // An id that is no header would be refused for ever; without one the whole snapshot comes.
  if (name === "current") return { kind: "current", id: /^[!-~]{1,64}$/.test(id) ? id : "" };
  if (name !== "revoked") return { kind: "other" };
  const { sessions, expires_in } = members(data);
  if (!Array.isArray(sessions) || !sessions.every(isMark) || typeof expires_in !== "number") {
    throw new Error("an event of the feed can not be read: is this package older than its Mayfly?");
  }
  return { kind: "revoked", marks: sessions, expiresIn: Math.ceil(Math.min(expires_in, farthest)) };
}

/** Whoever sends the feed could revoke everybody, so no two readings of the same bytes need be feared here. */
function members(data: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
