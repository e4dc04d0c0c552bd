"use client";
import { isAuthError } from "mayfly-auth";
import { useAuth } from "mayfly-auth/react";
import { useRouter } from "next/navigation";
import { useState } from "react";

export default function SignIn() {
  const { login, register } = useAuth();
  const router = useRouter();
  const [fault, setFault] = useState("");

  const enter = async (form: FormData) => {
    const [email, password] = [String(form.get("email")), String(form.get("password"))];
    try {
      await (form.get("new") ? register({ email, password }) : login({ identifier: email, password }));
      router.replace("/");
      router.refresh(); // what was rendered for nobody is of no use any more
    } catch (e) {
      setFault(isAuthError(e) ? e.message : "That did not work.");
    }
  };
  return (
    <main>
      <h1>Sign in</h1>
      <form action={enter}>
        <input name="email" type="email" aria-label="Email" autoComplete="username" required />
        <input name="password" type="password" aria-label="Password" autoComplete="current-password" required />
        <label>
          <input name="new" type="checkbox" /> I am new here
        </label>
        <button type="submit">Go on</button>
        <p role="alert">{fault}</p>
      </form>
    </main>
  );
}
