import jwt from "jsonwebtoken";

export function verifyJWT(req, res, next) {
  const token = req.cookies.accessToken || req.header("Authorization")?.replace("Bearer ", "");
  if (!token) return res.status(401).json({ message: "Unauthorized request" });
  try {
    req.user = jwt.verify(token, process.env.ACCESS_TOKEN_SECRET);
  } catch {
    res.set("WWW-Authenticate", 'Bearer error="invalid_token"');
    return res.status(401).json({ message: "Invalid access token" });
  }
  next();
}
