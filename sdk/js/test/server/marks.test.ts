import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { isMark, Marks, markOf } from "../../src/server/marks.ts";

test("a mark is the first 12 bytes of the SHA-256 of the session's id", async () => {
  for (const sid of ["", "s1", "0199f8a0-7c2b-7d1e-9a4e-2f6f0c1d2e3f"]) {
    const mark = createHash("sha256").update(sid).digest().subarray(0, 12).toString("base64url");
    expect(await markOf(sid)).toBe(mark);
    expect(isMark(mark)).toBe(true);
  }
  for (const other of ["", "q83vASNFZ4mrze8", "q83vASNFZ4mrze8BB", "q83vASNFZ4mrze8+", "q83vASNFZ4mrze8\n", 7, null]) {
    expect(isMark(other)).toBe(false);
  }
});

test("a mark counts until its time, the later one where it was named twice, and then leaves", () => {
  const marks = new Marks(100);
  marks.add("a", 10);
  marks.add("b", 10);
  marks.add("b", 20);
  marks.add("b", 5);
  expect([marks.has("a", 9.9), marks.has("a", 10), marks.has("b", 19), marks.has("b", 20)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  marks.sweep(10);
  expect([marks.size, marks.has("b", 10)]).toEqual([1, true]);
  marks.sweep(20);
  expect([marks.size, marks.dropped]).toEqual([0, 0]);
});

test.each([1, 2, 15, 16, 100, 1000])("of more than %i marks the oldest make room, and are counted", (most) => {
  const marks = new Marks(most);
  const many = 3 * most + 7;
  for (let n = 0; n < many; n++) {
    marks.add(String(n), 10);
    expect(marks.size).toBeLessThanOrEqual(most);
    expect(marks.has(String(n), 1)).toBe(true);
  }
  const kept = Array.from({ length: many }, (_, n) => marks.has(String(n), 1));
  expect(kept.lastIndexOf(false)).toBe(kept.indexOf(true) - 1);
  expect(marks.size + marks.dropped).toBe(many);
  expect(marks.size).toBeGreaterThanOrEqual(most - Math.ceil(most / 16));
});

test("Promise 10: 100,000 revocations take about 100 bytes each", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const many = 100_000;
  const before = used();
  const marks = new Marks(1_000_000);
  for (let n = 0; n < many; n += 500) {
    const text = JSON.stringify(
      Array.from({ length: 500 }, (_, i) =>
        createHash("sha256")
          .update(`${n + i}`)
          .digest("base64url")
          .slice(0, 16),
      ),
    );
    for (const mark of JSON.parse(text) as string[]) marks.add(mark, 630 + n);
  }
  const each = (used() - before) / many;
  expect(marks.size).toBe(many);
  console.info(`a mark takes ${Math.round(each)} bytes`);
  expect(each).toBeLessThan(200);
});
