import { type NextRequest, NextResponse } from "next/server.js";
import { valuesOf, withCookies } from "./cookies.ts";
import { lifetimeOf } from "./lifetime.ts";
import { type Outcome, refresh } from "./refresh.ts";
import { type NextOptions, type Settings, settingsOf } from "./settings.ts";

/**
 * mayflyMiddleware returns the one place of a Next.js app that refreshes. Components can not set cookies, so it happens
 * before them: a request whose access token is missing or near its end (the last 60 seconds or 20 % of its life,
 * whichever is shorter) and that carries a refresh token gets a new pair, for the browser and for its own rendering.
 *
 * ```ts
 * // proxy.ts (Next.js 16; in 15 the file is middleware.ts)
 * import { mayflyMiddleware } from "mayfly-auth/next";
 * import { mayfly } from "./mayfly";
 *
 * export default mayflyMiddleware(mayfly);
 * export const config = { matcher: "/((?!_next/|favicon.ico).*)" };
 * ```
 *
 * Let the matcher cover every page, route handler and server action that calls `auth()`, prefetches too: Next.js keeps
 * what it prefetched, and shows it when the link is followed.
 *
 * Only an answer that says that the session is over removes cookies. When Mayfly can not be reached, within 5 seconds,
 * the request goes on with what it has.
 */
export function mayflyMiddleware(options: NextOptions = {}): (request: NextRequest) => Promise<NextResponse> {
  const settings = settingsOf(options);
  return async (request) => {
    const token = dueToken(request, settings());
    if (token === undefined) return NextResponse.next();
    const outcome = await refresh(token, settings());
    return outcome.kind === "failed" ? NextResponse.next() : goOn(request, outcome, settings());
  };
}

/** dueToken returns the refresh token that this request should spend, if any. */
function dueToken(request: NextRequest, { names, path }: Settings): string | undefined {
  const cookies = request.headers.get("cookie") ?? "";
  const [token, ...planted] = new Set(valuesOf(cookies, names.refresh));
  if (!token || planted.length > 0 || isNoRendering(request, path) || isForeign(request)) return undefined;
  const { left, lead } = lifetimeOf(valuesOf(cookies, names.access)[0]);
  // A prefetch spends nothing while the token lives. With a dead one it has to: it would keep a page of somebody who is
  // signed out, and show it to somebody who is not.
  return left > (isPrefetch(request) ? 0 : lead) ? undefined : token;
}

/** The browser's own calls to Mayfly pass by here; a sign-out that was refreshed on its way would undo itself. */
function isNoRendering({ method, nextUrl: { pathname } }: NextRequest, path: string): boolean {
  const isMayfly = path !== "" && `${pathname}/`.startsWith(`${path}/`);
  return method === "OPTIONS" || isMayfly || pathname.startsWith("/_next/");
}

/** Another site may send people here, but what its scripts fetch with their cookies buys nothing. */
function isForeign({ headers }: NextRequest): boolean {
  const site = headers.get("sec-fetch-site");
  return (site === "cross-site" || site === "same-site") && headers.get("sec-fetch-mode") !== "navigate";
}

/**
 * Prefetches of the browser name themselves. Those of Next.js' router do so too, but Next.js hides it from middleware
 * unless `skipProxyUrlNormalize` is set; they make the refresh that the click after them would have made.
 */
function isPrefetch({ headers }: NextRequest): boolean {
  const purpose = headers.get("sec-purpose") ?? headers.get("purpose") ?? "";
  return purpose.startsWith("prefetch") || headers.has("next-router-prefetch");
}

function goOn(request: NextRequest, outcome: Exclude<Outcome, { kind: "failed" }>, { names }: Settings): NextResponse {
  const changes = new Map<string, string | null>();
  if (outcome.kind === "ended") for (const name of Object.values(names)) changes.set(name, null);
  const headers = new Headers({ "cache-control": "private, no-store" }); // no cache may hand one's cookies to another
  for (const { name, value, line } of outcome.cookies) {
    changes.set(name, value);
    headers.append("set-cookie", line);
  }
  const rendered = new Headers(request.headers);
  rendered.set("cookie", withCookies(request.headers.get("cookie") ?? "", changes));
  return NextResponse.next({ request: { headers: rendered }, headers });
}
