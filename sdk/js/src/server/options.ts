import { secretBytes } from "./key.ts";
import type { RevocationOptions, RevocationSettings } from "./revocations.ts";

/** Which access tokens a verifier believes. Everything has a default. */
export interface VerifierOptions {
  /**
   * The public URL of Mayfly, exactly as its tokens have it in iss: "https://app.example/auth". Default: the variable
   * MAYFLY_PUBLIC_URL, else http://localhost:8080 as for the server itself; required where NODE_ENV is production.
   */
  issuer?: string;
  /** Who the tokens must be made for. Default: the issuer, which is what Mayfly puts into aud unless told otherwise. */
  audience?: string;
  /** Where the public keys are. Default: issuer + "/.well-known/jwks.json". */
  jwksUrl?: string;
  /**
   * For a Mayfly that signs with HS256: the secret both know, at least 32 bytes. No keys are fetched then, and no other
   * algorithm is accepted.
   */
  sharedSecret?: string | Uint8Array;

  /**
   * The name of the cookie that may carry the access token: "accessToken" with the preset `express`. Default:
   * `__Host-mayfly_access` for an https issuer and `mayfly_access` otherwise.
   */
  cookie?: string;
  /** Takes tokens from the Authorization header alone, never from a cookie. */
  bearerOnly?: boolean;
  /**
   * The pages, such as https://app.example, that may send requests which change something with the cookie, besides
   * those of the server's own origin.
   */
  allowedOrigins?: readonly string[];

  /** How far clocks may differ, in seconds. Default: 30. */
  leeway?: number;
  /** The least time between two fetches of the keys, whatever tokens come, in seconds. Default: 10. */
  refetchInterval?: number;
  /** How many verified tokens are remembered. Default: 4096; 0 remembers none. */
  cacheSize?: number;

  /**
   * Follows Mayfly's revocation feed: the tokens of a session that was ended are refused within two seconds, and not only
   * when they expire. It takes one connection from the first token that is verified until `close()`, and a process that
   * stays: leave it out where each request may get a process of its own. Default: false.
   */
  revocations?: boolean | RevocationOptions;

  /** Fetches the keys and the feed in the place of the global fetch. Redirects are refused either way. */
  fetch?: typeof fetch;
  /**
   * Allows plain http to a host that is not this machine: whoever is on the way can replace the keys, and then sign
   * whatever they like.
   */
  insecureHttp?: boolean;
  /** The clock by which tokens expire, in milliseconds since 1970. Default: Date.now. */
  now?: () => number;
  /**
   * Is told what no caller sees: that keys can not be fetched while older ones are still in use, and that the revocation
   * feed is down. Default: console.warn.
   */
  warn?: (message: string) => void;
}

/** The options with every default filled in and everything checked. Times are in seconds. */
export interface Settings {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly secret: Uint8Array<ArrayBuffer> | null;
  /** null takes none. */
  readonly cookie: string | null;
  readonly allowed: ReadonlySet<string>;
  readonly leeway: number;
  readonly refetchInterval: number;
  readonly cacheSize: number;
  /** null follows none. */
  readonly revocations: RevocationSettings | null;
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly warn: (message: string) => void;
}

/** readOptions throws a TypeError that names the option and the fix. */
export function readOptions(options: VerifierOptions): Settings {
  const secret = readSecret(options);
  const insecure = options.insecureHttp ?? false;
  const issuer = options.issuer ?? defaultIssuer();
  const { protocol } = parseAddress("issuer", issuer, insecure || secret !== null);
  const jwksUrl = options.jwksUrl ?? `${issuer.replace(/\/+$/, "")}/.well-known/jwks.json`;
  if (!secret) parseAddress("jwksUrl", jwksUrl, insecure);
  const shared = {
    fetch: options.fetch ?? ((...request: Parameters<typeof fetch>) => fetch(...request)),
    warn: options.warn ?? console.warn,
  };
  return {
    ...shared,
    issuer,
    audience: options.audience ?? issuer,
    jwksUrl,
    secret,
    cookie: options.bearerOnly ? null : (options.cookie ?? cookieOf(protocol)),
    allowed: new Set(options.allowedOrigins?.map(parseOrigin)),
    leeway: number("leeway", options.leeway, 30),
    refetchInterval: number("refetchInterval", options.refetchInterval, 10) || 10,
    cacheSize: number("cacheSize", options.cacheSize, 4096),
    revocations: readRevocations(options, issuer, shared),
    now: options.now ?? Date.now,
  };
}

