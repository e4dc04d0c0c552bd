/** A request on web standards: what a `Request` has and we read. */
export interface WebRequest {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
}

/** A request as Node's `http` has it, and with it Express, Fastify (`request.raw`) and others. */
export interface NodeRequest {
  readonly method?: string | undefined;
  /** Names in small letters. */
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  /** Names and values in turn, as they came. */
  readonly rawHeaders?: readonly string[];
}

/** A request of either kind. */
export type IncomingRequest = WebRequest | NodeRequest;

/** headerOf returns a header, null where there is none. One that came several times is joined by commas. */
export function headerOf(request: IncomingRequest, name: string): string | null {
  if (isWeb(request)) return request.headers.get(name);
  const value = request.headers[name];
  return value === undefined ? null : typeof value === "string" ? value : value.join(", ");
}

/** isRepeated reports whether a header came more than once: Node keeps the first of some and drops the others. */
export function isRepeated(request: IncomingRequest, name: string): boolean {
  const raw = isWeb(request) ? undefined : request.rawHeaders;
  return (raw?.filter((entry, i) => i % 2 === 0 && entry.toLowerCase() === name).length ?? 0) > 1;
}

/** hostOf returns the host and port that a request was sent to, by its own word; "" where it says none. */
export function hostOf(request: IncomingRequest): string {
  const host = headerOf(request, "host");
  if (host !== null) return host;
  if (isWeb(request)) return URL.canParse(request.url) ? new URL(request.url).host : "";
  return headerOf(request, ":authority") ?? ""; // HTTP/2
}

function isWeb(request: IncomingRequest): request is WebRequest {
  return typeof request.headers.get === "function";
}
