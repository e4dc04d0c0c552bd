import { randomUUID } from "node:crypto";
import { statement } from "./database.js";

const create = statement(`CREATE TABLE IF NOT EXISTS users (
  id            uuid      NOT NULL PRIMARY KEY,
  full_name     text      NOT NULL,
  email         text      NOT NULL UNIQUE,
  username      text      NOT NULL UNIQUE,
  password      text      NOT NULL,
  refresh_token text,
  created_at    timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at    timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
)`);
const insert = statement("INSERT INTO users (id, full_name, email, username, password) VALUES ($1, $2, $3, $4, $5)");
const byId = statement("SELECT * FROM users WHERE id = $1");
const profile = statement("SELECT id, full_name, email, username, created_at, updated_at FROM users WHERE id = $1");
const byEmail = statement("SELECT * FROM users WHERE email = $1");
const byUsername = statement("SELECT * FROM users WHERE username = $1");
const update = statement("UPDATE users SET refresh_token = $1, updated_at = CURRENT_TIMESTAMP WHERE id = $2");

export const createTable = () => create();

export async function createUser({ fullName, email, username, password }) {
  const id = randomUUID();
  await insert(id, fullName, email, username, password);
  return findProfile(id);
}

export const findById = async (id) => (await byId(id))[0];

/** A user without the password and the refresh token. */
export const findProfile = async (id) => (await profile(id))[0];

export async function findByEmailOrUsername(email, username) {
  return (email && (await byEmail(email))[0]) || (username && (await byUsername(username))[0]) || undefined;
}

/** One column, so one device: the next sign-in overwrites it. */
export const saveRefreshToken = (id, token) => update(token, id);
