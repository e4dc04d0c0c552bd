import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    mayfly: string; // the path of the server's binary
  }
}

/** Builds the real server once for all tests. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-sdk-"));
  const binary = join(folder, "mayfly");
  execFileSync("go", ["build", "-o", binary, "./cmd/mayfly"], {
    cwd: resolve(import.meta.dirname, "../../../.."),
    stdio: "inherit",
  });
  project.provide("mayfly", binary);
  return () => rmSync(folder, { recursive: true, force: true });
}
