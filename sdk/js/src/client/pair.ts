import { type AuthError, failure, isAuthError } from "../errors.ts";
import type { SignedIn } from "../wire.ts";
import { type Moment, now, type Pause, pause, since } from "./clock.ts";
import type { News, Tabs } from "./tabs.ts";
import type { AuthState } from "./types.ts";

/** How long a call waits for a token, in seconds. */
const patience = 9;
/** The longest wait between two attempts that fail, in seconds, and the longest that a server may ask for. */
const slowest = 60;
const longestAsked = 3600;

/** What a pair needs from outside. */
export interface Surroundings {
  /** Asks the server for the next pair. */
  ask(seconds: number, signal: AbortSignal): Promise<SignedIn>;
  /** Whether other tabs spend the same access token: then theirs is ours. */
  shared: boolean;
  tabs: Tabs;
  /** Called after every change of state. */
  changed(): void;
}

/**
 * The access token and what replaces it.
 *
 * ```
 *               ┌──── refresh, when little life is left ◀────┐
 *   loading ────┤                                            │
 *               ├──▶ signed in ──▶ failed: reconnecting ─────┘ after a pause, for as long as it takes
 *               │        │
 *               └────────┴──▶ signed out: the server said session_ended, or there is nothing to refresh with
 * ```
 *
 * One flight at a time replaces the pair: a refresh or a sign-in. Whatever changes whom the page belongs to turns the
 * page over: it aborts the flight, so that a late answer can neither undo a sign-out nor displace a newer sign-in.
 */
export class Pair {
  state: AuthState = { status: "loading", reconnecting: false };
  token: string | null = null;
  /** Another number for every access token. */
  stamp = 0;

