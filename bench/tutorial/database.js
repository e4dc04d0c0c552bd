// The database that DATABASE_URL names. `statement` makes a function of an SQL text, which takes the values and returns
// the rows; the tuned variant prepares each text once.
import { DatabaseSync } from "@photostructure/sqlite";
import pg from "pg";
import { tuned } from "./environment.js";

const url = process.env.DATABASE_URL ?? "sqlite:tutorial.db";

export const statement = url.startsWith("sqlite:") ? openSQLite(url.slice("sqlite:".length)) : openPostgres(url);

function openSQLite(path) {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  return (text) => {
    const numbered = text.replaceAll("$", "?");
    let prepared;
    return async (...values) => {
      if (!tuned) return db.prepare(numbered).all(...values);
      prepared ??= db.prepare(numbered);
      return prepared.all(...values);
    };
  };
}

function openPostgres(connectionString) {
  const pool = new pg.Pool({ connectionString, max: 10 });
  let made = 0;
  return (text) => {
    const query = tuned ? { name: `statement${++made}`, text } : { text };
    return async (...values) => (await pool.query({ ...query, values })).rows;
  };
}
