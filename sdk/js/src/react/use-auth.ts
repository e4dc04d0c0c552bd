import { useContext, useMemo, useSyncExternalStore } from "react";
import type { Auth, AuthState } from "../client/types.ts";
import type { User } from "../wire.ts";
import { AuthContext } from "./context.ts";

/**
 * The state, told apart by `status`, and what one can do about it. `user` is null unless somebody is signed in.
 * The same object until the state changes.
 */
export type UseAuth = AuthState & { readonly user: User | null } & Pick<
    Auth,
    "register" | "login" | "logout" | "fetch" | "getToken" | "refresh" | "sessions"
  >;

/**
 * useAuth returns who is signed in and draws the component again when that changes.
 *
 * ```tsx
 * function Home() {
 *   const { status, user, login, logout } = useAuth();
 *   if (status === "loading") return <p>One moment</p>;
 *   if (!user) return <button onClick={() => login({ identifier: "ada", password: "…" })}>Sign in</button>;
 *   return <button onClick={() => logout()}>Sign out {user.email}</button>;
 * }
 * ```
 *
 * Rendered on a server, and while a page comes alive, the status is `loading`: what differs between the two would be
 * thrown away. Throws outside of an AuthProvider.
 */
export function useAuth(): UseAuth {
  const auth = useContext(AuthContext);
  if (!auth) {
    throw new Error(
      "useAuth is called outside of an AuthProvider; fix: put <AuthProvider auth={auth}> around your app",
    );
  }
  const state = useSyncExternalStore(auth.onChange, () => auth.state, onServer);
  return useMemo(() => {
    const { register, login, logout, fetch, getToken, refresh, sessions } = auth;
    return { user: null, ...state, register, login, logout, fetch, getToken, refresh, sessions };
  }, [auth, state]);
}

const loading: AuthState = { status: "loading", reconnecting: false };
const onServer = () => loading;
