import { type Origin, requestHeaders, responseHeaders } from "./headers.ts";
import { placeOf } from "./path.ts";
import { refuse } from "./refusal.ts";
import type { ProxySettings } from "./settings.ts";

/** A request on its way through. */
export interface Passage {
  method: string;
  /** As it came: path and query. */
  path: string;
  headers: Headers;
  body: ReadableStream<Uint8Array> | string | null;
  origin: Origin;
  /** Fires when the client has gone; some runtimes do not tell. */
  signal: AbortSignal | undefined;
}

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * forward sends a request on and returns the answer as it came: redirects are passed on, bodies stream both ways, and
 * nothing is kept. It never rejects.
 */
export async function forward(passage: Passage, { target, path, timeout }: ProxySettings): Promise<Response> {
  const { method, headers, origin } = passage;
  const place = placeOf(passage.path.split("?", 1)[0] ?? "", path);
  if (place !== "inside") return refuse(place);
  if (!methods.includes(method)) return refuse("refused");

  const stop = abortedBy(passage.signal);
  const timer = setTimeout(() => stop.abort(), timeout); // for the beginning of the answer: a feed has no end
  try {
    const answer = await fetch(`${target}${passage.path}`, {
      method,
      headers: requestHeaders(headers, origin),
      body: method === "GET" || method === "HEAD" ? null : passage.body,
      redirect: "manual",
      cache: "no-store",
      signal: stop.signal,
      duplex: "half", // a body that streams: the standard asks for the word, the types do not know it
    } as RequestInit);
    return new Response(answer.body, { status: answer.status, headers: responseHeaders(answer.headers, target) });
  } catch {
    return refuse("unavailable"); // the error's text has the target's address
  } finally {
    clearTimeout(timer);
  }
}

/** abortedBy is AbortSignal.any for runtimes that are older than it. */
function abortedBy(signal: AbortSignal | undefined): AbortController {
  const controller = new AbortController();
  if (signal?.aborted) controller.abort();
  else signal?.addEventListener("abort", () => controller.abort(), { once: true });
  return controller;
}
