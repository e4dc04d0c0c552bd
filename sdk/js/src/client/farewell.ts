import { type AuthError, isAuthError } from "../errors.ts";
import { pause } from "./clock.ts";
import type { Exchange } from "./exchange.ts";
import type { Traces } from "./traces.ts";
import type { TokenStorage } from "./types.ts";

/**
 * Farewell tells the server that somebody signed out. In the browser that is done by then, whatever the server says; a
 * server that can not be reached is told later, by this page or by the next one.
 */
export class Farewell {
  /** Settles with the first answer to the last farewell, or with its absence. */
  first: Promise<void> = Promise.resolve();

  readonly #exchange: Exchange;
  readonly #traces: Traces;
  readonly #storage: TokenStorage | undefined;

  constructor(exchange: Exchange, traces: Traces, storage: TokenStorage | undefined) {
    this.#exchange = exchange;
    this.#traces = traces;
    this.#storage = storage;
  }

  /** Goes on until the server knows, or the page turns: a new sign-in takes the old session away by itself. */
  say(scope: string, page: AbortSignal): Promise<void> {
    this.#traces.departure = scope;
    this.first = this.#take().then((token) => this.#tell(scope, token, page, 0));
    return this.first;
  }

  async #take(): Promise<string | null> {
    try {
      const token = (await this.#storage?.get()) ?? null;
      await this.#storage?.set(null);
      return token;
    } catch {
      return null; // signing out works always
    }
  }

  async #tell(scope: string, token: string | null, page: AbortSignal, failures: number): Promise<void> {
    try {
      await this.#exchange.post(`/v1/logout?scope=${scope}`, token ? { refresh_token: token } : undefined, 8, page);
    } catch (e) {
      if (page.aborted) return;
      if (isAuthError(e) && mayPass(e)) {
        void pause(Math.min(60, 2 ** failures)).over.then(async () => {
          if (!page.aborted) await this.#tell(scope, token, page, failures + 1);
        });
        return;
      }
    }
    if (!page.aborted) this.#traces.departure = null;
  }
}

/** mayPass reports whether the same request may be answered otherwise another time. */
const mayPass = (e: AuthError): boolean => !e.status || e.status >= 429 || e.code === "unexpected_answer";
