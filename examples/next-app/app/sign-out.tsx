"use client";
import { useAuth } from "mayfly-auth/react";
import { useRouter } from "next/navigation";

export function SignOut() {
  const { status, user, logout } = useAuth();
  const router = useRouter();
  const leave = async () => {
    await logout();
    router.replace("/sign-in");
  };
  return (
    <button type="button" disabled={status === "loading"} onClick={leave}>
      Sign out {user?.email}
    </button>
  );
}
