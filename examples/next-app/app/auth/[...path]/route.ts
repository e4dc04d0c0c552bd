import { authRoutes } from "mayfly-auth/next";
import { mayfly } from "../../../mayfly";

export const { GET, POST, PATCH, DELETE } = authRoutes(mayfly);
