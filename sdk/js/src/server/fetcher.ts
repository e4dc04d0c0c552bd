import { type KeySet, parseKeySet } from "./jwks.ts";

const maxKeySet = 256 * 1024; // bytes: hundreds of keys

/** How long a set is used before it is asked for again, in milliseconds, whatever Cache-Control says. */
const life = {
  shortest: 60_000, // below, every request would ask
  usual: 300_000,
  longest: 3_600_000, // above, a withdrawn key would live on
};

/** Milliseconds. */
export const fetchTimeout = 5_000;

/** One answer, and how long it may be used, in milliseconds. */
export interface Fetched {
  set: KeySet;
  life: number;
}

/**
 * fetchKeys asks an address for its key set. When to ask is not its business. It settles within the time-out, even if
 * the `fetch` it was given ignores the signal.
 */
export async function fetchKeys(url: string, send: typeof fetch): Promise<Fetched> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`no answer within ${fetchTimeout / 1000} seconds`)), fetchTimeout);
  });
  try {
    return await Promise.race([ask(url, send, abort.signal), timeout]);
  } catch (error) {
    throw new Error(`GET ${url}: ${reasonOf(error)}`);
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

async function ask(url: string, send: typeof fetch, signal: AbortSignal): Promise<Fetched> {
  const response = await send(url, {
    headers: { accept: "application/jwk-set+json, application/json" },
    // Who can make the issuer's host redirect, by an open redirector say, would name the keys that we believe.
    redirect: "manual",
    signal,
  });
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    throw new Error("the key set redirects, which is refused: set jwksUrl to the address where it is");
  }
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  const body = await readCapped(response);
  try {
    return { set: await parseKeySet(body), life: keyLife(response.headers) };
  } catch (error) {
    throw new Error(`${reasonOf(error)}: is this the address of a key set?`);
  }
}

async function readCapped(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    length += next.value.length;
    if (length > maxKeySet) throw new Error(`the answer is longer than ${maxKeySet} bytes: that is no key set`);
    chunks.push(next.value);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

/** keyLife reads Cache-Control and Age (RFC 9111 sections 5.1 and 5.2.2) and keeps the answer within bounds. */
export function keyLife(headers: Headers): number {
  let ms = life.usual;
  for (const directive of (headers.get("cache-control") ?? "").split(",")) {
    const [name = "", value = ""] = directive.trim().split("=", 2);
    if (/^no-(store|cache)$/i.test(name)) return life.shortest;
    if (/^max-age$/i.test(name)) ms = seconds(value.replaceAll('"', "")) ?? ms;
  }
  ms -= seconds(headers.get("age") ?? "") ?? 0;
  return Math.min(Math.max(ms, life.shortest), life.longest);
}

/** seconds reads delta-seconds (RFC 9111 section 1.2.2) into milliseconds. */
function seconds(text: string): number | null {
  return /^\d+$/.test(text) ? Number(text) * 1000 : null;
}

/** reasonOf returns what a fetch failed of: Node hides that in the cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause;
  return cause instanceof Error && cause.message ? `${error.message}: ${cause.message}` : error.message;
}
