import { createHash } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createSecureServer } from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import { expect, onTestFinished } from "vitest";
import { App, type Identity } from "./app.ts";
import { type Mayfly, startMayfly } from "./mayfly.ts";

/** An answer, whole. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[]>;
  body: Buffer | string;
}

/** One request that came to the site, and what became of it. */
export interface Call {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The status of the answer that was sent; none while it is open, and for a connection that was cut. */
  status?: number;
  /** Whether it was answered, or its connection cut. */
  over?: true;
}

/** Something between a browser and its servers: it passes a call on, or answers in its own way. */
export type Between = (call: Call, pass: () => Promise<Answer>) => Promise<Answer> | Answer;

/** As Between, and `cut` ends the connection with a reset and no answer. */
export type Fault = (call: Call, pass: () => Promise<Answer>) => Promise<Answer | "cut"> | Answer | "cut";

/** One origin, as a browser sees it: the app's page at `/`, its API under `/api`, and Mayfly under `/auth`. */
export interface Site {
  /** The origin: "http://localhost:1234". */
  url: string;
  mayfly: Mayfly;
  app: App;
  /** Every request to a path so far, in the order of arrival. */
  calls(path: string): Call[];
  /** Every request to Mayfly's own API. */
  authCalls(): Call[];
  /** How many requests to Mayfly wait for their answer. */
  pending(): number;
  /** Puts a fault on a path, for so many calls; returns how to take it off. The fault set last comes first. */
  on(path: string, fault: Fault, times?: number): () => void;
  /** Has every call go through something. */
  through(between: Between): void;
  /** Has the app's API refuse, as Mayfly refuses dead ones, every access token that was issued so far. */
  killTokens(): void;
}

/** Settings of a site besides those of its Mayfly. */
export interface SiteOptions {
  /** https with HTTP/2, which browsers need to send streams; its certificate is trusted by nobody. */
  tls?: { key: string; cert: string };
}

/** openSite starts a Mayfly and the site before it, for one test. */
export async function openSite(settings: Record<string, string> = {}, { tls }: SiteOptions = {}): Promise<Site> {
  let traffic: Traffic | undefined;
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void traffic?.answer(incoming, outgoing);
  const server = tls ? createSecureServer({ ...tls, allowHTTP1: true }, answer as never) : createServer(answer);
  const url = `${tls ? "https" : "http"}://localhost:${await listen(server as Server)}`;
  const mayfly = await startMayfly({ public_url: `${url}/auth`, ...settings });
  traffic = new Traffic(mayfly);
  return site(url, mayfly, traffic);
}

function site(url: string, mayfly: Mayfly, traffic: Traffic): Site {
  onTestFinished(() => {
    expect(traffic.cacheable, "answers with credentials that a cache may keep").toEqual([]);
    expect(traffic.faulty, "errors of faults").toEqual([]);
  });
  return {
    url,
    mayfly,
    app: traffic.app,
    calls: (path) => traffic.calls.filter((c) => c.path === path),
    authCalls: () => traffic.calls.filter((c) => c.path.startsWith("/auth/v1/")),
    pending: () => traffic.calls.filter((c) => c.path.startsWith("/auth/") && !c.over).length,
    on: (path, fault, times = Number.POSITIVE_INFINITY) => traffic.on(path, fault, times),
    through: (between) => {
      traffic.before = between;
    },
    killTokens: () => traffic.app.kill(),
  };
}

/** Listens for the length of one test, and returns the port. */
async function listen(server: Server): Promise<number> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => {}); // a browser that closes a tab resets what is open
  });
  onTestFinished(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  await new Promise<void>((done, failed) => {
    server.once("error", failed);
    server.listen(0, "127.0.0.1", done);
  });
  return (server.address() as AddressInfo).port;
}

class Traffic {
  readonly calls: Call[] = [];
  readonly app: App;
  /** Answers that carry a cookie or a token, and that a shared cache would be free to keep. */
  readonly cacheable: string[] = [];
  /** Errors of faults. */
  readonly faulty: string[] = [];
  before: Between = (_, pass) => pass();
  readonly #faults: { path: string; fault: Fault; left: number }[] = [];
  readonly #mayfly: string;

