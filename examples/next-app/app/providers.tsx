"use client";
import { createAuth } from "mayfly-auth";
import { AuthProvider } from "mayfly-auth/react";
import type { ReactNode } from "react";

// While a server renders this, there is no page whose origin a path could belong to; nothing is asked there either.
const auth = createAuth({ url: globalThis.location ? "/auth" : "http://localhost:3000/auth" });

export function Providers({ children }: { children: ReactNode }) {
  return <AuthProvider auth={auth}>{children}</AuthProvider>;
}
