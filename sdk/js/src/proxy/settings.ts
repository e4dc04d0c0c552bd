import { parseAddress } from "../server/options.ts";

/** Where a proxy lies and where it leads. */
export interface ProxyOptions {
  /** Where Mayfly listens: "http://localhost:8080". An origin, without a path. */
  target: string;
  /**
   * The path on the app's origin below which everything is Mayfly's. Default: "/auth". It goes through unchanged, so
   * Mayfly's `public_url` ends in it: https://app.example/auth.
   */
  path?: string;
  /** Seconds to wait for the beginning of an answer. Default: 30. */
  timeout?: number;
  /** Allows plain http to a target that is not this machine: passwords and tokens cross that network readable. */
  insecureHttp?: boolean;
}

/** The options, checked. */
export interface ProxySettings {
  /** scheme://host[:port]. */
  readonly target: string;
  /** "" or "/…" without a slash at its end. */
  readonly path: string;
  /** Milliseconds. */
  readonly timeout: number;
}

/** readProxyOptions throws a TypeError that names the option and the fix. */
export function readProxyOptions({ target, path, timeout = 30, insecureHttp }: ProxyOptions): ProxySettings {
  const url = parseAddress("target", target, insecureHttp ?? false);
  if (url.pathname !== "/") {
    throw new TypeError(
      `mayfly: target is "${target}", but paths go through unchanged: write ${url.origin}, and let public_url of ` +
        `Mayfly end in the path that the proxy has`,
    );
  }
  if (!(timeout > 0 && timeout <= 3600))
    throw new TypeError(`mayfly: timeout is ${timeout}: it is in seconds, 3600 at most`);
  return { target: url.origin, path: readPath(path ?? "/auth"), timeout: timeout * 1000 };
}

/** readPath checks a path that requests are compared with, letter by letter. */
export function readPath(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  if (!/^(\/[\w.~-]+)*$/.test(trimmed) || /\/\.\.?(\/|$)/.test(trimmed)) {
    throw new TypeError(`mayfly: path is "${path}": write it like "/auth"`);
  }
  return trimmed;
}
