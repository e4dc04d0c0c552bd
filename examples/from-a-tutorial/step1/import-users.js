// Brings the people of users.json to Mayfly with the passwords they have, and gives them their posts back.
// Stop the app first. It can be run again, after a failure or without one: nobody is brought along twice.
import { spawnSync } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { table } from "./table.js";

// Mayfly itself writes a line for each person who has come: ID  EMAIL. So nobody's new id is lost in an interruption.
const answers = join(process.env.DATA ?? ".", "imported.txt");
const append = openSync(answers, "a");
const newIds = () =>
  new Map([...readFileSync(answers, "utf8").matchAll(/^(\S+) +(\S+)$/gm)].map(([, id, email]) => [email, id]));

const users = table("users").rows;
const known = newIds();
bring(users.filter(({ email }) => !known.has(email)));

// Mayfly gives everybody a new id, so whatever belongs to somebody gets a new owner.
const newId = newIds();
const newOwner = new Map(users.map(({ _id, email }) => [_id, newId.get(email)]));
const posts = table("posts");
for (const post of posts.rows) post.owner = newOwner.get(post.owner) ?? post.owner;
posts.save();

function bring(people) {
  const lines = people.map(({ _id, email, username, fullName, password }) =>
    JSON.stringify({ email, username, name: fullName, password_hash: password, metadata: { old_id: _id } }),
  );
  const { error, status, stderr } = spawnSync("mayfly", ["user", "import", "-"], {
    input: lines.join("\n"),
    stdio: ["pipe", append, "pipe"],
    encoding: "utf8",
    maxBuffer: Infinity,
  });
  if (error?.code === "ENOENT")
    throw new Error("no mayfly on the PATH; fix: `make build` where its source is, and put that folder on the PATH");
  if (status === null) throw error ?? new Error("mayfly was stopped; fix: run this again");
  process.stderr.write(stderr.replace(/^line (\d+):/gm, (_, n) => `${people[n - 1].email} stays behind:`));
  process.exitCode = status;
}
