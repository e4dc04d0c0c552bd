/**
 * Mayfly in the browser: sign in once, stay signed in.
 *
 * @module mayfly-auth
 */
export { createAuth } from "./client/auth.ts";
export type {
  Auth,
  AuthOptions,
  AuthState,
  Credentials,
  LogoutScope,
  Registration,
  TokenStorage,
} from "./client/types.ts";
export { type AuthError, type ClientCode, type Code, isAuthError } from "./errors.ts";
export type { Delivery, Device, EndCode, FieldFault, ServerCode, Session, SignedIn, User } from "./wire.ts";
