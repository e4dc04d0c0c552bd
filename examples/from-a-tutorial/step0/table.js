import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// A table of the database: here a JSON file, so that nothing has to be installed.
export function table(name) {
  const file = join(process.env.DATA ?? ".", `${name}.json`);
  const rows = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
  return { rows, save: () => writeFileSync(file, JSON.stringify(rows, null, 2)) };
}
