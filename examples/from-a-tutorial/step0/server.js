import { join } from "node:path";
import cookieParser from "cookie-parser";
import express from "express";
import { login, logout, refreshToken, register } from "./authController.js";
import { router as posts } from "./posts.js";
import { verifyJWT } from "./verifyJWT.js";

const port = process.env.PORT ?? 3000;

const app = express();
app.use(express.static(join(import.meta.dirname, "public")));
app.use(express.json());
app.use(cookieParser());

app.post("/api/users/register", register);
app.post("/api/users/login", login);
app.post("/api/users/refresh-token", refreshToken);
app.post("/api/users/logout", verifyJWT, logout);
app.use("/api/posts", verifyJWT, posts);

app.listen(port, "localhost", () => console.log(`open http://localhost:${port}`));
