// Mayfly's side of a protected route: the same posts behind requireAuth(), and a route without any check, which is what
// Express alone costs. ISSUER is Mayfly's public URL. `npm run build` in sdk/js makes what is imported here.
import express from "express";
import { requireAuth } from "../../sdk/js/dist/express.js";
import { getPosts } from "./posts.js";

const { PORT = "0", ISSUER = "http://localhost:8080" } = process.env;

const app = express();
app.get("/posts", requireAuth({ issuer: ISSUER }), getPosts);
app.get("/hello", (_req, res) => res.json({ hello: "world" }));

const server = app.listen(Number(PORT), "127.0.0.1", () => {
  console.log(`listening http://127.0.0.1:${server.address().port}`);
});
