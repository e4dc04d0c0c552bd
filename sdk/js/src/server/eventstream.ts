/** One message of a stream of server-sent events. */
export interface ServerEvent {
  readonly name: string;
  /** The last one that the stream gave, with this message or before. */
  readonly id: string;
  readonly data: string;
}

/** Bounds what a stream can make us hold, in characters; the longest line that Mayfly sends has about ten thousand. */
const longestLine = 65_536;

/**
 * EventParser reads server-sent events as the WHATWG HTML standard parses them (section 9.2.6): lines that end with CR,
 * LF or both, wherever the network cut them; comments; a message over at an empty line. A message without an empty line
 * after it never came.
 */
export class EventParser {
  #line = "";
  #afterCR = false;
  #name = "";
  #id = "";
  #data: string | null = null;

  /** The messages that are over with this chunk. It does not wait for what may come after a CR: the line is over. */
  *parse(chunk: string): Generator<ServerEvent> {
    if (chunk === "") return;
    let at = this.#afterCR && chunk.startsWith("\n") ? 1 : 0;
    this.#afterCR = chunk.endsWith("\r");
    const ends = /\r\n?|\n/g;
    ends.lastIndex = at;
    for (let end = ends.exec(chunk); end; end = ends.exec(chunk)) {
      const event = this.#read(bounded(this.#line + chunk.slice(at, end.index)));
      this.#line = "";
      at = ends.lastIndex;
      if (event) yield event;
    }
    this.#line = bounded(this.#line + chunk.slice(at));
  }

  #read(line: string): ServerEvent | null {
    if (line === "") return this.#over();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    // What begins with a colon has no name and is a comment.
    if (field === "event") this.#name = value;
    if (field === "id") this.#id = value;
    if (field === "data") this.#data = bounded(this.#data === null ? value : `${this.#data}\n${value}`);
    return null;
  }

  #over(): ServerEvent | null {
    const event = this.#data === null ? null : { name: this.#name, id: this.#id, data: this.#data };
    this.#name = "";
    this.#data = null;
    return event;
  }
}

function bounded(text: string): string {
  if (text.length > longestLine) {
    throw new Error(`an event is longer than ${longestLine} characters: that is no revocation feed`);
  }
  return text;
}
