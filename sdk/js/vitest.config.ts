import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    globalSetup: "test/support/build.ts", // builds the real server once
    testTimeout: 60_000, // a guard against hanging; nothing is judged by how long it took
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } }, // the same guard: one second passes before a busy machine has opened a page
    maxWorkers: 2,
  },
});
