import { expect, test } from "vitest";
import { EventParser } from "../../src/server/eventstream.ts";

function read(...chunks: string[]): [name: string, id: string, data: string][] {
  const parser = new EventParser();
  return chunks.flatMap((chunk) => [...parser.parse(chunk)].map(({ name, id, data }) => [name, id, data] as const)) as [
    string,
    string,
    string,
  ][];
}

const one = [["a", "7", "x"]];

test.each([
  ["one", "event: a\nid: 7\ndata: x\n\n", one],
  ["CRLF", "event: a\r\nid: 7\r\ndata: x\r\n\r\n", one],
  ["CR alone", "event: a\rid: 7\rdata: x\r\r", one],
  ["all line ends in one", "event: a\r\nid: 7\rdata: x\n\r\n", one],
  ["no space after the colon", "event:a\ndata:x\n\n", [["a", "", "x"]]],
  ["only one space is taken off", "data:  x\n\n", [["", "", " x"]]],
  ["several lines of data", "data: x\ndata\ndata: y\n\n", [["", "", "x\n\ny"]]],
  ["comments and unknown fields", ": hello\nretry: 1000\nmood: good\ndata: x\n:\n\n", [["", "", "x"]]],
  ["an event without data", "event: a\n\ndata: x\n\n", [["", "", "x"]]],
  ["empty data", "event: a\ndata:\n\n", [["a", "", ""]]],
  [
    "an id lasts",
    "id: 7\ndata: x\n\ndata: y\n\nid\ndata: z\n\n",
    [
      ["", "7", "x"],
      ["", "7", "y"],
      ["", "", "z"],
    ],
  ],
  ["an unfinished message", "data: x\n\nevent: a\ndata: y\n", [["", "", "x"]]],
  ["empty lines", "\n\r\n\r\rdata: x\n\n\n\n", [["", "", "x"]]],
  ["nothing", "", []],
  ["a page", "<!doctype html>\n<p>Please sign in</p>\n\n", []],
])("a stream is read as the standard says, wherever it is cut: %s", (_, stream, want) => {
  expect(read(stream)).toEqual(want);
  expect(read(...stream)).toEqual(want);
  for (let cut = 1; cut < stream.length; cut++) expect(read(stream.slice(0, cut), stream.slice(cut))).toEqual(want);
});

test("any text in any pieces is read as it is in one", () => {
  const parts = ["data", "event", "id", ":", " ", "\r", "\n", "\r\n", "\n\n", "x", "\u00e9", "\0", "current", "{}"];
  for (let round = 0; round < 3_000; round++) {
    const tokens = Array.from({ length: 30 }, () => parts[Math.floor(Math.random() * parts.length)] ?? "");
    const stream = tokens.join("");
    expect(read(...stream), JSON.stringify(stream)).toEqual(read(stream));
    expect(read(...tokens), JSON.stringify(tokens)).toEqual(read(stream));
  }
});

test("a message is over with its last CR, whatever comes two seconds later", () => {
  expect(read("data: x\r\n\r")).toEqual([["", "", "x"]]);
  expect(read("data: x\r\n\r", "\ndata: y\r\r")).toEqual([
    ["", "", "x"],
    ["", "", "y"],
  ]);
});

test.each([
  ["a line without an end", "a"],
  ["data without an end", "data: x\n"],
])("memory is bounded: %s", (_, text) => {
  const parser = new EventParser();
  const chunk = text.repeat(1_000);
  expect(() => {
    for (let i = 0; i < 1_000; i++) expect([...parser.parse(chunk)]).toEqual([]);
  }).toThrow("longer than 65536");
});
