import { refuse } from "./proxy/refusal.ts";
import { readProxyOptions } from "./proxy/settings.ts";

/** Options of {@link mayflyProxy}. */
export interface MayflyProxyOptions {
  /** Where Mayfly listens. Default: "http://localhost:8080". */
  target?: string;
  /** The path that Mayfly's `public_url` ends in. Default: "/auth". */
  path?: string;
}

/** What Vite's proxy hands to a listener; the second is the request, the third the response or a raw socket. */
type Listener = (error: Error, request: unknown, response: unknown) => void;

interface ProxyEntry {
  target: string;
  changeOrigin: boolean;
  xfwd: boolean;
  configure(proxy: { on(event: "error", listener: Listener): unknown }): void;
}

interface MayflyPlugin {
  name: string;
  config(): { server: { proxy: Record<string, ProxyEntry> }; preview: { proxy: Record<string, ProxyEntry> } };
}

/**
 * mayflyProxy puts Mayfly on the origin of Vite's development and preview servers, as it will be in production:
 *
 * ```ts
 * export default defineConfig({ plugins: [mayflyProxy()] });
 * ```
 *
 * Start Mayfly with the page's address: `mayfly serve --public-url http://localhost:5173/auth`.
 */
export function mayflyProxy({
  target = "http://localhost:8080",
  path = "/auth",
}: MayflyProxyOptions = {}): MayflyPlugin {
  const settings = readProxyOptions({ target, path });
  // A plain "/auth" would also take /authors. The path has only letters, digits and the signs of RFC 3986's unreserved.
  const below = `^${settings.path.replaceAll(".", "\\.")}(/|\\?|$)`;
  const proxy = { [below]: { target: settings.target, changeOrigin: false, xfwd: true, configure } };
  return { name: "mayfly", config: () => ({ server: { proxy }, preview: { proxy } }) };
}

/** Vite answers 500 while Mayfly is not up yet; clients know what 503 means. */
function configure(proxy: Parameters<ProxyEntry["configure"]>[0]): void {
  proxy.on("error", async (_error, _request, response) => {
    if (!isResponse(response) || response.headersSent) return;
    const answer = refuse("unavailable");
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  });
}

interface NodeResponse {
  headersSent: boolean;
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
}

function isResponse(response: unknown): response is NodeResponse {
  return typeof response === "object" && response !== null && "writeHead" in response;
}
