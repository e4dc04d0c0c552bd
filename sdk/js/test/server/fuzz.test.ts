import { expect, test } from "vitest";
import { decodeBase64url } from "../../src/server/base64url.ts";
import { decodeObject, Malformed } from "../../src/server/json.ts";
import { parseToken } from "../../src/server/token.ts";

/** mulberry32 is a small generator of random numbers below 1, the same ones for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const seed = Number(process.env.FUZZ_SEED ?? 20_260_101);
const random = mulberry32(seed);
const below = (n: number) => Math.floor(random() * n);
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

/** What the parser refuses is Malformed; anything else it throws is a fault of its own. */
function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** A JSON value whose members are all different, as text with random white space and escapes. */
function valueText(depth: number): string {
  const space = () => pick(["", "", " ", "\n", "\t "]);
  const name = () => pick(['"a"', '"b"', '"\\u0061"', '"{"', '"}"', '"\\""', '"\\\\"', '",["', '"ä"', '"🦋"', '""']);
  if (depth === 0)
    return pick(["1", "-0.5e+7", "true", "null", '"x"', '"\\ud83e\\udd8b"', '"],}"', '"\\\\\\""', "[]", "{}"]);
  const items = Array.from({ length: below(4) }, () => valueText(below(depth)));
  if (random() < 0.4) return `[${items.map((item) => space() + item + space()).join(",")}]`;
  return `{${items.map((item) => `${space()}${name()}${space()}:${space()}${item}${space()}`).join(",")}}`;
}

/** Whether any object in the text names a member twice, by a reader that shares nothing with ours: reviver order. */
function hasTwice(text: string): boolean {
  const members = (value: unknown): number =>
    Array.isArray(value)
      ? value.reduce((sum, item) => sum + members(item), 0)
      : typeof value === "object" && value !== null
        ? Object.entries(value).reduce((sum, [, inner]) => sum + 1 + members(inner), 0)
        : 0;
  // Each colon outside of a string is one member as written; members that JSON.parse kept are fewer where one came twice.
  const written = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').split(":").length - 1;
  return members(JSON.parse(text)) !== written;
}

test(`JSON objects are read exactly where no member comes twice (seed ${seed})`, () => {
  let [taken, refused] = [0, 0];
  for (let i = 0; i < 20_000; i++) {
    const text = `{"k":${valueText(4)}}`;
    const read = attempt(() => decodeObject(new TextEncoder().encode(text)));
    if (hasTwice(text)) {
      refused += 1;
      if (read) expect.fail(`taken: ${text}`);
    } else {
      taken += 1;
      if (!read) expect.fail(`refused: ${text}`);
      expect(read).toEqual(JSON.parse(text));
    }
  }
  expect(Math.min(taken, refused)).toBeGreaterThan(1_000); // both were tried
});

test(`bytes that are no object are refused and never break the reader (seed ${seed})`, () => {
  const grains = [
    '{"a":',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    "\\u",
    "d800",
    "\ufeff",
    "e",
    "1",
    "null",
    " ",
    "\0",
  ];
  for (let i = 0; i < 50_000; i++) {
    const text = Array.from({ length: below(12) }, () => pick(grains)).join("");
    const bytes = new TextEncoder().encode(text);
    if (random() < 0.2 && bytes.length > 0) bytes[below(bytes.length)] = below(256);
    const read = attempt(() => decodeObject(bytes));
    if (read) expect(read).toEqual(JSON.parse(new TextDecoder().decode(bytes)));
  }
});

test(`base64url has one spelling for all bytes, and reads back what Node wrote (seed ${seed})`, () => {
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: below(50) }, () => below(256));
    const text = Buffer.from(bytes).toString("base64url");
    expect(decodeBase64url(text)).toEqual(bytes);
    const at = below(text.length + 1);
    const other =
      text.slice(0, at) + String.fromCharCode(below(random() < 0.5 ? 128 : 0xffff)) + text.slice(at + below(2));
    const read = decodeBase64url(other);
    if (read) expect(Buffer.from(read).toString("base64url")).toBe(other);
  }
});

test(`a token is taken apart only into what it is put together from (seed ${seed})`, () => {
  const header = Buffer.from('{"alg":"ES256","kid":"k","typ":"at+jwt"}').toString("base64url");
  const whole = `${header}.e30.${Buffer.alloc(64, 7).toString("base64url")}`;
  expect(attempt(() => parseToken(whole))).toMatchObject({ algorithm: "ES256", keyId: "k", type: "at+jwt" });
  for (let i = 0; i < 50_000; i++) {
    let text = whole;
    for (let changes = below(4); changes >= 0; changes--) {
      const at = below(text.length);
      const grain = pick([".", "=", "A", "_", "-", "+", "\n", "\u{1f98b}", String.fromCharCode(below(256)), ""]);
      text = text.slice(0, at) + grain + text.slice(at + below(3));
    }
    const token = attempt(() => parseToken(text));
    if (!token) continue;
    const again = `${new TextDecoder().decode(token.input)}.${Buffer.from(token.signature).toString("base64url")}`;
    expect(again).toBe(text);
    expect(Buffer.from(token.payload).toString("base64url")).toBe(text.split(".")[1]);
  }
});
