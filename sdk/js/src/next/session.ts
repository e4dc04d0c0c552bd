import { headers } from "next/headers.js";
import { failure } from "../errors.ts";
import { credentialOf } from "../server/credential.ts";
import { type Claims, createVerifier, type Verifier, VerifyError } from "../server.ts";
import { valuesOf } from "./cookies.ts";
import { type NextOptions, settingsOf } from "./settings.ts";

/** Somebody who is signed in, as their access token says. */
export interface ServerSession {
  /** What the token says of them: `sub` is the user's id. */
  readonly claims: Claims;
  /** The access token, for calls to other servers: `Authorization: Bearer`. It must not reach the page. */
  readonly token: string;
}

/**
 * createServerAuth returns `auth()` for server components, route handlers and server actions: who is signed in, null if
 * nobody is. It only verifies. It refreshes nothing and sets no cookie; `mayflyMiddleware` did, before.
 *
 * ```tsx
 * // app/page.tsx
 * import { redirect } from "next/navigation";
 * import { auth } from "../mayfly";
 *
 * export default async function Page() {
 *   const session = await auth();
 *   if (!session) redirect("/sign-in");
 *   return <p>Hello {session.claims.email}</p>;
 * }
 * ```
 *
 * Whether somebody is signed in can be unknown: their session goes on, but Mayfly could not be reached. Then `auth()`
 * throws an AuthError or a VerifyError with code `unavailable`, and your `error.tsx` offers to try again. They never see
 * a sign-in page for it.
 *
 * It does not know the method of a request. Next.js itself checks that a server action is called from your own pages;
 * a route handler that changes something calls `verify(request)` of `mayfly-auth/server`, which does the same.
 */
export function createServerAuth(options: NextOptions = {}): () => Promise<ServerSession | null> {
  const settings = settingsOf(options);
  let verifier: Verifier | undefined;
  return async () => {
    const sent = await headers(); // first: it tells Next.js that this is made for each request anew
    const { names, verifier: rules } = settings();
    verifier ??= createVerifier(rules);
    const request = { method: "GET", url: "", headers: sent };
    const credential = credentialOf(request, { cookie: names.access, allowed: new Set() });
    const token = typeof credential === "string" ? "" : credential.token;
    try {
      return { claims: await verifier.verifyToken(token), token };
    } catch (e) {
      if (!(e instanceof VerifyError) || e.code === "unavailable") throw e;
    }
    const signedIn = !sent.has("authorization") && valuesOf(sent.get("cookie") ?? "", names.refresh).length > 0;
    if (!signedIn) return null;
    throw failure("unavailable", "This request carries a session, but no access token that is valid.", {
      fix: "Mayfly could not be reached: load again. If it stays, let the matcher of mayflyMiddleware cover this path.",
    });
  };
}
