import { createServer, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { createVerifier } from "../../src/server.ts";
import { sha256 } from "../support/faults.ts";

/** The API behind the app's page. A figure is the digest of the access token that it was asked for with. */
export interface Figures {
  url: string;
  /** How many calls it refused. */
  refused(): number;
  /** From now on answers to this user wait until they are let go. */
  hold(user: string): void;
  /** How many answers to this user wait. */
  waiting(user: string): number;
  /** Lets all of them go, and later ones too. */
  letGo(user: string): void;
}

/** openFigures starts the API for one test. It checks tokens as any server of an app does. */
export async function openFigures(issuer: string, mayfly: string): Promise<Figures> {
  const verifier = createVerifier({ issuer, jwksUrl: `${mayfly}/auth/.well-known/jwks.json` });
  const held = new Map<string, (() => void)[]>();
  let refused = 0;

  const answer = async (token: string, response: ServerResponse) => {
    try {
      const { sub } = await verifier.verifyToken(token);
      const waiting = held.get(sub);
      if (waiting) await new Promise<void>((go) => waiting.push(go));
      response.end(figure(token));
    } catch {
      refused += 1;
      response.writeHead(401).end();
    }
  };
  const server = createServer((request, response) => {
    void answer(request.headers.authorization?.replace(/^Bearer /, "") ?? "", response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    refused: () => refused,
    hold: (user) => held.set(user, held.get(user) ?? []),
    waiting: (user) => held.get(user)?.length ?? 0,
    letGo: (user) => {
      for (const go of held.get(user) ?? []) go();
      held.delete(user);
    },
  };
}

/** figure is what the API says to a token: something that may stand in a page. */
export const figure = (token: string): string => sha256(token).slice(0, 16);
