/**
 * Fields that belong to one connection (RFC 9110 section 7.6.1), and those that the sending end writes itself: its own
 * Host and length, and Expect, which it answers alone.
 */
const hopByHop = [
  "connection",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** What the request says of itself is only a claim: anybody can write these. */
const planted = /^(x-forwarded-.*|forwarded|x-real-ip)$/;

/** Who asked, and where: what the target can not see for itself. */
export interface Origin {
  /** The addresses from the client on, as X-Forwarded-For has them; null where they are not known. */
  client: string | null;
  /** http or https. */
  scheme: string;
  /** Host and port. */
  host: string;
}

/** requestHeaders returns what goes on to the target. */
export function requestHeaders(from: Headers, origin: Origin): Headers {
  const headers = endToEnd(from);
  for (const name of [...headers.keys()]) {
    if (planted.test(name)) headers.delete(name);
  }
  headers.delete("content-length"); // fetch writes it, or sends in chunks
  headers.set("accept-encoding", "identity"); // fetch decodes bodies by itself: there is nothing to gain
  if (origin.client) headers.set("x-forwarded-for", origin.client);
  headers.set("x-forwarded-proto", origin.scheme);
  headers.set("x-forwarded-host", origin.host);
  return headers;
}

/** responseHeaders returns what goes back. Every Set-Cookie stays a field of its own. */
export function responseHeaders(from: Headers, target: string): Headers {
  const headers = endToEnd(from);
  if (headers.has("content-encoding")) {
    headers.delete("content-encoding"); // the body was decoded on its way through fetch
    headers.delete("content-length");
  }
  const location = headers.get("location");
  if (location?.startsWith(`${target}/`)) headers.set("location", location.slice(target.length)); // it is nobody's business
  return headers;
}

function endToEnd(from: Headers): Headers {
  const headers = new Headers(from);
  const named = (from.get("connection") ?? "").split(",").map((name) => name.trim());
  for (const name of [...hopByHop, ...named]) {
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(name)) headers.delete(name);
  }
  return headers;
}
