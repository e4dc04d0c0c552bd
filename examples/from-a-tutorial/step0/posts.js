import { randomUUID } from "node:crypto";
import { Router } from "express";
import { table } from "./table.js";

const posts = table("posts");

export const router = Router();

router.get("/", (req, res) => {
  res.json(posts.rows.filter((post) => post.owner === req.user._id));
});

router.post("/", (req, res) => {
  const text = req.body?.text;
  if (typeof text !== "string" || !text.trim()) return res.status(400).json({ message: "A post needs a text" });
  const post = { _id: randomUUID(), owner: req.user._id, text };
  posts.rows.push(post);
  posts.save();
  res.status(201).json(post);
});
