import { resolve } from "node:path";
import { build } from "vite";
import { type Answer, type Call, sha256 } from "./faults.ts";

/** Whose access token it is, or the answer with which Mayfly refuses it. */
export type Identity = { user: string } | { refusal: Answer };

/** The app that people use: one page that loads the SDK, and an API that asks Mayfly who calls. */
export class App {
  readonly #identify: (token: string | undefined) => Promise<Identity>;
  readonly #issued = new Set<string>();
  readonly #dead = new Set<string>();
  readonly #pages = new Map<string, { type: string; body: string }>([["/other", { type: html, body: otherPage }]]);

  constructor(identify: (token: string | undefined) => Promise<Identity>) {
    this.#identify = identify;
  }

  /** Serves one more page or script. */
  serve(path: string, type: string, body: string): void {
    this.#pages.set(path, { type, body });
  }

  issued(token: string | undefined): void {
    if (token) this.#issued.add(token);
  }

  /** All access tokens issued so far, the oldest first. */
  tokens(): string[] {
    return [...this.#issued];
  }

  /** Treats all tokens issued so far as dead. */
  kill(): void {
    for (const token of this.#issued) this.#dead.add(token);
  }

  async answer(call: Call): Promise<Answer> {
    const { path } = call;
    if (path === "/") return text(200, html, page);
    if (path === "/sdk.js") return text(200, script, await bundle());
    const served = this.#pages.get(path);
    if (served) return text(200, served.type, served.body);
    if (path.startsWith("/api/")) return this.#api(call);
    return text(404, "text/plain", "nothing here");
  }

  async #api(call: Call): Promise<Answer> {
    if (call.path === "/api/open") return json(200, { open: true });
    const token = bearer(call);
    const wanted = call.path !== "/api/never" && !(token && this.#dead.has(token));
    const caller = await this.#identify(token && (wanted ? token : spoilt(token)));
    if ("refusal" in caller) return caller.refusal;
    if (call.path === "/api/own-401") return json(401, { error: "this account has not paid" });
    return json(200, { user: caller.user, method: call.method, digest: await digest(call) });
  }
}

const html = "text/html; charset=utf-8";
const script = "text/javascript";
const text = (status: number, type: string, body: string): Answer => ({
  status,
  headers: { "content-type": type },
  body,
});
const json = (status: number, body: object) => text(status, "application/json", JSON.stringify(body));

function bearer({ headers }: Call): string | undefined {
  const sent = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
  return sent ?? /(?:^|; )(?:__Host-)?mayfly_access=([^;]+)/.exec(headers.cookie ?? "")?.[1];
}

/** A token with one character of its signature changed: Mayfly refuses it as it refuses any dead one. */
function spoilt(token: string): string {
  const at = token.lastIndexOf(".") + 5;
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
}

/** digest hashes what a body says. The boundary of a form is another one each time it is sent, and says nothing. */
export async function digest({ headers, body }: Call): Promise<string> {
  const type = headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data")) return sha256(body);
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  const parts: string[] = [];
  for (const [name, value] of form) parts.push(`${name}=${typeof value === "string" ? value : await value.text()}`);
  return sha256(parts.join("\n"));
}

let bundled: Promise<string> | undefined;

/** bundle returns the SDK as a page loads it, made once by the bundler that most apps use. */
function bundle(): Promise<string> {
  bundled ??= build({
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: false,
      target: "es2022",
      lib: { entry: resolve(import.meta.dirname, "../../src/index.ts"), formats: ["es"], fileName: "sdk" },
    },
  }).then((built) => {
    const [output] = [built].flat();
    if (!output || !("output" in output)) throw new Error("the bundler built nothing");
    return output.output[0].code;
  });
  return bundled;
}

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The app</title>
<link rel="icon" href="data:,">
<h1>The app</h1>
<script type="module">
  import * as sdk from "/sdk.js";
  Object.assign(window, sdk, { states: [] });
  // What a test reads leaves the page as data: of an Error only its message would.
  window.told = ({ name, code, message, fix, sessionEnded }) => ({ name, code, message, fix, sessionEnded });
  window.shown = (state) => (state.reason ? { ...state, reason: told(state.reason) } : state);
  window.begin = (options) => {
    window.auth = createAuth({ url: "/auth", ...options });
    states.push(shown(auth.state));
    auth.onChange((state) => states.push(shown(state)));
  };
  window.outcome = (call) =>
    call.then(async (answer) => ({ status: answer.status, text: await answer.text() }), (e) => ({ failed: told(e) }));
  window.ready = true;
</script>
</html>`;

const otherPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Elsewhere</title><link rel="icon" href="data:,"><h1>Elsewhere</h1></html>`;
