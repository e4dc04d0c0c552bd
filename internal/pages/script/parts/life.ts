import { type Moment, now, since } from "../../../../sdk/js/src/client/clock.ts";

/** One access token's time, in seconds, as the page shows it. */
export class Life {
  /** How long it lives from its first second to its last. */
  whole: number;
  /** How many have followed the first. */
  replaced = 0;

  #left: number; // at the mark
  #mark: Moment = now();
  #seen = 0; // what the client said last
  #seenAt: Moment = now();

  /** The server tells how much is left when it makes the page; 0 and 0 if there is no good token. */
  constructor(left: number, whole: number) {
    this.#left = left;
    this.whole = whole;
  }

  /** Seconds left; not below 0. It runs on while the client asks for the next token, which is this one's end for it. */
  get left(): number {
    return Math.max(0, this.#left - since(this.#mark));
  }

  /**
   * Takes what the client says is left, and reports whether that is the life of a token that followed another. A token is
   * a new one when it did not get there by running down; lengths tell nothing, because by chance each has its own.
   */
  follow(left: number): boolean {
    if (left <= 0) return false;
    const first = this.#seen === 0;
    const expected = this.#seen - since(this.#seenAt);
    this.#seen = left;
    this.#seenAt = now();
    if (Math.abs(left - expected) <= 0.5) return false;
    this.whole = left;
    this.#left = left;
    this.#mark = this.#seenAt;
    if (!first) this.replaced += 1;
    return !first;
  }
}
