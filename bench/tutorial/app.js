import cookieParser from "cookie-parser";
import express, { Router } from "express";
import { errorHandler } from "./asyncHandler.js";
import { getPosts } from "./posts.js";
import { getCurrentUser, loginUser, logoutUser, refreshAccessToken, registerUser } from "./userController.js";
import { verifyJWT, verifyOnly } from "./verifyJWT.js";

const users = Router();
users.post("/register", registerUser);
users.post("/login", loginUser);
users.post("/refresh-token", refreshAccessToken);
users.post("/logout", verifyJWT, logoutUser);
users.get("/me", verifyJWT, getCurrentUser);
users.get("/posts", verifyOnly, getPosts);

export const app = express();
app.use(express.json({ limit: "16kb" }));
app.use(express.urlencoded({ extended: true, limit: "16kb" }));
app.use(cookieParser());
app.use("/api/v1/users", users);
app.use(errorHandler);
