import bcrypt from "bcrypt";
import { ApiError, asyncHandler, respond } from "./asyncHandler.js";
import { generateAccessToken, generateRefreshToken, verifyRefreshToken } from "./tokens.js";
import { createUser, findByEmailOrUsername, findById, saveRefreshToken } from "./users.js";

const cookie = { httpOnly: true, secure: false }; // it runs on http; in production this is true

async function generateAccessAndRefreshTokens(user) {
  const accessToken = generateAccessToken(user);
  const refreshToken = generateRefreshToken(user);
  await saveRefreshToken(user.id, refreshToken);
  return { accessToken, refreshToken };
}

function withCookies(res, { accessToken, refreshToken }) {
  return res.cookie("accessToken", accessToken, cookie).cookie("refreshToken", refreshToken, cookie);
}

export const registerUser = asyncHandler(async (req, res) => {
  const { fullName, email, username, password } = req.body ?? {};
  if ([fullName, email, username, password].some((field) => !field?.trim())) {
    throw new ApiError(400, "All fields are required");
  }
  if (await findByEmailOrUsername(email, username)) {
    throw new ApiError(409, "User with email or username already exists");
  }
  const user = await createUser({ fullName, email, username, password: await bcrypt.hash(password, 10) });
  respond(res, 201, { user }, "User registered");
});

export const loginUser = asyncHandler(async (req, res) => {
  const { email, username, password } = req.body ?? {};
  if (!email && !username) throw new ApiError(400, "Username or email is required");
  const found = await findByEmailOrUsername(email, username);
  if (!found) throw new ApiError(404, "User does not exist");
  if (!(await bcrypt.compare(password ?? "", found.password))) throw new ApiError(401, "Invalid user credentials");
  const tokens = await generateAccessAndRefreshTokens(found);
  const { password: _, refresh_token, ...user } = found;
  respond(withCookies(res, tokens), 200, { user, ...tokens }, "User logged in");
});

export const refreshAccessToken = asyncHandler(async (req, res) => {
  const incoming = req.cookies.refreshToken || req.body?.refreshToken;
  if (!incoming) throw new ApiError(401, "Unauthorized request");
  const user = await findById(idIn(incoming));
  if (!user) throw new ApiError(401, "Invalid refresh token");
  if (incoming !== user.refresh_token) throw new ApiError(401, "Refresh token is expired or used");
  const tokens = await generateAccessAndRefreshTokens(user);
  respond(withCookies(res, tokens), 200, tokens, "Access token refreshed");
});

function idIn(refreshToken) {
  try {
    return verifyRefreshToken(refreshToken)._id;
  } catch (error) {
    throw new ApiError(401, error.message || "Invalid refresh token");
  }
}

export const logoutUser = asyncHandler(async (req, res) => {
  await saveRefreshToken(req.user.id, null);
  res.clearCookie("accessToken", cookie).clearCookie("refreshToken", cookie);
  respond(res, 200, {}, "User logged out");
});

export const getCurrentUser = (req, res) => respond(res, 200, { user: req.user }, "Current user");
