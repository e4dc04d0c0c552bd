const posts = [
  { id: 1, text: "A quiet river at dawn." },
  { id: 2, text: "Two herons, one fish." },
];

export const getPosts = (_req, res) => res.json({ posts });
