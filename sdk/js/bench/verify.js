// How much a verification costs, beside the libraries that people come from. Run `npm run build` before it.
import { exportJWK, exportSPKI, generateKeyPair, jwtVerify, SignJWT } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { createVerifier } from "mayfly-auth/server";

const issuer = "http://localhost:8080";
const now = Math.floor(Date.now() / 1000);
const claims = {
  iss: issuer,
  aud: issuer,
  sub: "ada",
  jti: "1",
  sid: "1",
  client_id: "mayfly",
  iat: now,
  exp: now + 600,
};
const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
const token = await new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "k", typ: "at+jwt" }).sign(privateKey);
const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k", alg: "ES256" }] });
const fetch = async () => new Response(keys);
const pem = await exportSPKI(publicKey);
const secret = "a secret of no less than thirty-two bytes";
const shared = jsonwebtoken.sign(claims, secret);

async function perSecond(times, run) {
  for (let i = 0; i < times / 10; i++) await run();
  const begun = performance.now();
  for (let i = 0; i < times; i++) await run();
  return Math.round((times / (performance.now() - begun)) * 1000);
}

const remembers = createVerifier({ issuer, fetch });
const forgets = createVerifier({ issuer, fetch, cacheSize: 0 });
const request = new Request("http://localhost:3000/", { headers: { cookie: `a=b; mayfly_access=${token}` } });
console.table({
  "mayfly, token seen before": await perSecond(500_000, () => remembers.verifyToken(token)),
  "mayfly, request with a cookie seen before": await perSecond(200_000, () => remembers.verify(request)),
  "mayfly, first sight (ES256)": await perSecond(5_000, () => forgets.verifyToken(token)),
  "jose (ES256)": await perSecond(5_000, () => jwtVerify(token, publicKey)),
  "jsonwebtoken (ES256)": await perSecond(5_000, () => jsonwebtoken.verify(token, pem)),
  "jsonwebtoken (HS256)": await perSecond(50_000, () => jsonwebtoken.verify(shared, secret)),
});
