import { randomUUID } from "node:crypto";
import bcrypt from "bcryptjs";
import jwt from "jsonwebtoken";
import { table } from "./table.js";

const users = table("users");
const cookie = { httpOnly: true, sameSite: "lax" };

function generateTokens(user) {
  const { _id, email, username, fullName } = user;
  const accessToken = jwt.sign({ _id, email, username, fullName }, process.env.ACCESS_TOKEN_SECRET, {
    expiresIn: process.env.ACCESS_TOKEN_EXPIRY,
  });
  const refreshToken = jwt.sign({ _id }, process.env.REFRESH_TOKEN_SECRET, {
    expiresIn: process.env.REFRESH_TOKEN_EXPIRY,
  });
  user.refreshToken = refreshToken;
  users.save();
  return { accessToken, refreshToken };
}

function answerWithTokens(res, status, user) {
  const { accessToken, refreshToken } = generateTokens(user);
  res
    .status(status)
    .cookie("accessToken", accessToken, cookie)
    .cookie("refreshToken", refreshToken, cookie)
    .json({ user: { _id: user._id, email: user.email, username: user.username, fullName: user.fullName } });
}

export async function register(req, res) {
  const { email, username, fullName, password } = req.body;
  if (!email || !username || !fullName || !password) {
    return res.status(400).json({ message: "All fields are required" });
  }
  if (users.rows.some((user) => user.email === email || user.username === username)) {
    return res.status(409).json({ message: "User with email or username already exists" });
  }
  const user = { _id: randomUUID(), email, username, fullName, password: await bcrypt.hash(password, 10) };
  users.rows.push(user);
  answerWithTokens(res, 201, user);
}

export async function login(req, res) {
  const { email, password } = req.body;
  const user = users.rows.find((user) => user.email === email);
  if (!user) return res.status(404).json({ message: "User does not exist" });
  if (!(await bcrypt.compare(password, user.password))) {
    return res.status(401).json({ message: "Invalid user credentials" });
  }
  answerWithTokens(res, 200, user);
}

export function refreshToken(req, res) {
  const incoming = req.cookies.refreshToken;
  try {
    const { _id } = jwt.verify(incoming, process.env.REFRESH_TOKEN_SECRET);
    const user = users.rows.find((user) => user._id === _id);
    if (user?.refreshToken !== incoming) throw new Error("Refresh token is expired or used");
    answerWithTokens(res, 200, user);
  } catch (error) {
    res.status(401).json({ message: error.message });
  }
}

export function logout(req, res) {
  const user = users.rows.find((user) => user._id === req.user._id);
  if (user) user.refreshToken = undefined;
  users.save();
  res.clearCookie("accessToken", cookie).clearCookie("refreshToken", cookie).json({ message: "User logged out" });
}
