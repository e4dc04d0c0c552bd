/** For Express 4 and 5: `requireAuth` protects a route with one line, `authProxy` puts Mayfly on the app's own origin. */

import type { Claims } from "./server/claims.ts";
import { type GuardOptions, guard, type OptionallyGuarded, optionalGuard } from "./server/guard.ts";
import type { IncomingRequest, NodeRequest } from "./server/incoming.ts";

export { type AuthProxyOptions, authProxy, type ProxyHandler } from "./proxy/node.ts";
export type { Claims } from "./server/claims.ts";
export type { GuardOptions } from "./server/guard.ts";
export type { VerifierOptions } from "./server/options.ts";
export { type VerifyCode, VerifyError } from "./server/refusal.ts";
export type { FeedState, RevocationOptions } from "./server/revocations.ts";
export { createVerifier, type Verifier } from "./server/verifier.ts";

declare global {
  // The name under which Express lets its request grow; it is there for the types of Express and does no harm without.
  namespace Express {
    interface Request {
      /** Who the request speaks for: always there behind `requireAuth()`. */
      auth?: Claims;
    }
  }
}

/** What `requireAuth` reads and writes of Express's request. */
type AuthRequest = NodeRequest & { auth?: Claims };

/** What it uses of Express's response. */
interface AuthResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

/** Middleware in the shape that Express, Connect and their like take. */
export type AuthHandler = (request: AuthRequest, response: AuthResponse, next: (error?: unknown) => void) => void;

/**
 * requireAuth lets a request through only with a valid access token, and puts its claims into `req.auth`:
 *
 * ```ts
 * app.get("/posts", requireAuth(), (req, res) => res.json(postsOf(req.auth?.sub)));
 * ```
 *
 * Anything else is answered with application/problem+json and a stable code: token_missing, token_invalid,
 * token_expired or token_revoked (401), cross_origin_refused (403), request_invalid (400), unavailable (503, where the
 * keys can not be had, or not the revocations and `refuseWhenDown` is set). It throws at once where the options are wrong. Without options all routes share one verifier; with options each
 * call makes its own, so give several routes one of {@link createVerifier}; that is also how the revocation feed is
 * followed, and closed:
 *
 * ```ts
 * const verifier = createVerifier({ revocations: true });
 * app.get("/posts", requireAuth(verifier), (req, res) => res.json(postsOf(req.auth?.sub)));
 * process.once("SIGTERM", () => server.close(() => verifier.close()));
 * ```
 */
export function requireAuth(options?: GuardOptions): AuthHandler {
  return middleware(guard(options));
}

/**
 * optionalAuth is {@link requireAuth} for what anybody may see: a request without a token passes, with no `req.auth`. A
 * token that is expired, revoked or invalid is refused all the same: its sender believes to be signed in, and the refusal is
 * what makes a client refresh.
 */
export function optionalAuth(options?: GuardOptions): AuthHandler {
  return middleware(optionalGuard(options));
}

function middleware(check: (request: IncomingRequest) => Promise<OptionallyGuarded>): AuthHandler {
  return (request, response, next) => {
    check(request).then(({ claims, refusal }) => {
      if (!refusal) {
        if (claims) request.auth = claims;
        return next();
      }
      response.statusCode = refusal.status;
      for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value);
      response.end(refusal.body);
    }, next);
  };
}
