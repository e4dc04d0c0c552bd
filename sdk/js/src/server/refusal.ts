/** Why a request is refused. Programs act on it; the list only grows. */
export type VerifyCode =
  | "token_missing"
  | "token_invalid"
  | "token_expired"
  | "token_revoked"
  | "cross_origin_refused"
  | "request_invalid"
  | "unavailable";

/** The statuses of refusals, with their names (RFC 9110 section 15). */
const titles = { 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 503: "Service Unavailable" } as const;

interface Refusal {
  readonly code: VerifyCode;
  readonly status: keyof typeof titles;
  readonly detail: string;
  readonly fix: string;
  /** WWW-Authenticate. */
  readonly challenge?: string;
}

const invalid: Refusal = {
  code: "token_invalid",
  status: 401,
  detail: "The access token is not one that this server accepts.",
  fix: "Refresh for a new one, or sign in.",
  challenge: 'Bearer error="invalid_token", error_description="invalid"',
};

/** Every refusal that there is. */
export const refusals = {
  missing: {
    code: "token_missing",
    status: 401,
    detail: "The request has no access token.",
    fix: "Sign in, then send the access cookie or `Authorization: Bearer <access token>`.",
    challenge: "Bearer", // a request without credentials gets no error code: RFC 6750 section 3.1
  },
  expired: {
    code: "token_expired",
    status: 401,
    detail: "The access token has expired, as it should after some minutes.",
    fix: "Refresh, then send this request once more with the new access token.",
    challenge: 'Bearer error="invalid_token", error_description="expired"',
  },
  revoked: {
    code: "token_revoked",
    status: 401,
    detail: "The session of this access token has ended.",
    fix: "Refresh, which tells why it ended; then sign in again.",
    challenge: 'Bearer error="invalid_token", error_description="revoked"',
  },
  invalid,
  // The two that are nearly always a setting, so that it is found without a log.
  audience: {
    ...invalid,
    detail: "The access token was made for another audience.",
    fix: "Set `audience` of this server's verifier to what the tokens have in aud.",
  },
  issuer: {
    ...invalid,
    detail: "The access token is from another issuer.",
    fix: "Set `issuer` of this server's verifier to the public URL of Mayfly, letter by letter.",
  },
  ambiguous: {
    code: "request_invalid",
    status: 400,
    detail: "The request has more than one Authorization header, or two different access cookies.",
    fix: "Send one. In a browser, clear the cookies of this site and of its parent domains, then sign in again.",
    challenge: 'Bearer error="invalid_request"',
  },
  crossOrigin: {
    code: "cross_origin_refused",
    status: 403,
    detail: "The request changes something and was sent by a page of another origin.",
    fix: "Call from a page of this origin, or add the page's origin to `allowedOrigins` of the verifier.",
  },
  unavailable: {
    code: "unavailable",
    status: 503,
    detail: "This server can not get the keys to check access tokens with; the token may well be good.",
    fix: "Try again after the seconds in Retry-After.",
  },
  unknown: {
    code: "unavailable",
    status: 503,
    detail: "This server can not tell at the moment whether the session goes on; the token may well be good.",
    fix: "Try again after the seconds in Retry-After.",
  },
} as const satisfies Record<string, Refusal>;

/** What happened, besides the refusal itself. */
interface Circumstances {
  issuer: string;
  /** The cause for a log: never a part of the token. */
  reason?: string;
  /** Seconds. */
  retryAfter?: number;
}

/** VerifyError says that a request may not go on, and what to answer. `message` has the reason, for a log. */
export class VerifyError extends Error {
  override readonly name = "VerifyError";
  readonly code: VerifyCode;
  readonly status: number;
  /** The cause, one sentence, fit to be shown. */
  readonly detail: string;
  /** What to do, one sentence. */
  readonly fix: string;
  /** Seconds to wait before the next try; with `unavailable` only. */
  readonly retryAfter?: number;
  /** The headers of the answer, with names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body of the answer: RFC 9457. */
  readonly problem: {
    readonly type: string;
    readonly title: string;
    readonly status: number;
    readonly code: VerifyCode;
    readonly detail: string;
    readonly fix: string;
  };

  /** @internal */
  constructor(refusal: Refusal, { issuer, reason, retryAfter }: Circumstances) {
    super(reason ?? refusal.detail);
    const { code, status, detail, fix, challenge } = refusal;
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.fix = fix;
    if (status === 503) this.retryAfter = Math.max(1, Math.ceil(retryAfter ?? 1));
    this.problem = {
      type: `${issuer.replace(/\/+$/, "")}/docs#${code}`,
      title: titles[status],
      status,
      code,
      detail,
      fix,
    };
    this.headers = {
      "content-type": "application/problem+json",
      "cache-control": "private, no-store",
      ...(challenge && { "www-authenticate": challenge }),
      ...(this.retryAfter && { "retry-after": String(this.retryAfter) }),
    };
  }

  /** {@link problem} as JSON text. */
  get body(): string {
    return JSON.stringify(this.problem);
  }

  /** The answer for the client: application/problem+json with the challenge of RFC 6750 section 3. */
  toResponse(): Response {
    return new Response(this.body, { status: this.status, headers: this.headers });
  }
}
