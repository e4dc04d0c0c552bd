import { type Algorithm, webCrypto } from "./algorithm.ts";
import type { Token } from "./token.ts";

/** A key that checks signatures of exactly one algorithm. */
export interface VerifyingKey {
  /** `kid`; "" where there is none. */
  readonly id: string;
  readonly algorithm: Algorithm;
  readonly handle: CryptoKey;
}

/** RFC 7518 section 3.2: no shorter than the hash. */
const minSecret = 32;

/**
 * isSigned reports whether the key made the token's signature. The key decides the algorithm: a token whose header
 * names another is not even looked at, so that a public key is never taken for an HMAC secret (RFC 8725 section 3.1).
 */
export async function isSigned(token: Token, key: VerifyingKey): Promise<boolean> {
  if (token.algorithm !== key.algorithm || !hasForm(key.algorithm, token.signature)) return false;
  return crypto.subtle.verify(webCrypto[key.algorithm], key.handle, token.signature, token.input);
}

/**
 * hasForm refuses what some runtime may let through: an ES256 signature in DER, and r or s zero, which a careless
 * verifier accepts for every message ("psychic signatures", CVE-2022-21449).
 */
function hasForm(algorithm: Algorithm, signature: Uint8Array): boolean {
  if (algorithm !== "ES256") return true;
  const isZero = (byte: number) => byte === 0;
  return signature.length === 64 && !signature.subarray(0, 32).every(isZero) && !signature.subarray(32).every(isZero);
}

/** secretBytes returns a shared secret that is long enough, or throws an error that says how to make one. */
export function secretBytes(secret: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : Uint8Array.from(secret);
  if (bytes.length < minSecret) {
    throw new TypeError(
      `mayfly: sharedSecret has ${bytes.length} bytes, at least ${minSecret} are needed, or it can be guessed from ` +
        "any one token: make one with `openssl rand -base64 32`",
    );
  }
  return bytes;
}

/** importSecret makes the one key of HS256. */
export async function importSecret(bytes: Uint8Array<ArrayBuffer>): Promise<VerifyingKey> {
  const handle = await crypto.subtle.importKey("raw", bytes, webCrypto.HS256, false, ["verify"]);
  return { id: "", algorithm: "HS256", handle };
}
