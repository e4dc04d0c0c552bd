import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import { onTestFinished } from "vitest";

/** listen starts a server for one test, which ends with it, and returns its URL. */
export async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  await started(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** started resolves when a server listens on this machine, on a free port unless one is named; it ends with the test. */
export async function started(server: Server, port = 0): Promise<void> {
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((closed) => server.close(() => closed()));
  });
  await new Promise<void>((ready) => server.listen(port, "127.0.0.1", ready));
}

/** A key pair, its public half as a JWK. */
export interface Pair {
  id: string;
  alg: string;
  privateKey: CryptoKey;
  jwk: JWK;
}

/** pair makes a key that signs with one algorithm. */
export async function pair(id: string, alg = "ES256"): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { id, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid: id, alg, use: "sig" } };
}

/** What an issuer of the test's own answers, where the real one can not be brought to it. */
export interface Issuer {
  url: string;
  /** How often its keys were asked for. */
  asked: number;
  /** What it answers: change it at any time. */
  answer: { status: number; headers: Record<string, string>; body: string };
  publish(...keys: Pair[]): void;
}

/** startIssuer starts a server that publishes keys; tokens for it are minted by the library jose. */
export async function startIssuer(...keys: Pair[]): Promise<Issuer> {
  const issuer: Issuer = {
    url: "",
    asked: 0,
    answer: { status: 200, headers: {}, body: "" },
    publish: (...published) => {
      issuer.answer.body = JSON.stringify({ keys: published.map(({ jwk }) => jwk) });
    },
  };
  issuer.publish(...keys);
  issuer.url = await listen((request, response) => {
    if (request.url !== "/.well-known/jwks.json") return response.writeHead(404).end();
    issuer.asked += 1;
    response.writeHead(issuer.answer.status, issuer.answer.headers).end(issuer.answer.body);
  });
  return issuer;
}

/** claims are what a good token of this issuer states; `now` is in seconds. */
export function claimsOf(issuer: string, now = Math.floor(Date.now() / 1000)): JWTPayload {
  return {
    iss: issuer,
    sub: "ada",
    aud: issuer,
    exp: now + 600,
    iat: now,
    jti: crypto.randomUUID(),
    sid: "s1",
    client_id: "mayfly",
  };
}

/** mint signs claims under a header that may differ from the usual one. */
export function mint(key: Pair, claims: JWTPayload, header: Record<string, unknown> = {}): Promise<string> {
  const jwt = new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.id, typ: "at+jwt", ...header });
  return jwt.sign(key.privateKey);
}

/** codeOf returns the code that a call is refused with, "" if it is not. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "",
    (error: { code?: string }) => error.code ?? String(error),
  );
}
