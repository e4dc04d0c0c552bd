import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, RequestListener, ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import type { RevocationOptions } from "../../src/server/revocations.ts";
import { createVerifier, type FeedState, type Verifier } from "../../src/server.ts";
import { claimsOf, listen, mint, type Pair, pair } from "./issuer.ts";

/** A Mayfly whose feed says what a test has it say. */
export interface Feed {
  url: string;
  key: Pair;
  /** With which headers each connection was asked for. */
  asked: IncomingHttpHeaders[];
  /** The connections that are open. */
  open: Set<ServerResponse>;
  /** What a connection is told as soon as it is there. */
  greeting: string;
  /** Answers in place of the feed, if set. */
  answer: RequestListener | null;
  /** Says something to every connection. */
  say(text: string): void;
  /** Ends every connection. */
  end(): void;
}

export const current = (id: number | string) => `event: current\nid: ${id}\ndata: {}\n\n`;

export function revoked(sessions: string[], expiresIn = 630): string {
  const marks = sessions.map((sid) => createHash("sha256").update(sid).digest().subarray(0, 12).toString("base64url"));
  return `event: revoked\nid: 8\ndata: ${JSON.stringify({ sessions: marks, expires_in: expiresIn })}\n\n`;
}

/** startFeed starts a server that publishes a key and a feed, and says every second that all is well. */
export async function startFeed(): Promise<Feed> {
  const key = await pair("k");
  const open = new Set<ServerResponse>();
  const feed: Feed = {
    url: "",
    key,
    asked: [],
    open,
    greeting: current(7),
    answer: null,
    say: (text) => open.forEach((response) => void response.write(text)),
    end: () => open.forEach((response) => void response.end()),
  };
  feed.url = await listen((request, response) => {
    if (request.url !== "/v1/revocations") {
      response.end(JSON.stringify({ keys: [key.jwk] }));
      return;
    }
    feed.asked.push(request.headers);
    if (feed.answer) return feed.answer(request, response);
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.write(`retry: 1000\n\n${feed.greeting}`);
    open.add(response);
    response.on("close", () => open.delete(response));
  });
  return feed;
}

/** What a verifier of the feed makes of a session's token. */
export interface Follows extends Verifier {
  token(sid: string, now?: number): Promise<string>;
  /** What it was told, and warned of. */
  told: FeedState[];
  warnings: string[];
}

export function follow(feed: Feed, revocations: RevocationOptions = {}, more: { now?: () => number } = {}): Follows {
  const told: FeedState[] = [];
  const warnings: string[] = [];
  const verifier = createVerifier({
    issuer: feed.url,
    revocations: { onChange: (state) => told.push(state), ...revocations },
    warn: (message) => warnings.push(message),
    ...more,
  });
  onTestFinished(verifier.close);
  const token = (sid: string, now = Math.floor(Date.now() / 1000)) =>
    mint(feed.key, { ...claimsOf(feed.url, now), sid, exp: now + 86_400 });
  return { ...verifier, told, warnings, token };
}
