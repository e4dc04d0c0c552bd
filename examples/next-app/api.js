// The API of the figures: any server that checks Mayfly's access tokens.
import { createServer } from "node:http";
import { createVerifier } from "mayfly-auth/server";

const verifier = createVerifier({
  issuer: process.env.MAYFLY_PUBLIC_URL ?? "http://localhost:3000/auth",
  jwksUrl: `${process.env.MAYFLY_TARGET ?? "http://localhost:8080"}/auth/.well-known/jwks.json`,
});

createServer(async (request, response) => {
  try {
    const [, token = ""] = (request.headers.authorization ?? "").split(" ");
    await verifier.verifyToken(token);
    response.end(String(Math.floor(Math.random() * 1000)));
  } catch (e) {
    response.writeHead(e.status ?? 500).end();
  }
}).listen(4000, "127.0.0.1", () => console.log("the API listens on http://localhost:4000"));
