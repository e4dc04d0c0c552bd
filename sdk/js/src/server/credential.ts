import { headerOf, hostOf, type IncomingRequest, isRepeated } from "./incoming.ts";

/** The token that a request carries, "" if it has none, or why it can not be told. */
export type Credential = { readonly token: string } | "ambiguous" | "crossOrigin";

/** Which credentials a server takes. */
export interface Taken {
  /** The cookie's name; null takes none. */
  readonly cookie: string | null;
  /** Origins that may send requests which change something, besides the server's own. */
  readonly allowed: ReadonlySet<string>;
}

/**
 * credentialOf finds the token of a request. The Authorization header comes before the cookie, because a program put it
 * there on purpose and browsers add the cookie by themselves. A header of another kind, or an empty one, never falls
 * back to the cookie: the request would speak for somebody whom its sender did not mean.
 */
export function credentialOf(request: IncomingRequest, { cookie, allowed }: Taken): Credential {
  const header = headerOf(request, "authorization");
  if (header !== null) return isRepeated(request, "authorization") ? "ambiguous" : bearer(header);
  if (cookie === null) return { token: "" };
  const token = cookieOf(headerOf(request, "cookie") ?? "", cookie);
  if (token === null) return "ambiguous";
  if (token !== "" && changesState(request) && !isSameOrigin(request, allowed)) return "crossOrigin";
  return { token };
}

function bearer(header: string): Credential {
  const [, scheme, rest = ""] = /^([^ ]*) *(.*?) *$/s.exec(header) ?? [];
  if (scheme?.toLowerCase() !== "bearer") return { token: "" }; // schemes know no case: RFC 9110 section 11.1
  // Where two headers are one text, a comma parts them; no token has one (RFC 6750 section 2.1).
  return rest.includes(",") ? "ambiguous" : { token: rest };
}

/**
 * cookieOf returns a cookie's value, "" for none, and null for two different ones of one name: one of them was planted
 * from a sibling domain, and nothing tells which.
 */
function cookieOf(header: string, name: string): string | null {
  let token = "";
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at < 0 || pair.slice(0, at).trim() !== name) continue;
    const value = pair
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/s, "$1");
    if (token !== "" && value !== token) return null;
    token = value;
  }
  return token;
}

/**
 * changesState reports whether another site's page must not send this with somebody's cookie. A WebSocket begins with a
 * GET that any page may send, and then can do what its owner can.
 */
function changesState(request: IncomingRequest): boolean {
  return !["GET", "HEAD", "OPTIONS"].includes(request.method ?? "") || headerOf(request, "upgrade") !== null;
}

/**
 * isSameOrigin judges where a request comes from: an origin that was allowed by name, then Fetch Metadata, which only
 * the browser can set, then Origin. A client that sends none of them is no browser: nobody lured it here. SameSite
 * cookies do not suffice: a sibling sub-domain is the same site and still a stranger.
 */
function isSameOrigin(request: IncomingRequest, allowed: ReadonlySet<string>): boolean {
  if (isRepeated(request, "origin")) return false;
  const origin = headerOf(request, "origin");
  if (origin !== null && allowed.has(origin)) return true;
  const site = headerOf(request, "sec-fetch-site");
  if (site === "same-origin" || site === "none") return true; // none: the person typed or clicked outside of any page
  if (site) return false;
  if (origin === null) return true;
  // Only browsers older than Fetch Metadata come here. "null", which a sandboxed frame sends, has no host.
  const host = origin.split("://", 2)[1];
  return host !== undefined && host.toLowerCase() === hostOf(request).toLowerCase();
}
