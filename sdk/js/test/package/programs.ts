/** A page's own code, with nothing installed but the package. */
export const alone = `
import { type AuthState, createAuth, isAuthError, type User } from "mayfly-auth";

const auth = createAuth({ url: "/auth", apis: ["https://api.example.com"] });
const stop: () => void = auth.onChange((state: AuthState) => {
  if (state.status === "signed-in") greet(state.user);
  else if (state.status === "signed-out" && state.reason) alert(state.reason.message);
});
const greet = (user: User) => { document.title = user.name ?? user.email; };

export async function signIn(identifier: string, password: string): Promise<number> {
  try {
    await auth.login({ identifier, password });
    return (await auth.fetch("/api/posts")).status;
  } catch (e) {
    if (isAuthError(e) && e.code === "too_many_attempts") return e.retryAfter;
    if (isAuthError(e) && e.code === "request_invalid") return e.fields.length;
    stop();
    throw e;
  }
}
`;

/** A program that uses every entry but that for Next.js, as the documentation shows it. */
export const program = `
import express, { type Express } from "express";
import { type AuthState, createAuth, type TokenStorage } from "mayfly-auth";
import { authProxy, optionalAuth, requireAuth } from "mayfly-auth/express";
import { createProxy } from "mayfly-auth/proxy";
import { AuthProvider, type UseAuth, useAuth } from "mayfly-auth/react";
import { type Claims, createVerifier, guard, verify, VerifyError } from "mayfly-auth/server";
import { mayflyProxy } from "mayfly-auth/vite";
import { defineConfig } from "vite";

const storage: TokenStorage = { get: () => null, set: () => {} };
export const native = createAuth({ url: "https://auth.example.com", delivery: "body", storage });
export const state: Promise<AuthState> = native.init();
export const token: Promise<string | null> = native.getToken();

export const app: Express = express();
app.use("/auth", authProxy({ target: "http://localhost:8080" }));
app.get("/posts", requireAuth(), (req, res) => { res.json([req.auth?.sub satisfies string | undefined]); });
app.get("/", optionalAuth(), (req, res) => { res.send(req.auth?.name ?? "stranger"); });

export async function GET(request: Request): Promise<Response> {
  try {
    const claims: Claims = await verify(request);
    return Response.json([claims.sub, claims.roles.includes("admin")]);
  } catch (error) {
    if (error instanceof VerifyError) return error.toResponse();
    throw error;
  }
}
export const check = guard(createVerifier({ issuer: "https://auth.example.com" }));
export const proxy: (request: Request) => Promise<Response> = createProxy({ target: "http://localhost:8080" });

function Home() {
  const { status, user, logout }: UseAuth = useAuth();
  return <button type="button" onClick={() => logout()}>{status === "loading" ? "One moment" : user?.email}</button>;
}
export const Page = () => <AuthProvider auth={native}><Home /></AuthProvider>;

export default defineConfig({ plugins: [mayflyProxy()] });
`;

/** The parts of a Next.js app. */
export const nextApp = `
import { authRoutes, createServerAuth, mayflyMiddleware, type NextOptions, type ServerSession } from "mayfly-auth/next";
import type { NextRequest } from "next/server.js";

const options: NextOptions = { issuer: "https://app.example.com/auth" };
export const { GET, POST, PATCH, DELETE } = authRoutes(options);
export const proxy: (request: NextRequest) => Promise<Response> = mayflyMiddleware(options);
export const auth: () => Promise<ServerSession | null> = createServerAuth(options);
`;

/** The mistake in its last line is one that only the types can tell. */
export const mistake = `import { isAuthError } from "mayfly-auth";
export const read = (e: unknown) =>
  isAuthError(e) && e.code === "too_many_attempts" && e.fields;
`;
