import { decodeObject, Malformed } from "./json.ts";

/**
 * What a verified access token states (RFC 9068 section 2.2), under the names it has there. All dates are seconds since
 * 1970. The profile (`email` to `roles`) is as it was when the token was made, some minutes ago at most.
 *
 * The object is frozen through and through, because every request with the same token is given the same one.
 */
export interface Claims {
  readonly iss: string;
  /** The user's id: the one name of a person that never changes. */
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly nbf?: number;
  /** Id of this token. */
  readonly jti: string;
  /** Id of the session, that is of the device. */
  readonly sid?: string;
  readonly client_id: string;
  /** When the person signed in. */
  readonly auth_time?: number;
  /** How the person signed in: names of RFC 8176. */
  readonly amr?: readonly string[];
  /** Separated by spaces. */
  readonly scope?: string;

  readonly email?: string;
  readonly email_verified?: boolean;
  readonly preferred_username?: string;
  readonly name?: string;
  /** Always a list, so that `claims.roles.includes("admin")` answers instead of throwing. */
  readonly roles: readonly string[];

  /** What the operator of Mayfly renamed or added, as it was written. */
  readonly [claim: string]: unknown;
}

/** The last second of the year 9999: a later one overflows in other readers. */
const maxDate = 253402300799;

const isText = (value: unknown) => typeof value === "string";
const isTextList = (value: unknown) => Array.isArray(value) && value.every(isText);
/** NumericDate, RFC 7519 section 2. */
const isDate = (value: unknown) => typeof value === "number" && value >= 0 && value <= maxDate;

type Check = (value: unknown) => boolean;

const required: Record<string, Check> = {
  iss: (value) => isText(value) && value !== "",
  sub: (value) => isText(value) && value !== "",
  aud: (value) => isText(value) || isTextList(value),
  exp: isDate,
  iat: isDate,
  jti: (value) => isText(value) && value !== "",
  client_id: (value) => isText(value) && value !== "",
};

const optional: Record<string, Check> = {
  sid: isText,
  scope: isText,
  nbf: isDate,
  auth_time: isDate,
  amr: isTextList,
};

/** An operator may have given these names to something else, so another type makes no token malformed. */
const profile: Record<string, Check> = {
  email: isText,
  email_verified: (value) => typeof value === "boolean",
  preferred_username: isText,
  name: isText,
  roles: isTextList,
};

/**
 * readClaims decodes a payload. A registered claim that is missing, or of another type than the RFCs give it, is
 * {@link Malformed}. A claim of the profile that is not of its type is left out: `roles` as a string would make
 * `roles.includes("admin")` true for "not-an-admin".
 */
export function readClaims(payload: Uint8Array): Claims {
  const members = decodeObject(payload);
  for (const [name, check] of Object.entries({ ...required, ...optional })) {
    if (!Object.hasOwn(members, name)) {
      if (name in required) throw new Malformed(`${name} is missing`);
    } else if (!check(members[name])) {
      throw new Malformed(`${name} is not of the type that it must have, or empty`);
    }
  }
  for (const [name, check] of Object.entries(profile)) {
    if (Object.hasOwn(members, name) && !check(members[name])) delete members[name];
  }
  if (!Object.hasOwn(members, "roles")) members.roles = [];
  return freeze(members) as Claims;
}

/** Depth is bounded by decodeObject. */
function freeze<T>(value: T): Readonly<T> {
  if (typeof value !== "object" || value === null) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
