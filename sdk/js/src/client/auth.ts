import { failure, isAuthError } from "../errors.ts";
import type { Delivery, Device, SignedIn, User } from "../wire.ts";
import { pause } from "./clock.ts";
import { Exchange, read, unexpected, unreachable } from "./exchange.ts";
import { Farewell } from "./farewell.ts";
import { authFetch, mustBe } from "./fetch.ts";
import { baseOf, isSignedIn, mustBeWhole, originsOf } from "./options.ts";
import { Pair } from "./pair.ts";
import { Tabs } from "./tabs.ts";
import { Traces } from "./traces.ts";
import type { Auth, AuthOptions, AuthState, Credentials, LogoutScope, Registration, TokenStorage } from "./types.ts";

/**
 * createAuth returns the one object through which a page, or a program, speaks for its user.
 *
 * ```ts
 * const auth = createAuth({ url: "/auth" });
 * await auth.init();
 * const posts = await auth.fetch("/api/posts");
 * ```
 */
export function createAuth(options: AuthOptions = {}): Auth {
  return new Client(options);
}

/** Puts the parts together. Methods are values, so that they can be passed on without the object. */
class Client implements Auth {
  readonly fetch: typeof fetch;
  readonly sessions: Auth["sessions"] = {
    list: async () => ((await this.#call("GET", "/v1/sessions")) as { sessions: Device[] }).sessions,
    end: async (id) => void (await this.#call("DELETE", `/v1/sessions/${encodeURIComponent(id)}`)),
  };

  readonly #base: string;
  readonly #delivery: Delivery;
  readonly #storage: TokenStorage | undefined;
  readonly #exchange: Exchange;
  readonly #traces: Traces;
  readonly #tabs: Tabs;
  readonly #pair: Pair;
  readonly #farewell: Farewell;
  readonly #listeners = new Set<(state: AuthState) => void>();
  readonly #unwatch: () => void;
  #begun = false;

  constructor(options: AuthOptions) {
    const base = baseOf(options);
    const { delivery = "cookie", storage } = options;
    const send: typeof fetch = options.fetch ?? ((...call) => globalThis.fetch(...call));
    this.#base = base;
    this.#delivery = delivery;
    this.#storage = storage;
    this.#exchange = new Exchange(base, send, storage ? "omit" : "include");
    this.#traces = new Traces(base, !storage);
    this.#tabs = new Tabs(globalThis.location && !storage ? `mayfly:${base}` : "", (news) => this.#pair.hear(news));
    this.#pair = new Pair({
      tabs: this.#tabs,
      shared: delivery === "cookie",
      ask: (seconds, signal) => this.#ask(seconds, signal),
      changed: () => this.#tell(),
    });
    this.#farewell = new Farewell(this.#exchange, this.#traces, storage);
    const origins = originsOf(options, base);
    this.fetch = authFetch({
      send,
      pair: this.#pair,
      begin: () => this.#begin(),
      cookies: delivery === "cookie",
      trusts: (address) => origins.has(address.origin),
    });
    this.#unwatch = watch(() => this.#look());
  }

  get state(): AuthState {
    return this.#pair.state;
  }

  get user(): User | null {
    return this.state.status === "signed-in" ? this.state.user : null;
  }

  get expiresIn(): number {
    return this.#pair.left;
  }

  readonly init = async (): Promise<AuthState> => {
    this.#begin();
    if (this.state.status === "loading") await this.#pair.usable().catch(() => {}); // the state says that it reconnects
    return this.state;
  };

  readonly register = (registration: Registration): Promise<User> => this.#signIn("/v1/register", registration);

  readonly login = (credentials: Credentials): Promise<User> => this.#signIn("/v1/login", credentials);

  readonly logout = async ({ scope = "local" }: { scope?: LogoutScope } = {}): Promise<void> => {
    if (scope === "others") return void (await this.#call("POST", "/v1/logout?scope=others"));
    this.#begin();
    const page = this.#pair.turn();
    this.#pair.end();
    await this.#farewell.say(scope, page);
  };

  readonly refresh = async (): Promise<void> => {
    this.#begin();
    this.#pair.spend();
    await this.#pair.usable();
    mustBe(this.#pair);
  };

  readonly getToken = async (): Promise<string | null> => {
    if (this.#delivery === "cookie") {
      throw failure("token_not_readable", "With delivery cookie no script can read the access token.", {
        fix: 'Use auth.fetch, or createAuth({ delivery: "hybrid" }).',
      });
    }
    this.#begin();
    await this.#pair.usable();
    return this.#pair.token;
  };

  readonly onChange = (listener: (state: AuthState) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly close = (): void => {
    this.#unwatch();
    this.#tabs.close();
    this.#pair.close();
  };

  /** Looks, once and without a request, whether there may be a session. */
  #begin(): void {
    mustBeWhole(this.#base);
    if (this.#begun || this.state.status !== "loading") return;
    this.#begun = true;
    const scope = this.#traces.departure;
    if (scope !== null || this.#traces.hint === false) this.#pair.end(undefined, false);
    if (scope !== null) void this.#farewell.say(scope, this.#pair.page);
  }

  async #signIn(path: string, body: object): Promise<User> {
    this.#begin();
    await Promise.race([this.#farewell.first, pause(3).over]); // its answer takes cookies away: not the new ones
    const owed = this.#traces.departure;
    try {
      this.#traces.departure = null; // with the new session the server ends the old one
      const { user } = await this.#pair.signIn(async (signal) => {
        const asked = { ...body, delivery: this.#delivery };
        const answer = await this.#keep(await this.#exchange.post(path, asked, 30, signal), signal);
        if (!this.#traces.near && !this.#storage) await cookiesStay(this.#exchange, signal);
        return answer;
      });
      return user;
    } catch (e) {
      if (owed && this.state.status === "signed-out") this.#traces.departure = owed;
      throw e;
    }
  }

  async #ask(seconds: number, signal: AbortSignal): Promise<SignedIn> {
    const token = await this.#storage?.get(); // right before it is sent: somebody else may have replaced it
    if (this.#storage && !token) throw failure("refresh_missing", "The storage has no refresh token.");
    const body = token ? { refresh_token: token } : undefined;
    try {
      return await this.#keep(await this.#exchange.post("/v1/refresh", body, seconds, signal), signal);
    } catch (e) {
      const ended = token && isAuthError(e) && e.sessionEnded;
      if (ended && (await this.#storage?.get()) === token) await this.#storage?.set(null); // it is worth nothing now
      throw e;
    }
  }

  /** Checks a pair and puts its refresh token away, unless the page has turned meanwhile. */
  async #keep(answer: unknown, signal: AbortSignal): Promise<SignedIn> {
    if (!isSignedIn(answer, this.#delivery)) throw unexpected(200);
    if (!signal.aborted) await this.#storage?.set(answer.refresh_token ?? null);
    return answer;
  }

  async #call(method: string, path: string): Promise<unknown> {
    this.#begin();
    await this.#pair.usable();
    mustBe(this.#pair);
    try {
      const credentials = this.#storage ? "omit" : "include";
      return await read(await this.fetch(this.#base + path, { method, credentials, cache: "no-store" }));
    } catch (e) {
      throw isAuthError(e) ? e : unreachable(this.#base, e);
    }
  }

  /** Time may have passed unseen: asks if something happened that nobody told us of. */
  #look(): void {
    const { hint, departure } = this.#traces;
    const { status } = this.state;
    if (status === "loading" && !this.#begun) return;
    if (status === "signed-out" ? hint && departure === null : status === "signed-in" && hint === false) {
      this.#pair.spend();
      void this.#pair.refresh();
    }
    this.#pair.look();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(this.state);
      } catch (e) {
        setTimeout(() => {
          throw e; // theirs, and nobody else's trouble
        });
      }
    }
  }
}

/**
 * A browser takes no cookies from a server of another site, and says so to nobody: the sign-in would seem to work, and
 * be gone with the access token. One refresh right after it tells, and changes nothing within the refresh window.
 */
async function cookiesStay(exchange: Exchange, signal: AbortSignal): Promise<void> {
  try {
    await exchange.post("/v1/refresh", undefined, 8, signal);
  } catch (e) {
    if (!isAuthError(e) || e.code !== "refresh_missing") return; // that is about something else
    throw failure("cookies_blocked", "The browser does not keep Mayfly's cookies, because it is on another site.", {
      fix: "Put Mayfly on the page's own origin with a proxy (mayfly-auth/proxy), or on a sub-domain of its site.",
    });
  }
}

/** watch calls look when time may have passed unseen. */
function watch(look: () => void): () => void {
  if (typeof document === "undefined") return () => {};
  const seen = () => document.visibilityState === "visible" && look();
  document.addEventListener("visibilitychange", seen);
  addEventListener("pageshow", seen);
  addEventListener("online", look);
  return () => {
    document.removeEventListener("visibilitychange", seen);
    removeEventListener("pageshow", seen);
    removeEventListener("online", look);
  };
}
