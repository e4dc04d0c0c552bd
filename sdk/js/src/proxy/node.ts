import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeStream } from "node:stream/web";
import type { NodeRequest } from "../server/incoming.ts";
import { forward } from "./forward.ts";
import { placeOf } from "./path.ts";
import { type ProxyOptions, readPath, readProxyOptions } from "./settings.ts";

/** Options of {@link authProxy}. `path` is the one it is mounted at unless it is given. */
export type AuthProxyOptions = ProxyOptions;

/** What Express adds to a request. */
interface Mounted {
  readonly originalUrl?: string;
  readonly baseUrl?: string;
  readonly body?: unknown;
}

type MountedRequest = IncomingMessage & Mounted;

/**
 * Middleware in the shape that Express takes: the request and the response are those of Node's `http`, whose types are
 * not named here so that nobody needs them to compile.
 */
export type ProxyHandler = (request: NodeRequest & Mounted, response: object, next: (error?: unknown) => void) => void;

/**
 * authProxy puts Mayfly on the app's own origin, so that its cookies are first-party:
 *
 * ```ts
 * app.use("/auth", authProxy({ target: "http://localhost:8080" }));
 * ```
 *
 * The path goes through unchanged, so Mayfly's `public_url` is the app's URL with /auth behind it. The address of the
 * connection is added to X-Forwarded-For: name this server in Mayfly's `trusted_proxies`. Mayfly out of reach is 503
 * with the code `unavailable`, which signs nobody out.
 */
export function authProxy(options: AuthProxyOptions): ProxyHandler {
  const settings = readProxyOptions(options);
  return (request, response, next) => {
    const path = options.path === undefined && request.baseUrl ? request.baseUrl : settings.path;
    pass(request as MountedRequest, response as ServerResponse, next, { ...settings, path }).catch(next);
  };
}

async function pass(
  request: MountedRequest,
  response: ServerResponse,
  next: () => void,
  settings: ReturnType<typeof readProxyOptions>,
): Promise<void> {
  const path = request.originalUrl ?? request.url ?? "";
  if (placeOf(path.split("?", 1)[0] ?? "", readPath(settings.path)) === "outside") return next();
  const headers = headersOf(request);
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const { remoteAddress } = request.socket;
  const answer = await forward(
    {
      method: request.method ?? "",
      path,
      headers,
      body: bodyOf(request, headers),
      // Mayfly reads the list from its right end, where this is written: what a client planted is at the left.
      origin: {
        client: [headers.get("x-forwarded-for"), remoteAddress].filter(Boolean).join(", ") || null,
        scheme: "encrypted" in request.socket ? "https" : "http",
        host: headers.get("host") ?? "",
      },
      signal: gone.signal,
    },
    settings,
  );
  await send(answer, response);
}

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const [name = "", value = ""] = request.rawHeaders.slice(i, i + 2);
    if (!name.startsWith(":")) headers.append(name, value); // HTTP/2 writes the request line as headers
  }
  if (!headers.has("host") && request.headers[":authority"]) headers.set("host", String(request.headers[":authority"]));
  return headers;
}

/**
 * bodyOf returns the body to send on. One that a parser in front has read is put together again, where that is possible
 * without a doubt.
 */
function bodyOf(request: MountedRequest, headers: Headers): ReadableStream<Uint8Array> | string | null {
  if (request.method === "GET" || request.method === "HEAD") return null;
  if (!request.readableDidRead) {
    const hasBody = headers.has("content-length") || headers.has("transfer-encoding") || request.httpVersionMajor > 1;
    return hasBody ? (Readable.toWeb(request) as ReadableStream<Uint8Array>) : null;
  }
  const { body } = request;
  const type = (headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  headers.delete("content-encoding"); // the parser has undone it
  if (type === "application/json" && body !== undefined) return JSON.stringify(body);
  if (type === "application/x-www-form-urlencoded" && isFlat(body)) return new URLSearchParams(body).toString();
  throw new Error(
    "mayfly: the body of the request was read before authProxy came to it: mount authProxy before express.json(), " +
      "express.urlencoded() and other readers of bodies",
  );
}

function isFlat(body: unknown): body is Record<string, string> {
  return typeof body === "object" && body !== null && Object.values(body).every((value) => typeof value === "string");
}

async function send(answer: Response, response: ServerResponse): Promise<void> {
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader("set-cookie", cookies); // the loop above left only the last of them
  if (!answer.body) return void response.end();
  // Where one end goes in the middle, pipeline tears the other down: a short answer must not look like a whole one.
  await pipeline(Readable.fromWeb(answer.body as NodeStream), response).catch(() => {});
}
