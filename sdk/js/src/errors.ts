import type { FieldFault, ServerCode } from "./wire.ts";

/** The codes of failures that no server answered. */
export type ClientCode =
  /** The server could not be reached: offline, refused, reset. */
  | "network"
  /** The server did not answer in time. */
  | "timeout"
  /** Something else answered in the server's place: a captive portal, a firewall, a broken proxy. */
  | "unexpected_answer"
  /** The call needs somebody who is signed in, and nobody is. */
  | "signed_out"
  /** Somebody else signed in, or the sign-out came, while the call was under way; it was not carried on in their name. */
  | "user_changed"
  /** The access token expired under a call whose body was a stream, which can be sent once only. */
  | "body_not_replayable"
  /** The browser does not keep Mayfly's cookies: Mayfly is on another site than the page. */
  | "cookies_blocked"
  /** The storage that the app passed in failed. */
  | "storage"
  /** `getToken()` with delivery `cookie`, where no script can read the token. */
  | "token_not_readable";

/** Why a call failed, or why somebody was signed out. Programs act on it; the list only grows. */
export type Code = ServerCode | ClientCode;

/** What comes along with some codes. */
interface Extras {
  request_invalid: {
    /** Every part of the request that is wrong, at once. */
    readonly fields: readonly FieldFault[];
  };
  too_many_attempts: {
    /** Seconds to wait before the next try. */
    readonly retryAfter: number;
  };
}

interface Failure<C extends Code> extends Error {
  readonly name: "AuthError";
  readonly code: C;
  /** What to do, in one sentence, where there is something. */
  readonly fix?: string;
  /** The status of the server's answer. */
  readonly status?: number;
  /** What the server's log knows the request by. */
  readonly requestId?: string;
  /** Seconds to wait before the next try, where the server named them. */
  readonly retryAfter?: number;
  /** True exactly when the session is over for good. */
  readonly sessionEnded: boolean;
}

/**
 * Every failure of this package, told apart by `code`; `message` is the cause in one sentence, fit to be shown.
 *
 * ```ts
 * if (isAuthError(e) && e.code === "too_many_attempts") wait(e.retryAfter);
 * ```
 */
export type AuthError = { [C in Code]: Failure<C> & (C extends keyof Extras ? Extras[C] : unknown) }[Code];

class AuthFailure extends Error {
  override readonly name = "AuthError";
  readonly sessionEnded = false;
}

/** @internal */
export function failure<C extends Code>(
  code: C,
  message: string,
  more: Partial<Omit<Failure<C>, "name" | "code" | "message">> & {
    fields?: readonly FieldFault[];
    cause?: unknown;
  } = {},
): AuthError {
  const { cause, ...rest } = more;
  return Object.assign(new AuthFailure(message, { cause }), { code }, rest) as unknown as AuthError;
}

/** isAuthError tells the failures of this package from all others. */
export function isAuthError(e: unknown): e is AuthError {
  return e instanceof AuthFailure;
}