  readonly #around: Surroundings;
  #life = 0;
  #mark: Moment = now();
  #flight: Promise<void> | null = null;
  #page = new AbortController();
  #ended: string | undefined; // the session that ended last in this page
  #failures = 0;
  #failure: AuthError | undefined;
  #pause: Pause | null = null;
  #asked = false; // whether the server asked for the pause

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Seconds that the access token has left; not below 0. */
  get left(): number {
    return Math.max(0, this.#life - since(this.#mark));
  }

  get #lead(): number {
    return Math.min(60, this.#life * 0.2);
  }

  /** Whether there may be a session and its access token should be replaced. */
  get due(): boolean {
    return this.state.status !== "signed-out" && this.left <= this.#lead;
  }

  /** The signal that aborts when the page no longer belongs to whom it belongs to now. */
  get page(): AbortSignal {
    return this.#page.signal;
  }

  /** Returns when there is a token with life left, or nobody is signed in. Rejects within ten seconds with the reason. */
  async usable(caller?: AbortSignal | null): Promise<void> {
    const began = performance.now(); // a clock that jumps takes nobody's patience away
    const { stamp } = this;
    while (this.due) {
      caller?.throwIfAborted();
      if (this.left > this.#lead / 2) return void (this.#pause ?? this.refresh()); // it flies while the call goes out
      if (this.#pause && this.left > 0) return;
      const rest = patience - (performance.now() - began) / 1000;
      if (rest <= 0 || (this.#pause && (this.#pause.left() > rest || offline()))) {
        if (this.state.status !== "signed-out") this.#become({ ...this.state, reconnecting: true });
        throw this.#failure ?? failure("timeout", "The server did not answer in time.");
      }
      await within(rest, this.#pause?.over ?? this.refresh(), caller);
      if (this.stamp !== stamp && this.#life > 0) return; // as fresh as can be, whatever the clocks say by now
    }
  }

  /** Asks for the next pair, once for all who ask at the same time. Never rejects. */
  refresh(): Promise<void> {
    return this.#fly(() => this.#attempt(this.page, this.stamp));
  }

  /** Treats the access token as dead, whatever its age. */
  spend(): void {
    this.#life = 0;
  }

  /** For moments when time may have passed unseen: the page is seen again, the network is back. */
  look(): void {
    if (!this.due) return;
    if (!this.#pause) void this.refresh();
    else if (!this.#asked) this.#pause.end();
  }

  /** Replaces the pair by that of a sign-in. */
  async signIn(ask: (signal: AbortSignal) => Promise<SignedIn>): Promise<SignedIn> {
    const page = this.turn();
    this.#around.tabs.tell({ kind: "signing-in" });
    const mark = now();
    const asked = this.#around.tabs.alone(() => ask(page));
    await this.#fly(() => asked.then(noop, noop));
    const answer = await asked;
    page.throwIfAborted();
    this.#alive(answer, mark);
    return answer;
  }

  /** Turns the page over: whatever was under way is not ours any more. */
  turn(): AbortSignal {
    this.#page.abort(failure("user_changed", "Somebody signed in or out meanwhile."));
    this.#page = new AbortController();
    this.#flight = null;
    return this.page;
  }

  /** Ends the session in this page, and with `tell` in the others. */
  end(reason?: AuthError, tell = true): void {
    if (this.state.status === "signed-out") return;
    const session = this.state.status === "signed-in" ? this.state.session.id : undefined;
    this.#ended = session;
    this.#begin(null, 0, now());
    this.#recovered();
    this.#become({ status: "signed-out", ...(reason && { reason }) });
    if (!tell) return;
    const { code, message, fix } = reason ?? {};
    this.#around.tabs.tell({
      kind: "signed-out",
      session,
      ...(code && message && { reason: { code, message, ...(fix && { fix }) } }),
    });
  }

  /** What another tab told. */
  hear(news: News): void {
    const session = this.state.status === "signed-in" ? this.state.session.id : undefined;
    if (news.kind === "signing-in") {
      this.turn();
    } else if (news.kind === "signed-out") {
      if (this.state.status === "signed-out" || (session && news.session && session !== news.session)) return;
      if (session && !news.session) {
        this.spend(); // it may have been ours: ask
        return void this.refresh();
      }
      this.turn();
      this.end(news.reason && failure(news.reason.code, news.reason.message, { ...news.reason }), false);
    } else if (news.session.id !== this.#ended) {
      this.#adopt(news, session === news.session.id);
    }
  }

  /** The cookies are shared: with delivery cookie what another tab got is ours too. */
  #adopt({ user, session, seconds }: Extract<News, { kind: "pair" }>, same: boolean): void {
    const { shared } = this.#around;
    if (!same) this.turn();
    if (!same || shared) this.#begin(null, shared ? seconds : 0, now());
    this.#recovered();
    this.#become({ status: "signed-in", user, session, reconnecting: false });
  }

  /** Stops what waits. */
  close(): void {
    this.turn();
    this.#recovered();
  }

  #fly(task: () => Promise<void>): Promise<void> {
    if (this.#flight) return this.#flight;
    const flight = task().finally(() => {
      if (this.#flight === flight) this.#flight = null;
    });
    this.#flight = flight;
    return flight;
  }

  #attempt(page: AbortSignal, stamp: number): Promise<void> {
    const attempt = async () => {
      if (!page.aborted && this.stamp === stamp) await this.#exchange(page); // or else another tab was first
    };
    return this.#around.shared ? this.#around.tabs.alone(attempt) : attempt();
  }

  async #exchange(page: AbortSignal, ended?: AuthError): Promise<void> {
    const mark = now();
    // Below the refresh window, always: an answer that comes after two rotations would bring back a token of the past.
    const seconds = Math.min(20, 8 + 4 * this.#failures);
    try {
      const answer = await this.#around.ask(seconds, page);
      if (!page.aborted) this.#alive(answer, mark);
    } catch (e) {
      if (page.aborted) return;
      const error = isAuthError(e) ? e : failure("storage", "The storage of the refresh token failed.", { cause: e });
      if (ended) return this.end(ended);
      // What ended may be a session that this browser has replaced since: look once more before anybody is signed out.
      if (error.sessionEnded) return this.#exchange(page, error);
      if (error.code === "refresh_missing") return this.end(this.state.status === "signed-in" ? error : undefined);
      this.#failed(error);
    }
  }

  #alive({ user, session, access_token, access_expires_in }: SignedIn, mark: Moment): void {
    this.#begin(access_token ?? null, access_expires_in, mark);
    this.#recovered();
    this.#become({ status: "signed-in", user, session, reconnecting: false });
    this.#around.tabs.tell({ kind: "pair", user, session, seconds: this.left });
  }

  #begin(token: string | null, life: number, mark: Moment): void {
    this.token = token;
    this.stamp += 1;
    this.#life = life;
    this.#mark = mark;
  }

  /** Each pause is twice the one before, less a part by chance, and never less than the server asks for. */
  #failed(error: AuthError): void {
    if (this.state.status === "signed-out") return;
    this.#failures += 1;
    this.#failure = error;
    const ours = Math.min(slowest, 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2);
    const asked = Math.min(longestAsked, error.retryAfter ?? 0);
    this.#asked = asked > ours;
    const rest = pause(Math.max(ours, asked));
    this.#pause = rest;
    void rest.over.then(() => {
      if (this.#pause !== rest) return;
      this.#pause = null;
      void this.refresh();
    });
    this.#become({ ...this.state, reconnecting: true });
  }

  #recovered(): void {
    this.#failures = 0;
    this.#failure = undefined;
    const rest = this.#pause;
    this.#pause = null;
    rest?.end();
  }

  #become(state: AuthState): void {
    if (JSON.stringify(state) === JSON.stringify(this.state)) return;
    this.state = state;
    this.#around.changed();
  }
}

const noop = () => {};

const offline = (): boolean => typeof navigator !== "undefined" && navigator.onLine === false;

/** Waits for what never rejects, but no longer than so many seconds. Rejects when the caller gives up. */
function within(seconds: number, task: Promise<void>, caller?: AbortSignal | null): Promise<void> {
  return new Promise((done, gone) => {
    const abort = () => gone(caller?.reason);
    const settle = () => {
      clearTimeout(timer);
      caller?.removeEventListener("abort", abort);
      done();
    };
    const timer = setTimeout(settle, seconds * 1000);
    caller?.addEventListener("abort", abort);
    void task.then(settle);
  });
}
