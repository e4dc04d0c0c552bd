import { createServerAuth, type NextOptions } from "mayfly-auth/next";

export const mayfly: NextOptions = {
  issuer: process.env.MAYFLY_PUBLIC_URL ?? "http://localhost:3000/auth",
  target: process.env.MAYFLY_TARGET ?? "http://localhost:8080",
};

/** Who is signed in, for server components, route handlers and server actions. */
export const auth = createServerAuth(mayfly);
