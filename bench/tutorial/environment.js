// What a tutorial keeps in .env, made anew at each start. It is imported first: Express and the token code read it when
// they are loaded, and the workers of a cluster inherit it.
import { generateKeyPairSync, randomBytes } from "node:crypto";

const { env } = process;

env.ALG ??= "HS256";
env.ACCESS_TOKEN_SECRET ??= makeSecret();
env.ACCESS_TOKEN_EXPIRY ??= "15m";
env.REFRESH_TOKEN_SECRET ??= makeSecret();
env.REFRESH_TOKEN_EXPIRY ??= "10d";

// The tuned variant is what somebody makes of the tutorial who reads the manuals of all its parts.
export const tuned = env.TUNED === "1";
if (tuned) env.NODE_ENV ??= "production";

function makeSecret() {
  if (env.ALG.startsWith("HS")) return randomBytes(48).toString("base64url");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" });
}
