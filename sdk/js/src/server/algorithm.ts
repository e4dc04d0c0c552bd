/** A signature algorithm as a header names it: RFC 7518 section 3 and, for EdDSA, Ed25519 only (RFC 8037). */
export type Algorithm = "ES256" | "EdDSA" | "RS256" | "PS256" | "HS256";

/** What WebCrypto wants to know of an algorithm, to import a key and to check a signature. */
interface Parameters {
  readonly name: string;
  readonly hash?: string;
  readonly namedCurve?: string;
  readonly saltLength?: number;
}

export const webCrypto: Readonly<Record<Algorithm, Parameters>> = {
  ES256: { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" },
  EdDSA: { name: "Ed25519" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 }, // RFC 7518 section 3.5: as long as the hash
  HS256: { name: "HMAC", hash: "SHA-256" },
};

/**
 * toAlgorithm returns the algorithm of this name, null for every other, `none` in any spelling among them. RFC 9864
 * calls Ed25519 what RFC 8037 called EdDSA: two spellings, still one algorithm of one key.
 */
export function toAlgorithm(name: string): Algorithm | null {
  if (name === "Ed25519") return "EdDSA";
  return Object.hasOwn(webCrypto, name) ? (name as Algorithm) : null;
}
