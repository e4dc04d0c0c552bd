/** The client of the SDK for pages without a bundler: `import { createAuth } from "/auth/sdk.js"`. */
export * from "mayfly-auth";
