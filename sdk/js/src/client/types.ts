import type { AuthError } from "../errors.ts";
import type { Delivery, Device, Session, User } from "../wire.ts";

/**
 * Whether somebody is signed in. A new object for every change, the same one between changes.
 *
 * `reconnecting` says that the server can not be reached, or does not answer as it should. It signs nobody out: the
 * client tries again by itself.
 */
export type AuthState =
  | { readonly status: "loading"; readonly reconnecting: boolean }
  | { readonly status: "signed-in"; readonly user: User; readonly session: Session; readonly reconnecting: boolean }
  | {
      readonly status: "signed-out";
      /** Why the session ended, if it ended by itself and not by this client's `logout()`. */
      readonly reason?: AuthError;
    };

/** Where the refresh token is kept with delivery `body`: a keychain, an encrypted file. Never localStorage. */
export interface TokenStorage {
  get(): string | null | Promise<string | null>;
  set(token: string | null): void | Promise<void>;
}

export interface AuthOptions {
  /**
   * Where Mayfly is: its public URL. On your app's own origin a path will do: "/auth". Default: the page's own origin.
   * Outside of a page a path can be held, while a server renders, but not used.
   */
  url?: string;
  /** How tokens travel. Default: `cookie`. */
  delivery?: Delivery;
  /** For delivery `body`, and required there. */
  storage?: TokenStorage;
  /**
   * The origins, besides the page's own and Mayfly's, whose servers get the access token from `auth.fetch`:
   * "https://api.example.com". To any other origin a call goes out as `window.fetch` would send it.
   */
  apis?: readonly string[];
  /** Sends requests in the place of the global fetch. */
  fetch?: typeof fetch;
}

export interface Registration {
  email: string;
  password: string;
  username?: string;
  name?: string;
}

export interface Credentials {
  /** An email address or a username. */
  identifier: string;
  password: string;
}

/** `local`: this device. `others`: every device but this one. `all`: every device. */
export type LogoutScope = "local" | "others" | "all";

/** The pair of tokens, made invisible. One for each page. */
export interface Auth {
  /** The state as it is now. */
  readonly state: AuthState;
  /** The person who is signed in, if anybody is. */
  readonly user: User | null;
  /** Finds out whether somebody is signed in. Settles within 10 seconds and never rejects; to call it twice is once. */
  init(): Promise<AuthState>;
  /** Makes an account and signs in. */
  register(registration: Registration): Promise<User>;
  login(credentials: Credentials): Promise<User>;
  /** Signs out. Works always, and at once in this browser: the server is told as soon as it can be reached. */
  logout(options?: { scope?: LogoutScope }): Promise<void>;
  /**
   * As `window.fetch`, with a valid access token. An answer is handed on as it came; a refresh that can not be had
   * rejects with an AuthError, a dead network as fetch rejects.
   */
  fetch: typeof fetch;
  /**
   * An access token with life left, for what is not fetch (a WebSocket); null when nobody is signed in. Settles within
   * 10 seconds. Not with delivery `cookie`.
   */
  getToken(): Promise<string | null>;
  /** Replaces the access token now: a role that was just given is in the next one. Rejects with the reason when it can not. */
  refresh(): Promise<void>;
  /** Seconds that the access token has left; 0 when there is none. */
  readonly expiresIn: number;
  readonly sessions: {
    /** The devices that are signed in, the one last used first. */
    list(): Promise<Device[]>;
    /** Ends one of them. */
    end(id: string): Promise<void>;
  };
  /** Calls the listener after every change of state; returns how to stop it. */
  onChange(listener: (state: AuthState) => void): () => void;
  /** Stops listening to the page and to other tabs. Signs nobody out. */
  close(): void;
}
