// The feed of every tutorial as an Express app: people register, sign in, see their posts and write one.
//
// Mayfly runs beside it and does all that has to do with signing in. This program does three things with it: it passes
// /auth on to Mayfly, it lets only requests with a good access token through to the posts, and it asks the token whose
// posts to show.
import { join } from "node:path";
import express from "express";
import { authProxy, requireAuth } from "mayfly-auth/express";
import { posts } from "./posts.js";

const { PORT = "3000", MAYFLY = "http://localhost:8080" } = process.env;
const origin = `http://localhost:${PORT}`;
const app = express();

// Mayfly on this app's own origin, so that its cookies are first-party cookies, which no browser blocks. Nothing may
// stand before it that reads the body, such as express.json().
app.use("/auth", authProxy({ target: MAYFLY }));

// Only requests with a good access token come through, and then req.auth says whose it is.
app.use("/api/posts", requireAuth({ issuer: `${origin}/auth` }), posts);

// The page. The policy is the second line of defence: should a script slip into it after all, browsers do not run it.
const setHeaders = (res) => res.set("Content-Security-Policy", "default-src 'self'");
app.use(express.static(join(import.meta.dirname, "../page"), { setHeaders }));

app.listen(PORT, "localhost", () => console.log(`open ${origin}`));
