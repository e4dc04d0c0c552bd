import { mayflyMiddleware } from "mayfly-auth/next";
import { mayfly } from "./mayfly";

export default mayflyMiddleware(mayfly);

export const config = { matcher: "/((?!_next/|favicon.ico).*)" };
