/** One `Set-Cookie` line, as far as a server that renders with it has to know (RFC 6265 section 4.1). */
export interface SetCookie {
  readonly name: string;
  /** null when the line takes the cookie away. */
  readonly value: string | null;
  readonly line: string;
}

/** setCookies reads the lines of an answer that set one of the named cookies. Others are none of our business. */
export function setCookies(answer: Response, names: readonly string[]): SetCookie[] {
  return answer.headers.getSetCookie().flatMap((line) => {
    const [pair = "", ...attributes] = line.split(";");
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    if (at < 0 || !names.includes(name)) return [];
    const gone = attributes.some((attribute) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(attribute));
    return [{ name, value: gone ? null : pair.slice(at + 1).trim(), line }];
  });
}

/** valuesOf returns what a `Cookie` header holds under a name. There should be one; who can plant cookies makes it two. */
export function valuesOf(header: string, name: string): string[] {
  return pairsOf(header).flatMap(([key, value]) => (key === name ? [value] : []));
}

/** withCookies returns a `Cookie` header in which the named cookies have new values; null takes one out. */
export function withCookies(header: string, changes: ReadonlyMap<string, string | null>): string {
  const kept = pairsOf(header).filter(([name]) => !changes.has(name));
  for (const [name, value] of changes) if (value !== null) kept.push([name, value]);
  return kept.map(([name, value]) => `${name}=${value}`).join("; ");
}

function pairsOf(header: string): [name: string, value: string][] {
  return header.split(";").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at < 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]];
  });
}
