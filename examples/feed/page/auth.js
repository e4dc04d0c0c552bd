// The client comes from Mayfly itself. With a bundler: npm install mayfly-auth, and import from "mayfly-auth".
import { createAuth } from "/auth/sdk.js";

// Mayfly lies under /auth of this very origin, so its cookies are first-party cookies. That is all there is to set up:
// no token is ever seen, stored or refreshed by the code of this page.
export const auth = createAuth({ url: "/auth" });
