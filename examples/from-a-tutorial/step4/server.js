import { join } from "node:path";
import express from "express";
import { authProxy, requireAuth } from "mayfly-auth/express";
import { router as posts } from "./posts.js";

const port = process.env.PORT ?? 3000;

const app = express();
app.use("/auth", authProxy({ target: process.env.MAYFLY ?? "http://localhost:8080" })); // before express.json()
app.use(express.static(join(import.meta.dirname, "public")));
app.use(express.json());

app.use("/api/posts", requireAuth({ issuer: `http://localhost:${port}/auth`, cookie: "accessToken" }), posts);

app.listen(port, "localhost", () => console.log(`open http://localhost:${port}`));
