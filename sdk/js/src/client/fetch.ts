import { failure } from "../errors.ts";
import type { Pair } from "./pair.ts";

/** What an authenticated fetch needs. */
export interface Means {
  send: typeof fetch;
  pair: Pair;
  /** Whether the server at this address is one that the access token is meant for. */
  trusts(address: URL): boolean;
  /** Whether the access token is in a cookie, so that cookies must go along to another origin too. */
  cookies: boolean;
  /** Looks, before the first call, whether there may be a session. */
  begin(): void;
}

/**
 * authFetch makes a fetch that sends a valid access token and, when it is refused, gets the next one and repeats the
 * call once.
 */
export function authFetch(means: Means): typeof fetch {
  const { send, pair, trusts, begin } = means;
  let refused = -1; // the stamp of a token that was refused although it was new

  return async (input, options) => {
    const request = input instanceof Request ? input : undefined;
    const address = new URL(request ? request.url : String(input), globalThis.location?.href);
    if (!trusts(address)) return send(input, options);
    const caller = options?.signal ?? request?.signal;

    const attempt = (last: boolean) =>
      send(request && !last ? request.clone() : input, dress(means, address, request, options));
    begin();
    const owner = userOf(pair);
    await pair.usable(caller);
    if (!owner && pair.state.status === "signed-out") return attempt(true);
    mustBe(pair, owner);

    const { stamp } = pair;
    const answer = await attempt(false);
    if (answer.status !== 401 || stamp === refused || !(await isOurs(answer))) return answer;
    void answer.arrayBuffer().catch(() => {}); // unread, it would keep its connection from the next call
    if (stamp === pair.stamp) pair.spend(); // otherwise somebody has replaced it meanwhile
    await pair.usable(caller);
    mustBe(pair, owner);
    if (isStream(options?.body)) {
      throw failure("body_not_replayable", "The access token expired under a call whose body can be sent once only.", {
        fix: "Call again with a new stream, or pass a Blob.",
      });
    }
    const second = pair.stamp;
    const again = await attempt(true);
    if (again.status === 401 && (await isOurs(again))) refused = second;
    return again;
  };
}

const userOf = ({ state }: Pair) => (state.status === "signed-in" ? state.user.id : undefined);

/** A call is carried on only in the name of the person who made it. */
export function mustBe(pair: Pair, owner?: string): void {
  const { state } = pair;
  if (state.status === "signed-out") {
    throw failure("signed_out", state.reason?.message ?? "Nobody is signed in any more.", { cause: state.reason });
  }
  if (owner && userOf(pair) !== owner) {
    throw failure("user_changed", "Somebody else signed in meanwhile; the call was not sent in their name.");
  }
}

function dress({ pair, cookies }: Means, address: URL, request?: Request, options?: RequestInit): RequestInit {
  const dressed: RequestInit = { ...options };
  if (pair.token) {
    const headers = new Headers(options?.headers ?? request?.headers);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${pair.token}`);
    dressed.headers = headers;
  }
  const untold = !options?.credentials && (!request || request.credentials === "same-origin");
  if (cookies && untold && address.origin !== globalThis.location?.origin) dressed.credentials = "include";
  return dressed;
}

const isStream = (body: unknown): boolean => typeof ReadableStream !== "undefined" && body instanceof ReadableStream;

/** A 401 is ours when it speaks of the access token (RFC 6750 section 3.1), and not of something of the app's own. */
async function isOurs(answer: Response): Promise<boolean> {
  if (/\bbearer\b.*error="invalid_token"/i.test(answer.headers.get("www-authenticate") ?? "")) return true;
  if (!answer.headers.get("content-type")?.startsWith("application/problem+json")) return false;
  const problem = await answer
    .clone()
    .json()
    .catch(() => null);
  return typeof problem?.code === "string" && problem.code.startsWith("token_");
}
