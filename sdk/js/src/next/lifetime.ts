/** What an access token says of its own life, in seconds. */
export interface Lifetime {
  /** 0 when it is over. */
  readonly left: number;
  /** So long before the end the next one is fetched. */
  readonly lead: number;
}

/**
 * lifetimeOf reads an access token without checking it: the answer decides when to ask for the next one, never who
 * somebody is. A token that can not be read has no life left.
 */
export function lifetimeOf(token: string | undefined, now = Date.now() / 1000): Lifetime {
  try {
    const payload = token?.split(".")[1] ?? "";
    const { iat, exp } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    const life = exp - iat;
    if (!(life > 0)) return over;
    return { left: Math.max(exp - now, 0), lead: Math.min(60, life / 5) };
  } catch {
    return over;
  }
}

const over: Lifetime = { left: 0, lead: 0 };
