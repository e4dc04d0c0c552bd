import { parseAddress, readOptions, type VerifierOptions } from "../server/options.ts";

/**
 * What every part of `mayfly-auth/next` is told. Keep it in one file of your app and pass it to each. `issuer` is
 * Mayfly's public URL, the same as its setting `public_url`, and has the default it has in `createVerifier`. Where
 * Mayfly lies on your app's own origin it has a path: "https://app.example/auth". `revocations` is for an app that runs as
 * a process that stays, as `next start` does: `auth()` follows the feed then.
 */
export interface NextOptions
  extends Pick<VerifierOptions, "issuer" | "audience" | "sharedSecret" | "leeway" | "insecureHttp" | "revocations"> {
  /**
   * Where this server reaches Mayfly, if not by the public URL: "http://localhost:8080". An origin, without a path: that
   * is the issuer's.
   */
  target?: string;
  /** The names of the cookies, with the preset `express`: `{ access: "accessToken", refresh: "refreshToken" }`. */
  cookies?: { access: string; refresh: string };
}

/** Options that have been read, and the names that follow from them. */
export interface Settings {
  /** Mayfly as this server reaches it, with the path of the issuer. */
  readonly base: string;
  /** Where on the app's own origin Mayfly lies: "/auth"; "" where it has an origin to itself. */
  readonly path: string;
  readonly names: CookieNames;
  readonly verifier: VerifierOptions;
}

export interface CookieNames {
  readonly access: string;
  readonly refresh: string;
  /** Readable by scripts; says that there may be a session. */
  readonly hint: string;
}

/**
 * settingsOf returns how to read the options, once, at the first request and not before: a build runs this code where
 * the variables of the production machine are not set.
 */
export function settingsOf(options: NextOptions): () => Settings {
  let settings: Settings | undefined;
  return () => {
    settings ??= read(options);
    return settings;
  };
}

function read({ target, cookies, ...rest }: NextOptions): Settings {
  const { issuer } = readOptions(rest);
  const path = new URL(issuer).pathname.replace(/\/+$/, "");
  const origin = target === undefined ? new URL(issuer).origin : originOf(target, rest.insecureHttp);
  const base = `${origin}${path}`;
  const prefix = issuer.startsWith("https:") ? "__Host-" : "";
  const names = {
    access: cookies?.access ?? `${prefix}mayfly_access`,
    refresh: cookies?.refresh ?? `${prefix}mayfly_refresh`,
    hint: "mayfly_signed_in",
  };
  const verifier = {
    ...rest,
    ...followed(rest, base),
    issuer,
    jwksUrl: `${base}/.well-known/jwks.json`,
    cookie: names.access,
  };
  return { base, path, names, verifier };
}

/** The feed, where it is wanted, is asked for where Mayfly is reached from here. */
function followed({ revocations }: NextOptions, base: string): Pick<VerifierOptions, "revocations"> {
  if (!revocations) return {};
  return { revocations: { url: `${base}/v1/revocations`, ...(revocations === true ? {} : revocations) } };
}

/** Refresh tokens are sent there, so it is checked as strictly as the issuer. */
function originOf(target: string, insecureHttp = false): string {
  const url = parseAddress("target", target, insecureHttp);
  if (url.pathname === "/") return url.origin;
  throw new TypeError(`mayfly: target is "${target}": write ${url.origin}, the path is that of the issuer`);
}
