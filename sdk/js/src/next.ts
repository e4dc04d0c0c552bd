/**
 * Mayfly in a Next.js app (15 or 16, App Router): server components verify, one place refreshes.
 *
 * ```ts
 * // mayfly.ts
 * import { createServerAuth, type NextOptions } from "mayfly-auth/next";
 *
 * export const mayfly: NextOptions = { issuer: "http://localhost:3000/auth", target: "http://localhost:8080" };
 * export const auth = createServerAuth(mayfly);
 * ```
 *
 * Then `proxy.ts` takes {@link mayflyMiddleware}, and `app/auth/[...path]/route.ts` takes {@link authRoutes}.
 *
 * @module mayfly-auth/next
 */
export { mayflyMiddleware } from "./next/middleware.ts";
export { type AuthRoutesOptions, authRoutes, type RouteHandler } from "./next/routes.ts";
export { createServerAuth, type ServerSession } from "./next/session.ts";
export type { NextOptions } from "./next/settings.ts";
