import { join } from "node:path";
import cookieParser from "cookie-parser";
import express from "express";
import { authProxy } from "mayfly-auth/express";
import { router as posts } from "./posts.js";
import { verifyJWT } from "./verifyJWT.js";

const port = process.env.PORT ?? 3000;

const app = express();
app.use("/auth", authProxy({ target: process.env.MAYFLY ?? "http://localhost:8080" })); // before express.json()
app.use(express.static(join(import.meta.dirname, "public")));
app.use(express.json());
app.use(cookieParser());

app.use("/api/posts", verifyJWT, posts);

app.listen(port, "localhost", () => console.log(`open http://localhost:${port}`));
