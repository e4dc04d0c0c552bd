import { forward } from "./proxy/forward.ts";
import { type ProxyOptions, readProxyOptions } from "./proxy/settings.ts";

export type { ProxyOptions } from "./proxy/settings.ts";

/** Options of {@link createProxy}. */
export interface WebProxyOptions extends ProxyOptions {
  /**
   * The address of the client, which a web `Request` does not tell, from where your platform puts it and no client can:
   * `(request) => request.headers.get("cf-connecting-ip")`. Mayfly limits attempts by it, where this server is among its
   * `trusted_proxies`. Default: not told; what the client writes into X-Forwarded-For is never believed.
   */
  client?: (request: Request) => string | null | undefined;
}

/**
 * createProxy puts Mayfly on the app's own origin, so that its cookies are first-party: what web standards call a
 * handler, for a route of Next.js, Hono, Workers and the like.
 *
 * ```ts
 * const proxy = createProxy({ target: "http://localhost:8080" });
 * app.all("/auth/*", (c) => proxy(c.req.raw));          // Hono
 * ```
 *
 * Only what lies below the path goes on. Mayfly out of reach is 503 with the code `unavailable`, which signs nobody out.
 */
export function createProxy({ client, ...options }: WebProxyOptions): (request: Request) => Promise<Response> {
  const settings = readProxyOptions(options);
  return async (request) => {
    const url = new URL(request.url);
    return forward(
      {
        method: request.method,
        path: url.pathname + url.search,
        headers: request.headers,
        body: request.body,
        origin: { client: client?.(request) ?? null, scheme: url.protocol.slice(0, -1), host: url.host },
        signal: request.signal,
      },
      settings,
    );
  };
}
