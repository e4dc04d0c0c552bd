import { ApiError, asyncHandler } from "./asyncHandler.js";
import { verifyAccessToken } from "./tokens.js";
import { findProfile } from "./users.js";

function claimsOf(req) {
  const token = req.cookies?.accessToken || req.header("Authorization")?.replace("Bearer ", "");
  if (!token) throw new ApiError(401, "Unauthorized request");
  try {
    return verifyAccessToken(token);
  } catch (error) {
    throw new ApiError(401, error.message || "Invalid access token");
  }
}

/** Puts the user into `req.user`, from the database: most tutorials do this at every request. */
export const verifyJWT = asyncHandler(async (req, _res, next) => {
  req.user = await findProfile(claimsOf(req)._id);
  if (!req.user) throw new ApiError(401, "Invalid access token");
  next();
});

/** Believes the token: others do this. */
export function verifyOnly(req, _res, next) {
  req.user = claimsOf(req);
  next();
}
