import { randomUUID } from "node:crypto";
import { json, Router } from "express";

const maxText = 280;

// Everybody's posts, newest first, by the user's id. A real app has a table with the column `owner` here.
const postsOf = new Map();

export const posts = Router();

// requireAuth() stands before this router, so somebody is signed in. req.auth.sub is their id: it comes from the signed
// token, never from the request, where anybody could write anything.
posts.get("/", (req, res) => {
  res.set("Cache-Control", "private, no-store"); // one person's posts are nobody else's
  res.json(postsOf.get(req.auth.sub) ?? []);
});

posts.post("/", json(), (req, res) => {
  const text = typeof req.body?.text === "string" ? req.body.text.trim() : "";
  if (text.length < 1 || text.length > maxText) {
    return res.status(400).json({ detail: `A post has 1 to ${maxText} characters.` });
  }
  const post = { id: randomUUID(), text, created_at: new Date() };
  postsOf.set(req.auth.sub, [post, ...(postsOf.get(req.auth.sub) ?? [])]);
  res.status(201).json(post);
});

// What json() could not read. Express takes a function of four for a handler of errors.
posts.use((error, _req, res, next) => {
  if (!error.expose) return next(error);
  res.status(error.status).json({ detail: 'Send the post as JSON: {"text": "…"}.' });
});
