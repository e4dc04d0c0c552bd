/** How many make room at once, so that a flood does not have someone told about each: a sixteenth. */
const roomShare = 16;

/**
 * markOf returns the name that the revocation feed has for a session: the first 12 bytes of the SHA-256 of its id as 16
 * characters of base64url. Who reads the feed learns no id from it.
 */
export async function markOf(sid: string): Promise<string> {
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(sid));
  return btoa(String.fromCharCode(...new Uint8Array(sum, 0, 12)))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}

/** isMark tells marks, of which every spelling is the only one, from other values. */
export function isMark(value: unknown): value is string {
  return typeof value === "string" && /^[\w-]{16}$/.test(value);
}

/** Marks remembers revoked sessions, each until a time, and never more than `most`. Times are in seconds, of any clock. */
export class Marks {
  readonly #until = new Map<string, number>(); // in the order in which they came
  readonly #most: number;
  /** How many were forgotten early, because there were more. */
  dropped = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#until.size;
  }

  has(mark: string, now: number): boolean {
    const until = this.#until.get(mark);
    return until !== undefined && now < until;
  }

  /** A mark that is there already counts until the later of the two times. */
  add(mark: string, until: number): void {
    const known = this.#until.get(mark);
    if (known !== undefined) {
      if (known < until) this.#until.set(mark, Math.ceil(until));
      return;
    }
    if (this.#until.size >= this.#most) this.#makeRoom();
    this.#until.set(mark, Math.ceil(until)); // whole seconds take no memory of their own
  }

  /** Those that came first are the next whose tokens expire by themselves. */
  #makeRoom(): void {
    let surplus = this.#until.size - this.#most + Math.ceil(this.#most / roomShare);
    this.dropped += surplus;
    for (const oldest of this.#until.keys()) {
      if (surplus-- === 0) break;
      this.#until.delete(oldest);
    }
  }

  /** sweep has what is over leave the memory. */
  sweep(now: number): void {
    for (const [mark, until] of this.#until) if (now >= until) this.#until.delete(mark);
  }
}
