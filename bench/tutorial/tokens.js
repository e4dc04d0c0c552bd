import { createPrivateKey, createPublicKey, createSecretKey } from "node:crypto";
import jwt from "jsonwebtoken";
import { tuned } from "./environment.js";

const { ALG: algorithm, ACCESS_TOKEN_EXPIRY, REFRESH_TOKEN_EXPIRY } = process.env;
const access = keysOf(process.env.ACCESS_TOKEN_SECRET);
const refresh = keysOf(process.env.REFRESH_TOKEN_SECRET);

// Tutorials give the library a string, from which it makes a key at each call; the tuned variant makes it once.
function keysOf(secret) {
  if (algorithm.startsWith("HS")) {
    const key = tuned ? createSecretKey(Buffer.from(secret)) : secret;
    return { sign: key, verify: key };
  }
  const open = createPublicKey(secret);
  if (tuned) return { sign: createPrivateKey(secret), verify: open };
  return { sign: secret, verify: open.export({ type: "spki", format: "pem" }) };
}

export function generateAccessToken({ id, email, username, full_name }) {
  const claims = { _id: id, email, username, fullName: full_name };
  return jwt.sign(claims, access.sign, { algorithm, expiresIn: ACCESS_TOKEN_EXPIRY });
}

// There is nothing random in it, as in the tutorials: two within one second are the same token.
export function generateRefreshToken({ id }) {
  return jwt.sign({ _id: id }, refresh.sign, { algorithm, expiresIn: REFRESH_TOKEN_EXPIRY });
}

export const verifyAccessToken = (token) => jwt.verify(token, access.verify);
export const verifyRefreshToken = (token) => jwt.verify(token, refresh.verify);
