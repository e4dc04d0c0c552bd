import { FeedRefused, openFeed, readFeed } from "./feed.ts";
import { reasonOf } from "./fetcher.ts";
import { Marks } from "./marks.ts";
import type { FeedState, RevocationSettings } from "./revocations.ts";

/**
 * How long a feed that says nothing is believed to be alive, in milliseconds. Mayfly says something every two seconds,
 * for as long as it hears from its own database.
 */
const longestSilence = 6_000;
/** How long the first callers wait for what was revoked before them, at most. */
const firstWait = 5_000;
const retry = { shortest: 500, longest: 15_000 };
const sweepInterval = 60;

/**
 * Follower keeps the marks of revoked sessions as the feed names them. It counts time by the monotonic clock of this
 * process alone: a wall clock that jumps makes it neither forget nor keep, and the server's clock plays no part.
 */
export class Follower {
  readonly #settings: RevocationSettings;
  readonly #marks: Marks;
  readonly #closing = new AbortController();
  readonly #settled: Promise<void>;
  #settle: () => void = () => {};
  /** The first callers need not wait any longer. */
  isSettled = false;
  #begun = false;
  #state: Pick<FeedState, "up" | "since" | "lastError"> = { up: false, since: null, lastError: null };
  /** When the feed spoke last. */
  #heardAt = 0;
  #sweptAt = seconds();
  /** Of the last event that said: everything up to here has been named. What came after it may have gaps. */
  #lastId = "";

  constructor(settings: RevocationSettings) {
    this.#settings = settings;
    this.#marks = new Marks(settings.maxMarks);
    this.#settled = new Promise((settle) => {
      this.#settle = () => {
        this.isSettled = true;
        settle();
      };
    });
  }

  get state(): FeedState {
    return { ...this.#state, marks: this.#marks.size, dropped: this.#marks.dropped };
  }

  /** Begins to follow, once. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const patience = setTimeout(this.#settle, firstWait);
    void this.#settled.then(() => clearTimeout(patience));
    void this.#run();
  }

  /** Resolves when the feed has told what was revoked before it was followed, or could not. */
  settled(): Promise<void> {
    this.begin();
    return this.#settled;
  }

  /** What has become of a session, as far as can be told. */
  judge(mark: string): "good" | "revoked" | "unknown" {
    if (this.#marks.has(mark, seconds())) return "revoked";
    return this.#settings.refuseWhenDown && !this.#isFresh() ? "unknown" : "good";
  }

  /** Does not rely on a timer: a process that was stopped for an hour knows nothing of that hour, whatever runs first. */
  #isFresh(): boolean {
    return this.#state.up && performance.now() - this.#heardAt < longestSilence;
  }

  close(): void {
    this.#begun = true; // where nothing has begun, nothing will
    this.#closing.abort();
    this.#settle();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted; failures++) {
      const error = await this.#listen();
      if (this.#goDown(error)) failures = 0;
      this.#settle();
      this.#sweep();
      await pause(retryAfter(failures, error), signal);
    }
  }

  /**
   * Opens the feed, takes what it says until it ends, and returns why it did. It settles even if the `fetch` it was
   * given ignores the signal.
   */
  #listen(): Promise<Error> {
    const connection = new AbortController();
    const { signal } = this.#closing;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const { url } = this.#settings;
    return new Promise<Error>((resolve) => {
      const end = (reason: unknown) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", closed);
        connection.abort();
        const told = new Error(`GET ${url}: ${reasonOf(reason)}`, { cause: reason });
        resolve(told);
      };
      const closed = () => end("the verifier was closed");
      const heard = () => {
        this.#heardAt = performance.now();
        clearTimeout(timer);
        timer = background(setTimeout(() => end("the feed has been silent for too long"), longestSilence));
      };
      heard();
      signal.addEventListener("abort", closed);
      this.#read(connection.signal, heard).then(() => end("the feed has ended"), end);
    });
  }

  async #read(signal: AbortSignal, heard: () => void): Promise<void> {
    const { url, fetch } = this.#settings;
    for await (const event of readFeed(await openFeed(url, this.#lastId, fetch, signal))) {
      if (signal.aborted) return; // it is over, and another connection may have begun
      heard();
      const before = this.#marks.dropped;
      if (event.kind === "revoked") {
        for (const mark of event.marks) this.#marks.add(mark, seconds() + event.expiresIn);
      }
      if (event.kind === "current") {
        this.#lastId = event.id;
        this.#goUp();
      }
      this.#sweep();
      if (this.#marks.dropped > before) this.#tellDropped();
    }
  }

  /** Acts on the first of many signs that all is well. */
  #goUp(): void {
    if (this.#state.up) return;
    this.#state = { ...this.#state, up: true, since: new Date() };
    this.#settle();
    this.#tell();
  }

  /** Reports whether the feed was up until now. Attempts that go on failing change the reason and tell nobody. */
  #goDown(lastError: Error): boolean {
    const { up, since } = this.#state;
    const isNews = up || since === null;
    this.#state = { up: false, since: isNews ? new Date() : since, lastError };
    if (!isNews) return false;
    if (!this.#closing.signal.aborted) {
      const consequence = this.#settings.refuseWhenDown
        ? "every access token is refused until it is back"
        : "access tokens of revoked sessions are good until they expire";
      this.#settings.warn(`mayfly: the revocation feed is down; ${consequence}: ${lastError.message}`);
    }
    this.#tell();
    return up;
  }

  #tellDropped(): void {
    this.#settings.warn(
      `mayfly: more than ${this.#settings.maxMarks} sessions were revoked within the life of an access token; the ` +
        "oldest were forgotten: raise revocations.maxMarks",
    );
    this.#tell();
  }

  #tell(): void {
    try {
      this.#settings.onChange(this.state);
    } catch (error) {
      this.#settings.warn(`mayfly: revocations.onChange threw: ${reasonOf(error)}`); // and the feed is followed on
    }
  }

  #sweep(): void {
    if (seconds() - this.#sweptAt < sweepInterval) return;
    this.#sweptAt = seconds();
    this.#marks.sweep(seconds());
  }
}

/** By a clock that nobody sets. */
function seconds(): number {
  return performance.now() / 1000;
}

/**
 * retryAfter doubles with each failure, and is spread so that the followers of a server that restarts do not come back
 * in one moment. A server that names a time itself is given it, within bounds. Milliseconds.
 */
function retryAfter(failures: number, error: Error): number {
  const most = Math.min(retry.shortest * 2 ** Math.min(failures, 10), retry.longest);
  const asked = error.cause instanceof FeedRefused ? error.cause.retryAfter : 0;
  return Math.max(most * (0.5 + Math.random() / 2), Math.min(asked, retry.longest));
}

/** pause resolves after a time, or when the signal says so. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = background(setTimeout(done, ms));
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

/** background lets a process of Node end although the timer runs. Other runtimes have numbers for timers. */
function background(timer: ReturnType<typeof setTimeout>): ReturnType<typeof setTimeout> {
  if (typeof timer === "object") timer.unref();
  return timer;
}
