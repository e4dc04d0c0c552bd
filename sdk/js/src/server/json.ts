const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How deep objects and arrays may lie in each other. */
const maxDepth = 32;

/** What is wrong with bytes from outside, in words fit for a log: never a part of them. */
export class Malformed extends Error {}

/** A string, or one character of the structure. In JSON text that was found right, nothing else can hold these. */
const marks = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

/** Half a surrogate pair: only an escape can bring one in, since the bytes are UTF-8. */
const half = /\p{Surrogate}/u;

/**
 * decodeObject reads a JSON object the way a security decision needs it, where `JSON.parse` lets two readers of the
 * same bytes see two different things. It refuses, with {@link Malformed}:
 *
 * - the same member twice, at any depth, also when one is spelled with escapes (RFC 8725 section 2.6);
 * - bytes that are not UTF-8, and escapes of half a surrogate pair, which readers replace or drop each in its own way;
 * - anything before or after the object but white space, and nesting deeper than 32.
 */
export function decodeObject(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = decoder.decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw new Malformed("this is not JSON in UTF-8"); // the parser's own words quote from what it read
  }
  if (!isObject(value)) throw new Malformed("the JSON is not an object");
  checkMembers(text);
  return value;
}

/** isObject tells JSON objects from all other values. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** checkMembers walks over text that JSON.parse has taken, so that the grammar need not be checked again. */
function checkMembers(text: string): void {
  const open: (Set<string> | null)[] = []; // the names of each object around this place; null for an array
  let names: Set<string> | null = null;
  let nameNext = false;
  for (const [mark] of text.matchAll(marks)) {
    if (mark.startsWith('"')) {
      const string = decodeString(mark);
      if (!nameNext) continue;
      if (names?.has(string)) throw new Malformed("a JSON object has the same member twice");
      names?.add(string);
      nameNext = false;
      continue;
    }
    if (mark === "{" || mark === "[") {
      open.push(names);
      if (open.length > maxDepth) throw new Malformed("the JSON is nested too deep");
      names = mark === "{" ? new Set() : null;
    } else if (mark !== ",") {
      names = open.pop() ?? null;
    }
    nameNext = names !== null && (mark === "{" || mark === ",");
  }
}

function decodeString(mark: string): string {
  if (!mark.includes("\\")) return mark.slice(1, -1);
  const string: string = JSON.parse(mark);
  if (half.test(string)) throw new Malformed("the JSON escapes half a surrogate pair");
  return string;
}