/** For how long after its last token has expired the feed goes on to name a session, in seconds. */
const mostLeeway = 60;

function readRevocations(
  { revocations, leeway, insecureHttp = false }: VerifierOptions,
  issuer: string,
  shared: Pick<RevocationSettings, "fetch" | "warn">,
): RevocationSettings | null {
  if (!revocations) return null;
  const options = revocations === true ? {} : revocations;
  if (leeway !== undefined && leeway > mostLeeway) {
    throw new TypeError(
      `mayfly: leeway is ${leeway}, and the revocation feed names a session for no longer than ${mostLeeway} seconds ` +
        "after its last token has expired: set it to that at most, or leave revocations out",
    );
  }
  const url = options.url ?? `${issuer.replace(/\/+$/, "")}/v1/revocations`;
  parseAddress("revocations.url", url, insecureHttp);
  return {
    ...shared,
    url,
    refuseWhenDown: options.refuseWhenDown ?? false,
    maxMarks: number("revocations.maxMarks", options.maxMarks, 1_000_000) || 1_000_000,
    onChange: options.onChange ?? (() => {}),
  };
}

/**
 * cookieOf returns the name under which Mayfly delivers access tokens. Over https only the one with the prefix is
 * taken: a page of a sibling sub-domain can plant a cookie with any other name and so make somebody act as another.
 */
function cookieOf(protocol: string): string {
  return protocol === "https:" ? "__Host-mayfly_access" : "mayfly_access";
}

function defaultIssuer(): string {
  const env = typeof process === "undefined" ? undefined : process.env;
  if (env?.MAYFLY_PUBLIC_URL) return env.MAYFLY_PUBLIC_URL;
  if (env?.NODE_ENV === "production") {
    throw new TypeError(
      "mayfly: the issuer is not known, and in production it is not guessed: set the variable MAYFLY_PUBLIC_URL, or " +
        "the option issuer, to the public URL of Mayfly",
    );
  }
  return "http://localhost:8080";
}

/** A secret that was meant and is not there must not turn into another way of checking. */
function readSecret(options: VerifierOptions): Uint8Array<ArrayBuffer> | null {
  if (!("sharedSecret" in options)) return null;
  if (options.sharedSecret === undefined) {
    throw new TypeError("mayfly: sharedSecret is undefined: is the variable that you read it from set?");
  }
  return secretBytes(options.sharedSecret);
}

function number(name: string, value: number | undefined, usual: number): number {
  if (value === undefined) return usual;
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new TypeError(`mayfly: ${name} is ${value}: it must be 0 or more`);
  return value;
}

/**
 * parseAddress reads the address of a server that is sent tokens or believed about keys, and refuses plain http unless
 * nothing leaves this machine: whoever sits on the line would have both.
 */
export function parseAddress(option: string, text: string, insecure: boolean): URL {
  if (text.includes("@")) {
    throw new TypeError(`mayfly: ${option} has a user name or a password in it: leave that out`);
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url?.host || url.search !== "" || url.hash !== "" || !/^[a-z]+:\/\//i.test(text)) {
    throw new TypeError(
      `mayfly: ${option} is "${text}", which is not the address of a server: write it like https://auth.example.com`,
    );
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && (insecure || isLoopback(url.hostname)))) return url;
  if (url.protocol === "http:") {
    throw new TypeError(
      `mayfly: ${option} is "${text}", and over plain http anybody on the way can read tokens and replace keys: write ` +
        "https://, or set insecureHttp if the network is your own",
    );
  }
  throw new TypeError(`mayfly: ${option} is "${text}": its scheme must be https`);
}

/** isLoopback reports whether a host name stays on this machine: RFC 6761 section 6.3 for the names. */
function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/\.$/, ""); // URL has put it into small letters and IPv4 into four numbers
  return /(^|\.)localhost$/.test(host) || /^127(\.\d+){3}$/.test(host) || host === "[::1]";
}

/** parseOrigin reads an origin from the options. A path would be ignored silently, so it is refused. */
function parseOrigin(text: string): string {
  const url = parseAddress("allowedOrigins", text, true);
  if (url.pathname !== "/") {
    throw new TypeError(`mayfly: allowedOrigins has "${text}": an origin has no path, write ${url.origin}`);
  }
  return url.origin;
}
