/** Where a request belongs. */
export type Place = "inside" | "outside" | "refused";

/**
 * placeOf tells whether a path, as it came and without its query, lies below the proxy's. What the two ends could read
 * differently is refused: dot segments, empty ones, and every character that is not of RFC 3986's unreserved, such as
 * percent-encodings, back-slashes and the semicolon of "..;". No path of Mayfly has one, and each is how somebody climbs
 * out of a folder.
 */
export function placeOf(pathname: string, path: string): Place {
  if (!pathname.startsWith("/")) return "refused"; // absolute-form or authority-form: somebody looks for an open proxy
  if (pathname !== path && !pathname.startsWith(`${path}/`)) return "outside";
  const isPlain = /^(\/[\w.~-]+)*\/?$/.test(pathname) && !/\/\.\.?(\/|$)/.test(pathname);
  return isPlain ? "inside" : "refused";
}
