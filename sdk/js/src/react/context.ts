import { createContext } from "react";
import type { Auth } from "../client/types.ts";

/** The auth of the provider above; null outside of one. */
export const AuthContext = createContext<Auth | null>(null);
