import { type SetCookie, setCookies } from "./cookies.ts";
import type { Settings } from "./settings.ts";

/** What came of a refresh. */
export type Outcome =
  /** There is a new pair. */
  | { readonly kind: "renewed"; readonly cookies: readonly SetCookie[] }
  /** The session is over for good; the server says which cookies go with it. */
  | { readonly kind: "ended"; readonly cookies: readonly SetCookie[] }
  /** Nobody knows: no answer, or none of Mayfly's. It changes nothing. */
  | { readonly kind: "failed" };

/** A person waits for the page meanwhile. */
const patience = 5_000;

const underWay = new Map<string, Promise<Outcome>>();

/**
 * refresh presents a refresh token once, however many requests carry it at this moment. A request that comes later, or
 * to another process, presents it again and gets the same successor: that is the server's promise, and this only spares
 * it work. A token is remembered for as long as its answer is awaited.
 */
export function refresh(token: string, settings: Settings): Promise<Outcome> {
  const key = `${settings.base} ${token}`;
  let outcome = underWay.get(key);
  if (!outcome) {
    outcome = post(token, settings)
      .catch((): Outcome => ({ kind: "failed" }))
      .finally(() => underWay.delete(key));
    underWay.set(key, outcome);
  }
  return outcome;
}

async function post(token: string, { base, names }: Settings): Promise<Outcome> {
  const answer = await fetch(`${base}/v1/refresh`, {
    method: "POST",
    headers: { accept: "application/json", cookie: `${names.refresh}=${token}` },
    cache: "no-store",
    redirect: "manual",
    signal: AbortSignal.timeout(patience),
  });
  const body: unknown = await answer.json();
  const cookies = setCookies(answer, [names.access, names.refresh, names.hint]);
  if (answer.ok && cookies.length > 0) return { kind: "renewed", cookies };
  if (answer.status === 401 && isTerminal(body)) return { kind: "ended", cookies };
  return { kind: "failed" };
}

function isTerminal(body: unknown): boolean {
  return (body as { session_ended?: unknown } | null)?.session_ended === true;
}
