/**
 * What a browser keeps of its session besides the cookies that no script can read: the server's hint that there may be
 * one, and a note that somebody signed out while the server could not be told. Neither is a token.
 */
export class Traces {
  readonly #key: string;
  readonly #readable: boolean;
  /** Whether Mayfly's host is the page's own, so that its cookies are kept for certain. */
  readonly near: boolean;

  /** The hint can be read where there are cookies and Mayfly's host is the page's own; cookies know no port. */
  constructor(base: string, cookies: boolean) {
    this.#key = `mayfly:signed-out:${base}`;
    this.near = Boolean(globalThis.location) && new URL(base).hostname === location.hostname;
    this.#readable = cookies && this.near && typeof document !== "undefined";
  }

  /** Whether there may be a session, undefined where that can not be seen. */
  get hint(): boolean | undefined {
    return this.#readable ? /(?:^|; )mayfly_signed_in=/.test(document.cookie) : undefined;
  }

  /** The scope of a sign-out that the server has not heard of yet. */
  get departure(): string | null {
    try {
      return localStorage.getItem(this.#key);
    } catch {
      return null; // storage is refused or does not exist
    }
  }

  set departure(scope: string | null) {
    // biome-ignore lint/suspicious/noDocumentCookie: not every browser has the Cookie Store API, and this is one fixed text
    if (this.#readable && scope !== null) document.cookie = "mayfly_signed_in=; Path=/; Max-Age=0";
    try {
      if (scope === null) localStorage.removeItem(this.#key);
      else localStorage.setItem(this.#key, scope);
    } catch {
      // then the server is told for as long as this page is open
    }
  }
}
