import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from "playwright-core";
import { afterAll, expect, onTestFinished } from "vitest";
import type { Auth, AuthOptions, AuthState, createAuth, isAuthError } from "../../src/index.ts";
import type { Site } from "./faults.ts";

/** An AuthError as it leaves the page. */
export interface Told {
  name: string;
  code?: string;
  message: string;
  fix?: string;
  sessionEnded?: boolean;
}

/** What became of a call in the page: an answer, or a rejection. */
export type Outcome = { status: number; text: string; failed?: undefined } | { failed: Told; status?: undefined };

/** The options of the client that are data. */
export type Options = Pick<AuthOptions, "url" | "delivery" | "apis">;

/** What a call sends, as far as it is data. */
export interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** What the app's page has for tests. */
declare global {
  var auth: Auth;
  var states: AuthState[];
  var begin: (options?: AuthOptions) => void;
  var shown: (state: AuthState) => AuthState;
  var told: (e: unknown) => Told;
  var outcome: (call: Promise<Response>) => Promise<Outcome>;
  var ready: true | undefined;
  interface Window {
    createAuth: typeof createAuth;
    isAuthError: typeof isAuthError;
  }
}

let chrome: Promise<Browser> | undefined;
afterAll(async () => (await chrome)?.close());

function launch(): Promise<Browser> {
  const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = places.find(existsSync);
  if (!executablePath) throw new Error("no browser: install chromium (`apt-get install chromium`)");
  chrome ??= chromium.launch({
    executablePath,
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
    args: [
      "--no-sandbox", // as root Chromium has none
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    ],
  });
  return chrome;
}

/** What a test has its browser overlook. */
export interface Overlook {
  /** Lines of the console that the test provokes, such as Chromium's own line about an answer of 401. */
  console?: RegExp;
}

/** A browser with a profile of its own: one person's tabs, which share their cookies. */
export interface Device {
  context: BrowserContext;
  /** Opens the app in a new tab and has it find out who is signed in. */
  tab(options?: Options): Promise<Tab>;
  /** The names of the cookies it holds, and their values. */
  cookies(): Promise<Record<string, string>>;
}

/**
 * openDevice opens a browser for one test. The test fails when a page complains in its console, and when one asks
 * anything of another machine.
 */
export async function openDevice(site: Site, overlook: Overlook = {}): Promise<Device> {
  const browser = await launch();
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const complaints: string[] = [];
  context.on("console", (line) => {
    if (["error", "warning"].includes(line.type())) complaints.push(`${line.text()} ${line.location().url}`);
  });
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    const here = ["data:", "blob:"].includes(protocol) || ["localhost", "127.0.0.1"].includes(hostname);
    if (!here) complaints.push(`a request left this machine: ${request.url()}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(complaints.filter((line) => !overlook.console?.test(line))).toEqual([]);
  });
  return {
    context,
    tab: async (options) => {
      const tab = new Tab(await context.newPage(), site);
      await tab.load(options);
      return tab;
    },
    cookies: async () => Object.fromEntries((await context.cookies()).map((c) => [c.name, c.value])),
  };
}

/** One tab with the app in it. */
export class Tab {
  readonly page: Page;
  readonly #site: Site;

  constructor(page: Page, site: Site) {
    this.page = page;
    this.#site = site;
  }

  /** Opens the app, or opens it anew. */
  async load(options?: Options): Promise<AuthState> {
    await this.arrive(options);
    return this.page.evaluate(async () => shown(await auth.init()));
  }

  /** Opens the app without asking who is signed in. */
  async arrive(options?: Options): Promise<void> {
    await this.page.goto(this.#site.url);
    await this.page.waitForFunction(() => globalThis.ready);
    await this.page.evaluate((o) => begin(o), options);
  }

  state(): Promise<AuthState> {
    return this.page.evaluate(() => shown(auth.state));
  }

  /** Every state that there has been since the page was loaded. */
  states(): Promise<AuthState[]> {
    return this.page.evaluate(() => states);
  }

  register(who: { email: string; password: string; name?: string }): Promise<string> {
    return this.page.evaluate(async (w) => (await auth.register(w)).id, who);
  }

  /** Calls with `auth.fetch`. */
  fetch(path: string, init?: Sent): Promise<Outcome> {
    return this.page.evaluate(([p, i]) => outcome(auth.fetch(p, i)), [path, init] as const);
  }

  /** As fetch, where anything but an answer is a failure of the test. */
  async answered(path: string, init?: Sent): Promise<{ status: number; text: string }> {
    const outcome = await this.fetch(path, init);
    if (outcome.failed) throw new Error(`${path}: ${outcome.failed.code} ${outcome.failed.message}`);
    return outcome;
  }

  /** So many calls at the same time. */
  fetchAll(path: string, count: number): Promise<Outcome[]> {
    return this.page.evaluate(
      ([p, n]) => Promise.all(Array.from({ length: n }, (_, i) => outcome(auth.fetch(`${p}?${i}`)))),
      [path, count] as const,
    );
  }

  /** What a call of the client throws, null if it throws nothing. */
  failure(call: "refresh" | "getToken" | "logout"): Promise<Told | null> {
    return this.page.evaluate(
      (name) =>
        auth[name]().then(
          () => null,
          (e: unknown) => told(e),
        ),
      call,
    );
  }

  /**
   * Freezes the page: no task of it runs until it thaws, and what it holds it goes on holding. It stops in the debugger,
   * as Chromium itself freezes hidden tabs only, and a driven one counts as seen.
   */
  async freeze(): Promise<{ thaw(): Promise<void> }> {
    const devtools = await this.devtools();
    await devtools.send("Debugger.enable");
    const stopped = new Promise((done) => devtools.once("Debugger.paused", done));
    const end = devtools.send("Runtime.evaluate", { expression: "debugger" });
    await stopped;
    return {
      thaw: async () => {
        await devtools.send("Debugger.resume");
        await end;
        await devtools.detach();
      },
    };
  }

  /** The DevTools protocol of this tab. */
  devtools(): Promise<CDPSession> {
    return this.page.context().newCDPSession(this.page);
  }
}

/** waitFor waits until a tab is in a state; it is a guard against hanging, and judges no speed. */
export async function waitFor(tab: Tab, state: Partial<Record<string, unknown>>): Promise<void> {
  await expect.poll(() => tab.state(), { timeout: 40_000, interval: 50 }).toMatchObject(state);
}
