import { type Fetched, fetchKeys, fetchTimeout } from "./fetcher.ts";
import type { KeySet } from "./jwks.ts";
import { importSecret, type VerifyingKey } from "./key.ts";

/** A key and the set it is in. */
export interface Found {
  readonly key: VerifyingKey;
  readonly set: KeySet;
}

/** Where a verifier finds keys. Times are in milliseconds. */
export interface KeySource {
  /** The set in use, without waiting, or null if `find` has to be asked. */
  current(now: number): KeySet | null;
  /** The key with this id, null if the issuer has no such key. Rejects with {@link KeysUnavailable}. */
  find(keyId: string): Promise<Found | null>;
}

/** KeysUnavailable says that a token could not be judged: it may be good. */
export class KeysUnavailable extends Error {
  /** Milliseconds. */
  readonly retryAfter: number;
  constructor(message: string, retryAfter: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** sharedKey is the one secret of HS256. A kid, if there is one, says nothing: both sides know a single secret. */
export function sharedKey(secret: Uint8Array<ArrayBuffer>): KeySource {
  const set: KeySet = { byId: new Map(), text: "" };
  let key: Promise<VerifyingKey> | undefined;
  return {
    current: () => set,
    find: async () => {
      key ??= importSecret(secret);
      return { key: await key, set };
    },
  };
}

/**
 * How long a set is used without having been confirmed. By then every token that an unreachable issuer ever made has
 * long expired, so nobody is turned away who could have been let in.
 */
const oldestKeys = 24 * 3_600_000;
/** How soon after a failure the keys are asked for again while there are none at all. */
const firstPause = 1_000;
const longestPause = 300_000;

/** What {@link RemoteKeys} is made of. */
export interface RemoteKeysOptions {
  url: string;
  /** The least time between two fetches, in milliseconds. */
  interval: number;
  fetch: typeof fetch;
  now: () => number;
  warn: (message: string) => void;
}

/**
 * The keys of an issuer, over HTTP. A request waits for them when there are none, when it names a key that is not among
 * them, and after a long silence; at most one fetch runs at a time, and after each comes a pause that no token can
 * shorten.
 */
export class RemoteKeys implements KeySource {
  readonly #options: RemoteKeysOptions;
  #held: (Fetched & { fetchedAt: number }) | null = null;
  #fetching: Promise<void> | null = null;
  #triedAt: number | null = null;
  #failures = 0;
  #failure = "they have not been fetched yet";

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
  }

  current(now: number): KeySet | null {
    const held = this.#held;
    if (!held) return null;
    const age = now - held.fetchedAt;
    if (age >= 0 && age < held.life) return held.set; // nothing but this for nearly every request
    // A clock that was set back makes a set look younger than nothing: it is due as well.
    void this.#refetch(now);
    if (age >= oldestKeys || (age >= 2 * held.life && this.#failures === 0)) return null;
    return held.set;
  }

  async find(keyId: string): Promise<Found | null> {
    const { now } = this.#options;
    const set = this.current(now());
    const key = set?.byId.get(keyId);
    if (set && key) return { key, set };

    await this.#refetch(now()); // at most once
    const held = this.#held;
    if (!held || now() - held.fetchedAt >= oldestKeys) throw this.#unavailable();
    const fetched = held.set.byId.get(keyId);
    if (fetched) return { key: fetched, set: held.set };
    // It may be a key that we could not hear of: that is no reason to call its token invalid.
    if (this.#failures > 0) throw this.#unavailable();
    return null;
  }

  /** Begins a fetch unless one is under way, and returns what resolves when it is done: null if it is too early. */
  #refetch(now: number): Promise<void> | null {
    const since = this.#triedAt === null ? Number.POSITIVE_INFINITY : now - this.#triedAt;
    // A runtime that ends a request may end the fetch it began without a word (Workers): that must not be waited for.
    if (this.#fetching && since >= 0 && since < 2 * fetchTimeout) return this.#fetching;
    if (!this.#fetching && since >= 0 && since < this.#pause()) return null;
    this.#triedAt = now;
    const run = this.#run().finally(() => {
      if (this.#fetching === run) this.#fetching = null;
    });
    this.#fetching = run;
    return run;
  }

  /** Makes one fetch. No request owns it, so none can cancel it for the others. */
  async #run(): Promise<void> {
    const { url, fetch, now, warn } = this.#options;
    try {
      const fetched = await fetchKeys(url, fetch);
      this.#failures = 0;
      const old = this.#held?.set;
      if (old?.text === fetched.set.text) fetched.set = old; // the same answer: what was verified stays verified
      this.#held = { ...fetched, fetchedAt: now() };
    } catch (error) {
      this.#failures += 1;
      this.#failure = error instanceof Error ? error.message : String(error);
      if (this.#held) {
        warn(`mayfly: the keys of the issuer can not be fetched; the old ones stay in use for now: ${this.#failure}`);
      }
    }
  }

  /** How long after the last fetch the next one may begin. */
  #pause(): number {
    const { interval } = this.#options;
    if (this.#failures === 0) return interval;
    const doublings = 2 ** Math.min(this.#failures - 1, 10);
    // While there are no keys, everybody is locked out: ask soon.
    if (!this.#held) return Math.min(firstPause * doublings, Math.max(interval, firstPause));
    return Math.max(Math.min(interval * doublings, longestPause), interval);
  }

  #unavailable(): KeysUnavailable {
    const wait = this.#pause() - (this.#options.now() - (this.#triedAt ?? 0));
    return new KeysUnavailable(this.#failure, Math.max(wait, firstPause));
  }
}
