import type { IncomingMessage, ServerResponse } from "node:http";
import { listen } from "../server/issuer.ts";

/** A request as it arrived behind the proxy. */
export interface Arrived {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage["headers"];
  body: string;
}

/**
 * upstream stands where Mayfly would, to see what arrives and to answer what Mayfly does not: `answer` is given the
 * request once its body is read.
 */
export async function upstream(answer: (response: ServerResponse, arrived: Arrived) => void) {
  const arrived: Arrived[] = [];
  const url = await listen(async (request, response) => {
    const { method, url, headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
    arrived.push(seen);
    answer(response, seen);
  });
  return { url, arrived };
}
