/**
 * What a page leaves for the next one in the same tab. It lies in the tab's own storage, because in the address anybody
 * could write it.
 */
const keys = { why: "mayfly.ended", reloaded: "mayfly.reloaded" } as const;

/** Leaves a word for the next page. */
export function leave(name: keyof typeof keys, value: string): void {
  sessionStorage.setItem(keys[name], value);
}

/** Returns what was left and takes it away; null if nothing was. */
export function take(name: keyof typeof keys): string | null {
  const value = sessionStorage.getItem(keys[name]);
  sessionStorage.removeItem(keys[name]);
  return value;
}

/** Where Mayfly lies, as its client wants to be told. */
export const base = document.body.dataset.base || "/";
