import { type Claims, readClaims } from "./claims.ts";
import { Malformed } from "./json.ts";
import type { Token } from "./token.ts";

/** What a resource server demands of a token (RFC 9068 section 4). Times are in seconds. */
export interface Rules {
  readonly issuer: string;
  readonly audience: string;
  /** How far clocks may differ. */
  readonly leeway: number;
}

/** Why a token whose signature is right is still refused. */
export class Refused extends Error {
  readonly why: "expired" | "issuer" | "audience";
  constructor(why: "expired" | "issuer" | "audience", message: string) {
    super(message);
    this.why = why;
  }
}

/**
 * checkRules reads the claims of a token and applies the rules, at `now` in seconds since 1970. It does not check the
 * signature.
 */
export function checkRules(token: Token, rules: Rules, now: number): Claims {
  // The type keeps ID tokens, logout tokens and others that the same key may sign from being spent as access tokens
  // (RFC 8725 section 3.11). A media type knows no case, and its "application/" may be left out (RFC 7515 section 4.1.9).
  if (token.type.toLowerCase().replace(/^application\//, "") !== "at+jwt") {
    throw new Malformed("its typ is not at+jwt: it is no access token");
  }
  const claims = readClaims(token.payload);
  if (claims.iss !== rules.issuer) {
    throw new Refused("issuer", `it is from another issuer (${rules.issuer} is expected)`);
  }
  const audience = typeof claims.aud === "string" ? [claims.aud] : claims.aud;
  if (!audience.includes(rules.audience)) {
    throw new Refused("audience", `it is for another audience (${rules.audience} is expected)`);
  }
  checkTimes(claims, rules.leeway, now);
  return claims;
}

function checkTimes(claims: Claims, leeway: number, now: number): void {
  if (Math.floor(claims.iat) > Math.floor(claims.exp)) throw new Malformed("it was issued after it expires");
  // A token from the future is one from a clock that can not be trusted about exp either.
  if (Math.floor(Math.max(claims.iat, claims.nbf ?? 0)) > now + leeway) throw new Malformed("it is not valid yet");
  if (now >= endOf(claims, leeway)) throw new Refused("expired", "it has expired");
}

/** endOf returns from when on a token is over: on exp, not after it (RFC 7519 section 4.1.4). A fraction is dropped. */
export function endOf(claims: Claims, leeway: number): number {
  return Math.floor(claims.exp) + leeway;
}
