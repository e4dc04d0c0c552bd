import type { Answer, Between, Fault } from "./faults.ts";

/** A gate holds what waits at it until the test opens it. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open = () => {};
  const opened = new Promise<void>((done) => (open = done));
  return { opened, open };
}

/** The request is carried out at once; its answer waits at the gate. */
export const late =
  ({ opened }: Gate): Fault =>
  async (_, pass) => {
    const answer = await pass();
    await opened;
    return answer;
  };

/** The request is carried out only when the gate opens. */
export const held =
  ({ opened }: Gate): Fault =>
  async (_, pass) => {
    await opened;
    return pass();
  };

/** The request is carried out, and its answer never arrives: a tunnel, a lift, a laptop that is shut. */
export const lost: Fault = (_, pass) => pass().then(() => "cut");

/** The connection is reset before anything happens. */
export const reset: Fault = () => "cut";

/** Nothing is ever answered. */
export const hung: Fault = () => new Promise(() => {});

/** A problem as Mayfly, or a proxy that speaks its language, answers it. */
export function problem(status: number, code: string, retryAfter?: number): Fault {
  const answer: Answer = {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "private, no-store",
      ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
    },
    body: JSON.stringify({ type: "about:blank", title: "Fault", status, code, detail: "It did not work just now." }),
  };
  return () => answer;
}

/** The page of a firewall, a captive portal, or a proxy whose server is down. */
export function html(status: number, retryAfter?: number): Fault {
  const answer: Answer = {
    status,
    headers: { "content-type": "text/html", ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }) },
    body: "<!doctype html><title>Blocked</title><h1>This request was blocked</h1>",
  };
  return () => answer;
}

/** Any other answer. */
export const plain =
  (status: number, type: string, body: string): Fault =>
  () => ({ status, headers: { "content-type": type }, body });

/** Has clients believe that every access token lives so many seconds; it lives as long as Mayfly lets it. */
export const livesFor =
  (seconds: number): Between =>
  async (_, pass) => {
    const answer = await pass();
    return { ...answer, body: String(answer.body).replace(/"((?:access_)?expires_in)":\d+/g, `"$1":${seconds}`) };
  };

/** A proxy that lets no cookie through, either way. */
export const withoutCookies: Between = async (call, pass) => {
  delete call.headers.cookie;
  const answer = await pass();
  const { "set-cookie": _, ...headers } = answer.headers;
  return { ...answer, headers };
};

/**
 * A shared cache that obeys Cache-Control (RFC 9111 section 3) and knows nothing of cookies, credentials or Vary.
 * `kept` are the paths of which it keeps an answer.
 */
export function cache(): { between: Between; kept: () => string[] } {
  const answers = new Map<string, Answer>();
  const between: Between = async ({ path, query, method }, pass) => {
    const key = `${path}?${query}`;
    const old = answers.get(key);
    if (old && method === "GET") return { ...old, headers: { ...old.headers, age: "1" } };
    const answer = await pass();
    const control = String(answer.headers["cache-control"] ?? "");
    if (answer.status === 200 && !/no-store|no-cache|private|max-age=0/.test(control)) answers.set(key, answer);
    return answer;
  };
  return { between, kept: () => [...answers.keys()].map((key) => key.replace(/\?$/, "")) };
}
