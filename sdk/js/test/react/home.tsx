import { useEffect, useState } from "react";
import type { Auth } from "../../src/index.ts";
import { AuthProvider, useAuth } from "../../src/react.tsx";

/** What the tests count in the page. */
declare global {
  var mounts: number;
  var values: Set<object>;
}

/** A small app: who is signed in, a call to the API, and the ways in and out. */
export function Home({ auth, who }: { auth: Auth; who: { email: string; password: string } }) {
  return (
    <AuthProvider auth={auth}>
      <Status />
      <Posts />
      <Door who={who} />
    </AuthProvider>
  );
}

export function Status() {
  const value = useAuth();
  useEffect(() => {
    globalThis.mounts = (globalThis.mounts ?? 0) + 1;
  }, []);
  useEffect(() => {
    globalThis.values ??= new Set();
    globalThis.values.add(value);
  }, [value]);
  return (
    <p id="status">
      {value.status} {value.user?.email}
    </p>
  );
}

function Posts() {
  const { user, fetch } = useAuth();
  const [owner, setOwner] = useState("");
  const ask = async () => setOwner((await (await fetch("/api/posts")).json()).user);
  return (
    <>
      <button id="ask" type="button" onClick={ask}>
        Ask
      </button>
      <p id="posts">{owner && (owner === user?.id ? "mine" : "somebody else's")}</p>
    </>
  );
}

function Door({ who }: { who: { email: string; password: string } }) {
  const { register, login, logout } = useAuth();
  return (
    <>
      <button id="register" type="button" onClick={() => register(who)} />
      <button id="login" type="button" onClick={() => login({ identifier: who.email, password: who.password })} />
      <button id="logout" type="button" onClick={() => logout()} />
    </>
  );
}
