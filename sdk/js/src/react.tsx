"use client";
/**
 * Mayfly in React (18 or 19): who is signed in, as state.
 *
 * @module mayfly-auth/react
 */
export { AuthProvider, type AuthProviderProps } from "./react/provider.tsx";
export { type UseAuth, useAuth } from "./react/use-auth.ts";
