import { createProxy, type WebProxyOptions } from "../proxy.ts";
import { type NextOptions, settingsOf } from "./settings.ts";

/** Options of {@link authRoutes}. */
export interface AuthRoutesOptions extends NextOptions {
  /** How the address of the client is told, as in {@link WebProxyOptions}. Default: not at all. */
  client?: WebProxyOptions["client"];
}

/** A route handler of Next.js. */
export type RouteHandler = (request: Request) => Promise<Response>;

/**
 * authRoutes hands everything below the path of the issuer to Mayfly, so that its cookies are your app's own and no
 * browser takes them for a third party's. Needs `target`.
 *
 * ```ts
 * // app/auth/[...path]/route.ts
 * import { authRoutes } from "mayfly-auth/next";
 * import { mayfly } from "../../../mayfly";
 *
 * export const { GET, POST, PATCH, DELETE } = authRoutes(mayfly);
 * ```
 */
export function authRoutes(options: AuthRoutesOptions): Record<"GET" | "POST" | "PATCH" | "DELETE", RouteHandler> {
  const { client, ...rest } = options;
  const settings = settingsOf(rest);
  let proxy: RouteHandler | undefined;
  const open = (): RouteHandler => {
    const { path } = settings();
    const { target, insecureHttp = false } = rest;
    if (target === undefined || path === "") {
      throw new TypeError(
        "mayfly: authRoutes leads from a path of this app to a Mayfly elsewhere: set issuer to a URL with that path, " +
          'such as "https://app.example/auth", and target to where Mayfly listens, such as "http://localhost:8080"',
      );
    }
    return createProxy({ target, path, insecureHttp, ...(client && { client }) });
  };
  const handler: RouteHandler = async (request) => {
    proxy ??= open();
    return proxy(request);
  };
  return { GET: handler, POST: handler, PATCH: handler, DELETE: handler };
}
