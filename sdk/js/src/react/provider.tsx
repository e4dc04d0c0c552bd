import { type ReactNode, useEffect } from "react";
import type { Auth } from "../client/types.ts";
import { AuthContext } from "./context.ts";

export interface AuthProviderProps {
  /** What `createAuth` returned, made once and outside of any component. */
  auth: Auth;
  children?: ReactNode;
}

/**
 * AuthProvider gives one auth to the components under it, and finds out who is signed in as soon as it is shown.
 *
 * ```tsx
 * import { createAuth } from "mayfly-auth";
 * import { AuthProvider } from "mayfly-auth/react";
 *
 * const auth = createAuth({ url: "/auth" });
 *
 * export const App = () => (
 *   <AuthProvider auth={auth}>
 *     <Home />
 *   </AuthProvider>
 * );
 * ```
 *
 * It never closes the auth: that belongs to the page and outlives every component, StrictMode's double mount too.
 */
export function AuthProvider({ auth, children }: AuthProviderProps): ReactNode {
  useEffect(() => void auth.init(), [auth]); // to call it twice is once
  return <AuthContext.Provider value={auth}>{children}</AuthContext.Provider>;
}
