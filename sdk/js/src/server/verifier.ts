import type { Claims } from "./claims.ts";
import { credentialOf } from "./credential.ts";
import { Follower } from "./follower.ts";
import type { IncomingRequest } from "./incoming.ts";
import { Malformed } from "./json.ts";
import { isSigned } from "./key.ts";
import { type KeySource, KeysUnavailable, RemoteKeys, sharedKey } from "./keys.ts";
import { markOf } from "./marks.ts";
import { readOptions, type Settings, type VerifierOptions } from "./options.ts";
import { refusals, VerifyError } from "./refusal.ts";
import type { FeedState } from "./revocations.ts";
import { checkRules, endOf, Refused } from "./rules.ts";
import { type Known, seenTokens } from "./seen.ts";
import { parseToken } from "./token.ts";

/**
 * Verifier checks access tokens. A program needs one for each issuer. Its functions need no `this`.
 *
 * The keys are fetched at first use and kept for as long as the answer allows, between one minute and one hour. After
 * that the next request causes a new fetch and goes on with the old keys. They stay in use while the issuer can not be
 * reached, for a day at most. A key that the issuer has withdrawn is therefore refused after twice that life, ten
 * minutes with Mayfly's answers, if the issuer can be reached, and after a day in any case.
 */
export interface Verifier {
  /** The public URL of Mayfly. */
  readonly issuer: string;
  /** The name of the cookie that may carry the access token; null where none may. */
  readonly cookie: string | null;
  /**
   * Returns who a request speaks for, by the token in its Authorization header or else in its cookie. With the cookie,
   * a request that changes something must not come from a page of another origin. Rejects with {@link VerifyError}.
   */
  verify(request: IncomingRequest): Promise<Claims>;
  /**
   * Returns what a token states, after checking that the issuer signed it, for this audience, and that it has not
   * expired. The first call waits for the keys, and for the feed at most five seconds; later ones do no I/O. A token that
   * was verified before costs a look-up and an expiry check, and another look-up with the feed. Rejects with
   * {@link VerifyError}: token_missing (for ""), token_expired, token_revoked, token_invalid or unavailable.
   */
  verifyToken(token: string): Promise<Claims>;
  /** What is known of the revocation feed at this moment, for a metric; null where none is followed. */
  feed(): FeedState | null;
  /**
   * Stops following the revocation feed, whose connection keeps a process of Node from ending. The feed is down from then
   * on and tokens are judged accordingly. Without a feed it does nothing.
   */
  close(): void;
}

/** createVerifier makes no request; it throws a TypeError that says how to mend the options. */
export function createVerifier(options: VerifierOptions = {}): Verifier {
  const settings = readOptions(options);
  const { issuer, cookie } = settings;
  const keys = keySource(settings);
  const seen = seenTokens(settings.cacheSize);
  const follower = settings.revocations && new Follower(settings.revocations);
  const clock = () => settings.now() / 1000;

  async function verifyToken(token: string): Promise<Claims> {
    if (!token) throw new VerifyError(refusals.missing, { issuer });
    const now = clock();
    const current = keys.current(now * 1000);
    const known = current && seen.get(token, current, now);
    if (known) return admit(known);
    try {
      return await admit(await verifyAnew(token, now));
    } catch (error) {
      throw explain(error, issuer);
    }
  }

  /** Judges a token that is good in itself by what has become of its session. */
  async function admit({ claims, mark }: Known): Promise<Claims> {
    if (!follower || mark === null) return claims;
    if (!follower.isSettled) await follower.settled();
    const verdict = follower.judge(mark);
    if (verdict === "good") return claims;
    if (verdict === "revoked") throw new VerifyError(refusals.revoked, { issuer });
    const reason = `mayfly: it can not be told whether the session goes on: ${follower.state.lastError?.message}`;
    throw new VerifyError(refusals.unknown, { issuer, reason });
  }

  async function verifyAnew(text: string, now: number): Promise<Known> {
    const token = parseToken(text);
    follower?.begin(); // while the keys are fetched
    const found = await keys.find(token.keyId);
    if (!found) throw new Malformed("it is signed with a key that is not known");
    if (!(await isSigned(token, found.key))) throw new Malformed("its signature is not of that key");
    const claims = checkRules(token, settings, clock());
    const mark = follower && (await markOf(claims.sid ?? ""));
    seen.put(text, { set: found.set, from: now, until: endOf(claims, settings.leeway), claims, mark });
    return { claims, mark };
  }

  async function verify(request: IncomingRequest): Promise<Claims> {
    const credential = credentialOf(request, settings);
    if (typeof credential === "string") throw new VerifyError(refusals[credential], { issuer });
    return verifyToken(credential.token);
  }

  const feed = () => follower?.state ?? null;
  return { issuer, cookie, verify, verifyToken, feed, close: () => follower?.close() };
}

function keySource(settings: Settings): KeySource {
  if (settings.secret) return sharedKey(settings.secret);
  const { jwksUrl, refetchInterval, fetch, now, warn } = settings;
  return new RemoteKeys({ url: jwksUrl, interval: refetchInterval * 1000, fetch, now, warn });
}

/** explain gives an error of the rooms below one of the codes that callers act on. */
function explain(error: unknown, issuer: string): unknown {
  if (error instanceof Refused) {
    return new VerifyError(refusals[error.why], {
      issuer,
      reason: `mayfly: the access token is refused: ${error.message}`,
    });
  }
  if (error instanceof Malformed) {
    return new VerifyError(refusals.invalid, {
      issuer,
      reason: `mayfly: the access token is not valid: ${error.message}`,
    });
  }
  if (error instanceof KeysUnavailable) {
    const reason = `mayfly: the issuer's keys can not be had: ${error.message}`;
    return new VerifyError(refusals.unavailable, { issuer, reason, retryAfter: error.retryAfter / 1000 });
  }
  return error;
}

let usual: Verifier | undefined;

/** defaultVerifier returns the one verifier that has all its options by default, made when it is first asked for. */
export function defaultVerifier(): Verifier {
  usual ??= createVerifier();
  return usual;
}