  constructor(mayfly: Mayfly) {
    const listens = /listens\s+(\S+)/.exec(mayfly.log())?.[1];
    if (!listens) throw new Error(`Mayfly does not say where it listens: ${mayfly.log()}`);
    this.#mayfly = `http://${listens}`;
    this.app = new App((token) => this.#identify(token));
  }

  on(path: string, fault: Fault, times: number): () => void {
    const entry = { path, fault, left: times };
    this.#faults.unshift(entry);
    return () => {
      entry.left = 0;
    };
  }

  async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const [path = "/", query = ""] = (incoming.url ?? "/").split("?");
    const { method = "GET", headers } = incoming;
    const body = await whole(incoming).catch(() => null);
    if (!body) return;
    const call: Call = { method, path, query, headers, body };
    this.calls.push(call);
    const fault = this.#next(path);
    const pass = () => Promise.resolve(this.before(call, () => this.#serve(call)));
    const answer = await Promise.resolve(fault ? fault(call, pass) : pass()).catch((e) => this.#unreachable(e));
    call.over = true;
    if (answer === "cut") return reset(outgoing);
    call.status = answer.status;
    send(outgoing, answer, incoming.httpVersionMajor === 1);
  }

  /** A Mayfly that is down is a connection that is cut; any other error is one of the test. */
  #unreachable(e: Error & { code?: string }): "cut" {
    if (!/^ECONN(REFUSED|RESET)$/.test(e.code ?? "")) this.faulty.push(String(e.stack));
    return "cut";
  }

  #next(path: string): Fault | undefined {
    const entry = this.#faults.find((f) => f.path === path && f.left > 0);
    if (entry) entry.left -= 1;
    return entry?.fault;
  }

  #serve(call: Call): Promise<Answer> {
    return call.path.startsWith("/auth/") ? this.#forward(call) : this.app.answer(call);
  }

  #forward({ method, path, query, headers, body }: Call): Promise<Answer> {
    return new Promise((done, failed) => {
      const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(":")));
      const host = headers.host ?? headers[":authority"];
      const onward = request(
        `${this.#mayfly}${path}${query && `?${query}`}`,
        { method, headers: { ...sent, host: String(host), connection: "close" }, agent: false },
        (answer) =>
          whole(answer).then((text) => {
            const heard: Answer = { status: answer.statusCode ?? 0, headers: endToEnd(answer.headers), body: text };
            this.#inspect(path, heard);
            done(heard);
          }, failed),
      );
      onward.on("error", failed).end(body);
    });
  }

  #inspect(path: string, { headers, body }: Answer): void {
    const cookies = [headers["set-cookie"] ?? []].flat();
    const text = String(body);
    if (
      (cookies.length || /"(access|refresh)_token":/.test(text)) &&
      !/no-store/.test(String(headers["cache-control"]))
    ) {
      this.cacheable.push(path);
    }
    this.app.issued(/"access_token":"([^"]+)"/.exec(text)?.[1]);
    for (const cookie of cookies) this.app.issued(/mayfly_access=([^;]+)/.exec(cookie)?.[1]);
  }

  /** Asks Mayfly whose token it is, as a reverse proxy does. */
  async #identify(token: string | undefined): Promise<Identity> {
    const answer = await this.#forward({
      method: "GET",
      path: "/auth/v1/verify",
      query: "",
      headers: { host: "app", ...(token && { authorization: `Bearer ${token}` }) },
      body: Buffer.alloc(0),
    });
    return answer.status === 204 ? { user: String(answer.headers["x-mayfly-user"]) } : { refusal: answer };
  }
}

async function whole(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** The headers that are not of one connection alone (RFC 9110 section 7.6.1). */
function endToEnd(headers: IncomingHttpHeaders): Answer["headers"] {
  const { connection: _, "transfer-encoding": __, "keep-alive": ___, ...rest } = headers;
  return rest as Answer["headers"];
}

/** Every answer closes its connection: on one that is used again Chromium repeats a request that was reset by itself. */
function send(outgoing: ServerResponse, { status, headers, body }: Answer, http1: boolean): void {
  const bytes = Buffer.from(body);
  const length = status === 204 ? {} : { "content-length": String(bytes.length) };
  outgoing.writeHead(status, { ...headers, ...length, ...(http1 && { connection: "close" }) });
  outgoing.end(bytes);
}

function reset(outgoing: ServerResponse): void {
  const stream = (outgoing as unknown as { stream?: { close(code: number): void } }).stream;
  if (stream)
    stream.close(2); // INTERNAL_ERROR, RFC 9113 section 7
  else outgoing.socket?.resetAndDestroy();
}

/** sha256 returns the digest of a body in hex. */
export const sha256 = (body: Buffer | string): string => createHash("sha256").update(body).digest("hex");
