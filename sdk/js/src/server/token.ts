import { type Algorithm, toAlgorithm } from "./algorithm.ts";
import { decodeBase64url } from "./base64url.ts";
import { decodeObject, Malformed } from "./json.ts";

/**
 * The most characters that a token may have. It bounds the work a stranger can ask for before a signature is checked;
 * a header line or a cookie would refuse a longer one anyway.
 */
export const maxTokenLength = 8192;

/** A token taken apart. Nothing in it can be believed before its signature is checked. */
export interface Token {
  readonly algorithm: Algorithm;
  /** `kid`, chosen by whoever made the token: look it up, never build an address from it. "" where there is none. */
  readonly keyId: string;
  /** `typ`, as it was written. */
  readonly type: string;
  readonly payload: Uint8Array;
  /** header.payload as they were signed. */
  readonly input: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/**
 * Members that no header may carry: extensions that we do not understand (`crit`, an empty list too, RFC 7515 section
 * 4.1.11), what changes the signed text (`b64`, RFC 7797, and `zip`), and keys that a token brings for itself.
 */
const refused = ["crit", "b64", "zip", "jku", "jwk", "x5u", "x5c"];

const encoder = new TextEncoder();

/**
 * parseToken takes a JWS in its compact form (RFC 7515 section 3.1) apart and checks its form, not its signature:
 * three parts of canonical base64url, none of them empty, and a header that says nothing it must not. Everything else
 * is {@link Malformed}.
 */
export function parseToken(text: string): Token {
  if (text.length > maxTokenLength) throw new Malformed("the token is too long");
  const parts = text.split(".", 4);
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header || !payload || !signature) {
    throw new Malformed("a token has three parts, none of them empty");
  }
  return {
    ...readHeader(decodeObject(decodePart(header))),
    payload: decodePart(payload),
    input: encoder.encode(text.slice(0, header.length + 1 + payload.length)),
    signature: decodePart(signature),
  };
}

function decodePart(part: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64url(part);
  if (!bytes) throw new Malformed("a part of the token is not canonical base64url");
  return bytes;
}

function readHeader(members: Record<string, unknown>): Pick<Token, "algorithm" | "keyId" | "type"> {
  for (const name of refused) {
    if (Object.hasOwn(members, name)) throw new Malformed(`the header carries ${name}`);
  }
  const algorithm = toAlgorithm(readText(members, "alg"));
  if (!algorithm) throw new Malformed("the algorithm is not allowed here");
  return { algorithm, keyId: readText(members, "kid"), type: readText(members, "typ") };
}

/** readText returns a member that is a string, "" for an absent one. null is no string. */
export function readText(members: Record<string, unknown>, name: string): string {
  if (!Object.hasOwn(members, name)) return "";
  const value = members[name];
  if (typeof value !== "string") throw new Malformed(`${name} is not a string`);
  return value;
}
