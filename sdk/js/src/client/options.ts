import type { Delivery, SignedIn } from "../wire.ts";
import type { AuthOptions } from "./types.ts";

/** Where Mayfly is, without a slash at its end: a whole URL, or outside of a page perhaps a mere path. */
export function baseOf({ url = "/", delivery, storage }: AuthOptions): string {
  if ((delivery === "body") !== Boolean(storage)) {
    throw new TypeError('createAuth: delivery "body" and a storage belong together; fix: give both, or neither');
  }
  const here = globalThis.location?.href;
  const whole = here || URL.canParse(url) ? new URL(url, here).href : url;
  return whole.replace(/[?#].*$/, "").replace(/\/+$/, "");
}

/** A server that renders a page may hold a client with a path, but can not use it: there is no page to resolve it against. */
export function mustBeWhole(base: string): void {
  if (URL.canParse(base)) return;
  throw new TypeError(
    "createAuth: outside of a page, url must be Mayfly's whole public URL, such as https://auth.example.com",
  );
}

/** The origins whose servers get the access token. */
export function originsOf({ apis = [] }: AuthOptions, base: string): Set<string> {
  const here = globalThis.location?.origin;
  const home = URL.canParse(base) ? new URL(base).origin : undefined;
  return new Set([...(home ? [home] : []), ...(here ? [here] : []), ...apis.map((api) => new URL(api).origin)]);
}

/** isSignedIn reports whether an answer is a pair in this delivery, and not what something in between made up. */
export function isSignedIn(answer: unknown, delivery: Delivery): answer is SignedIn {
  const given = (answer ?? {}) as Partial<SignedIn>;
  const life = given.access_expires_in ?? 0;
  const access = delivery === "cookie" || given.access_token;
  const refresh = delivery !== "body" || given.refresh_token;
  return Boolean(given.user?.id && given.session?.id && life > 0 && access && refresh);
}
