import type { Code } from "../errors.ts";
import type { Session, User } from "../wire.ts";

/**
 * What one tab tells the others. Nothing depends on its arrival: without it every tab finds out by asking the server.
 * No message carries a token.
 */
export type News =
  /** There is a new pair in the cookie jar; `seconds` is what its access token has left. */
  | { kind: "pair"; user: User; session: Session; seconds: number }
  /** Somebody is signing in: an answer to an older refresh must not come after theirs. */
  | { kind: "signing-in" }
  /** A session is over; without an id it is one that the teller did not know. */
  | { kind: "signed-out"; session: string | undefined; reason?: { code: Code; message: string; fix?: string } };

/** The line between the pages of one browser that share a cookie jar. */
export class Tabs {
  readonly #name: string;
  readonly #channel: BroadcastChannel | undefined;

  /** Without a name this is a page on its own. */
  constructor(name: string, hear: (news: News) => void) {
    this.#name = name;
    if (!name || typeof BroadcastChannel === "undefined") return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = (event) => hear(event.data as News);
  }

  tell(news: News): void {
    this.#channel?.postMessage(news);
  }

  close(): void {
    this.#channel?.close();
  }

  /**
   * Runs a task while no other tab runs one, to spare the server a request. After two seconds it runs all the same: a
   * frozen tab never lets go of a lock.
   */
  async alone<T>(task: () => Promise<T>): Promise<T> {
    const locks = this.#name && typeof navigator !== "undefined" ? navigator.locks : undefined;
    if (!locks) return task();
    let release = () => {};
    const held = new Promise<void>((done) => (release = done));
    await new Promise<void>((go) => {
      const patience = setTimeout(() => give.abort(), 2000);
      const give = new AbortController();
      const granted = () => {
        clearTimeout(patience);
        go();
        return held;
      };
      locks.request(this.#name, { signal: give.signal }, granted).catch(() => go()); // no lock is needed to be right
    });
    return task().finally(release);
  }
}
