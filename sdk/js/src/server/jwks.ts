import { type Algorithm, toAlgorithm, webCrypto } from "./algorithm.ts";
import { decodeBase64url } from "./base64url.ts";
import { decodeObject, isObject, Malformed } from "./json.ts";
import type { VerifyingKey } from "./key.ts";
import { readText } from "./token.ts";

/** One answer of the issuer. It never changes: what was verified with one set is verified anew with the next. */
export interface KeySet {
  readonly byId: ReadonlyMap<string, VerifyingKey>;
  /** As it came: two sets with the same text are one. */
  readonly text: string;
}

/** Members of a private or a shared key. Who publishes one has a leak to close, and a stolen key proves nothing. */
const secretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/** What {@link readJwk} makes of a key before WebCrypto sees it. */
interface PublicJwk {
  id: string;
  algorithm: Algorithm;
  /** Only the members that make the key: no `use`, `key_ops` or `ext` that a runtime may judge in its own way. */
  jwk: JsonWebKey;
}

/**
 * parseKeySet reads a JWK Set (RFC 7517 section 5). Keys that can not be used are skipped, so that an issuer may add
 * new kinds without breaking anybody. A set that carries a private member, or two usable keys under one `kid`, is
 * refused as a whole: which of the two verifies would depend on their order.
 */
export async function parseKeySet(bytes: Uint8Array): Promise<KeySet> {
  const { keys } = decodeObject(bytes);
  if (!Array.isArray(keys)) throw new Malformed("a key set has a list named keys");
  const byId = new Map<string, VerifyingKey>();
  for (const members of keys) {
    if (!isObject(members)) continue;
    if (secretMembers.some((name) => Object.hasOwn(members, name))) {
      throw new Malformed("a key carries its private part: replace it and publish only the public members");
    }
    const key = await usable(members);
    if (!key) continue;
    if (byId.has(key.id)) throw new Malformed("two keys of the set share one kid");
    byId.set(key.id, key);
  }
  return { byId, text: new TextDecoder().decode(bytes) };
}

async function usable(members: Record<string, unknown>): Promise<VerifyingKey | null> {
  try {
    const { id, algorithm, jwk } = readJwk(members);
    // The import checks that x and y are a point of the curve: otherwise an invalid-curve attack, or a typing error.
    const handle = await crypto.subtle.importKey("jwk", jwk, webCrypto[algorithm], false, ["verify"]);
    return { id, algorithm, handle };
  } catch {
    return null;
  }
}

/**
 * readJwk reads a public key. The algorithm is `alg` or, without one, what the curve fixes. An RSA key must name its
 * own: two algorithms fit it, and to guess is to use one key for both (RFC 8725 section 3.1).
 */
function readJwk(members: Record<string, unknown>): PublicJwk {
  const text = (name: string) => readText(members, name);
  const use = text("use");
  if (use !== "" && use !== "sig") throw new Malformed("the key is not for signatures");
  const operations = members.key_ops;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) {
    throw new Malformed("the key is not for verifying");
  }
  const [kty, crv, named] = [text("kty"), text("crv"), text("alg")];
  const key = (algorithm: Algorithm, jwk: JsonWebKey): PublicJwk => {
    if (toAlgorithm(named || algorithm) !== algorithm) throw new Malformed("alg does not fit the key");
    return { id: text("kid"), algorithm, jwk };
  };
  if (kty === "EC" && crv === "P-256" && hasBytes(text("x"), 32) && hasBytes(text("y"), 32)) {
    return key("ES256", { kty, crv, x: text("x"), y: text("y") });
  }
  if (kty === "OKP" && crv === "Ed25519" && hasBytes(text("x"), 32)) return key("EdDSA", { kty, crv, x: text("x") });
  if (kty === "RSA" && (named === "RS256" || named === "PS256") && isRsa(text("n"), text("e"))) {
    return key(named, { kty, n: text("n"), e: text("e") });
  }
  throw new Malformed("this kind of key is not known");
}

function hasBytes(text: string, length: number): boolean {
  return decodeBase64url(text)?.length === length;
}

/**
 * isRsa holds a modulus to 2048 bits at least (RFC 7518 section 3.3) and 8192 at most, since the work of a verification
 * grows with the square, and both numbers to their shortest form (Base64urlUInt, RFC 7518 section 2).
 */
function isRsa(modulus: string, exponent: string): boolean {
  const [n, e] = [decodeBase64url(modulus), decodeBase64url(exponent)];
  if (!n?.[0] || !e?.[0] || e.length > 4) return false;
  const bits = n.length * 8 - Math.clz32(n[0]) + 24;
  const power = e.reduce((sum, byte) => sum * 256 + byte, 0);
  return bits >= 2048 && bits <= 8192 && isOdd(n) && isOdd(e) && power >= 3 && power < 2 ** 31;
}

function isOdd(number: Uint8Array): boolean {
  return (number.at(-1) ?? 0) % 2 === 1;
}
