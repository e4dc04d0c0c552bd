import type { Claims } from "./claims.ts";
import type { IncomingRequest } from "./incoming.ts";
import type { VerifierOptions } from "./options.ts";
import { VerifyError } from "./refusal.ts";
import { createVerifier, defaultVerifier, type Verifier } from "./verifier.ts";

/** Options of a verifier that a guard makes for itself, or a verifier that several share, with the tokens it has seen. */
export type GuardOptions = VerifierOptions | Verifier;

/** Who a request speaks for, or what to answer instead: `refusal.toResponse()`, or its `status`, `headers` and `body`. */
export type Guarded =
  | { readonly claims: Claims; readonly refusal: null }
  | { readonly claims: null; readonly refusal: VerifyError };

/** The same where anybody may come: no token is no claims and no refusal. */
export type OptionallyGuarded = Guarded | { readonly claims: null; readonly refusal: null };

/**
 * guard is what middleware of any framework is made of. It takes a web `Request` or a request of Node's.
 *
 * ```ts
 * const check = guard();
 * app.use("/posts/*", async (c, next) => {              // Hono
 *   const { claims, refusal } = await check(c.req.raw);
 *   if (refusal) return refusal.toResponse();
 *   c.set("auth", claims);
 *   await next();
 * });
 * ```
 *
 * A refusal that is forgotten opens nothing: there are no claims then. Errors other than a refusal reject.
 */
export function guard(options?: GuardOptions): (request: IncomingRequest) => Promise<Guarded> {
  const { verify } = verifierOf(options);
  return async (request) => {
    try {
      return { claims: await verify(request), refusal: null };
    } catch (error) {
      if (error instanceof VerifyError) return { claims: null, refusal: error };
      throw error;
    }
  };
}

/**
 * optionalGuard is {@link guard} for what anybody may see. A token that is expired, revoked or invalid is refused all the same:
 * its sender believes to be signed in, and the refusal is what makes a client refresh.
 */
export function optionalGuard(options?: GuardOptions): (request: IncomingRequest) => Promise<OptionallyGuarded> {
  const check = guard(options);
  return async (request) => {
    const guarded = await check(request);
    return guarded.refusal?.code === "token_missing" ? { claims: null, refusal: null } : guarded;
  };
}

function verifierOf(options: GuardOptions | undefined): Verifier {
  if (!options) return defaultVerifier();
  return "verifyToken" in options ? options : createVerifier(options);
}
