// The design that tutorials on the two tokens teach, to be measured beside Mayfly. README.md says how it is run.
import cluster from "node:cluster";
import { tuned } from "./environment.js";

const workers = 2;
const port = Number(process.env.PORT ?? 0);

if (cluster.isPrimary) {
  const { createTable } = await import("./users.js");
  await createTable();
  if (tuned) fork();
  else await serve(announce);
} else {
  await serve();
}

async function serve(ready) {
  const { app } = await import("./app.js");
  const server = app.listen(port, "127.0.0.1", () => ready?.(server.address().port));
}

function fork() {
  let listening = 0;
  cluster.on("listening", (_worker, { port }) => {
    if (++listening === workers) announce(port);
  });
  for (let i = 0; i < workers; i++) cluster.fork();
}

function announce(port) {
  console.log(`listening http://127.0.0.1:${port}`);
}
