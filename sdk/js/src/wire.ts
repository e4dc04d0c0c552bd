/** What travels between a client and Mayfly, as `/openapi.json` of the server describes it. */

/** A person with an account. */
export interface User {
  /** Never changes and is never given to another user. */
  id: string;
  email: string;
  email_verified: boolean;
  username?: string;
  name?: string;
  /** What an administrator allows this user, in the words of your app. */
  roles: string[];
  /** Data that an administrator keeps with the user. */
  metadata?: Record<string, unknown>;
  /** RFC 3339. */
  created_at: string;
}

/** One signed-in device of one user. All times are RFC 3339, by the server's clock. */
export interface Session {
  /** The same from sign-in to its end. */
  id: string;
  created_at: string;
  /** When the session ends unless it is refreshed before. */
  idle_expires_at: string;
  /** When the session ends at the latest. */
  expires_at: string;
}

/** A session as the list of devices shows it. */
export interface Device extends Session {
  /** The user agent in words: "Firefox on Linux". */
  device: string;
  user_agent: string;
  address: string;
  last_used_at: string;
  /** Whether it is the session that asks. */
  current: boolean;
}

/**
 * How tokens travel: `cookie` (both in HttpOnly cookies), `hybrid` (the refresh token in a cookie, the access token in
 * the answer), `body` (both in the answer).
 */
export type Delivery = "cookie" | "hybrid" | "body";

/** The answer to a sign-in and to a refresh. */
export interface SignedIn {
  user: User;
  session: Session;
  /** Seconds until the access token expires, wherever it travels. */
  access_expires_in: number;
  server_time: string;
  /** Deliveries `hybrid` and `body`. */
  access_token?: string;
  /** Delivery `body`. */
  refresh_token?: string;
}

/** What is wrong with one part of a request. */
export interface FieldFault {
  field: string;
  /** The cause, in one sentence. */
  detail: string;
  /** What to do, in one sentence. */
  fix?: string;
}

/** A failure (RFC 9457). */
export interface Problem {
  status: number;
  code: ServerCode;
  detail: string;
  fix?: string;
  request_id?: string;
  session_ended?: true;
  errors?: FieldFault[];
}

/** Codes of a session that is over, or of a refresh that named none. */
export type EndCode =
  | "refresh_missing"
  | "refresh_invalid"
  | "refresh_reused"
  | "session_expired"
  | "session_revoked"
  | "user_disabled";

/** The codes that the server answers with. The list only grows. */
export type ServerCode =
  | EndCode
  | "token_missing"
  | "token_invalid"
  | "token_expired"
  | "token_revoked"
  | "credentials_invalid"
  | "too_many_attempts"
  | "identifier_taken"
  | "password_weak"
  | "request_invalid"
  | "cross_origin_refused"
  | "not_found"
  | "unavailable"
  | "internal";
