import type { Claims } from "./server/claims.ts";
import type { IncomingRequest } from "./server/incoming.ts";
import { defaultVerifier } from "./server/verifier.ts";

export type { Claims } from "./server/claims.ts";
export { type Guarded, type GuardOptions, guard, type OptionallyGuarded, optionalGuard } from "./server/guard.ts";
export type { IncomingRequest, NodeRequest, WebRequest } from "./server/incoming.ts";
export type { VerifierOptions } from "./server/options.ts";
export { type VerifyCode, VerifyError } from "./server/refusal.ts";
export type { FeedState, RevocationOptions } from "./server/revocations.ts";
export { createVerifier, type Verifier } from "./server/verifier.ts";

/**
 * verify returns who a request speaks for, with a verifier whose options are all at their defaults: the issuer is
 * MAYFLY_PUBLIC_URL. It rejects with {@link VerifyError}, which knows what to answer.
 *
 * ```ts
 * export async function GET(request: Request) {
 *   try {
 *     const { sub } = await verify(request);
 *     return Response.json(await postsOf(sub));
 *   } catch (error) {
 *     if (error instanceof VerifyError) return error.toResponse();
 *     throw error;
 *   }
 * }
 * ```
 */
export async function verify(request: IncomingRequest): Promise<Claims> {
  return defaultVerifier().verify(request);
}
