import type { Claims } from "./claims.ts";
import type { KeySet } from "./jwks.ts";
import { maxTokenLength } from "./token.ts";

/** What a token states, and the mark of its session in the revocation feed; null where none is followed. */
export interface Known {
  readonly claims: Claims;
  readonly mark: string | null;
}

interface Seen extends Known {
  /** That had the key: with the next set the signature counts for nothing. */
  set: KeySet;
  from: number;
  until: number;
}

/**
 * seenTokens remembers tokens whose signature was found right, so that it is checked once in a token's life. The key is
 * the whole token: only the very same one is found. It never holds more than `size`; the one that came first gives way,
 * which is also about the first to expire. Times are in seconds.
 */
export function seenTokens(size: number) {
  const tokens = new Map<string, Seen>();
  return {
    /**
     * What is known of a token that is still good in itself. A clock that was set back to before it was verified has it
     * verified again. Whether its session goes on is not for the cache to know.
     */
    get(token: string, set: KeySet, now: number): Known | null {
      if (token.length > maxTokenLength) return null;
      const seen = tokens.get(token);
      return seen && seen.set === set && now >= seen.from && now < seen.until ? seen : null;
    },

    put(token: string, seen: Seen): void {
      if (size === 0) return;
      const own = copy(token);
      tokens.delete(own); // so that it stands behind all others
      for (const oldest of tokens.keys()) {
        if (tokens.size < size) break;
        tokens.delete(oldest);
      }
      tokens.set(own, seen);
    },

    get size(): number {
      return tokens.size;
    },
  };
}

/** copy returns the token in memory of its own: a slice would keep the whole header, with every cookie, alive. */
function copy(token: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(token));
}
