import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Consumer, consumer, home, manifest, pack, tool } from "./consumer.ts";
import { alone, mistake, nextApp, program } from "./programs.ts";

/** What one may have to send to a visitor for the whole browser client: minified and gzipped, in bytes. */
const budget = 6 * 1024;

/** For what starts a compiler: a guard against hanging, on a machine that has other things to do. */
const timeout = 300_000;

/** The optional peers, and the types that a project which uses them has. */
const peers = ["express", "next", "react", "vite"];
const types = ["@types/express", "@types/node", "@types/react"];

/** The entries that need no package besides this one. */
const free = [".", "./server", "./proxy", "./express", "./vite"];

let packed: Awaited<ReturnType<typeof pack>>;
let bare: Consumer; // has the package, and nothing else
let full: Consumer; // has all that the package can work with

beforeAll(async () => {
  packed = await pack();
  bare = await consumer(packed.tarball);
  full = await consumer(packed.tarball, [...peers, ...types]);
}, timeout);
afterAll(() => {
  for (const made of [bare, full, packed]) made?.remove();
});

const installed = () => join(bare.folder, "node_modules/mayfly-auth");
const files = () => readdirSync(installed(), { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
const entries = () => Object.keys(manifest(installed()).exports).filter((entry) => entry !== "./package.json");
const specifier = (entry: string) => `mayfly-auth${entry.slice(1)}`;

describe("the tarball", () => {
  test("holds what is built, the readme, the licence, and nothing else", () => {
    const names = files().map((file) => join(file.parentPath, file.name).slice(installed().length + 1));
    const others = names.filter((name) => !/^dist\/[\w-]+(\.d)?\.(js|ts)$/.test(name));
    expect(others.sort()).toEqual(["LICENSE", "README.md", "package.json"]);
    expect(names).toContain("dist/index.js");
    expect(readFileSync(join(installed(), "LICENSE"), "utf8")).toBe(
      readFileSync(resolve(home, "../../LICENSE"), "utf8"),
    );
  });

  test("brings no other package along, and every peer is optional", () => {
    const { dependencies, optionalDependencies, bundleDependencies, ...rest } = manifest(installed());
    expect([dependencies, optionalDependencies, bundleDependencies]).toEqual([undefined, undefined, undefined]);
    expect(Object.keys(rest.peerDependencies).sort()).toEqual(peers);
    for (const peer of peers) expect(rest.peerDependenciesMeta[peer]).toEqual({ optional: true });
    const beside = readdirSync(join(bare.folder, "node_modules")).filter((name) => !name.startsWith("."));
    expect(beside).toEqual(["mayfly-auth"]);
  });

  test("points at nothing that it does not hold, and names no folder of the machine that built it", () => {
    for (const file of files()) {
      const text = readFileSync(join(file.parentPath, file.name), "utf8");
      expect(text, file.name).not.toMatch(/[#@] sourceMappingURL=/);
      expect(text, file.name).not.toContain(home);
    }
  });

  test("tells bundlers that the React entry belongs into the browser", () => {
    expect(readFileSync(join(installed(), "dist/react.js"), "utf8")).toMatch(/^"use client";/);
  });

  test("is clean for publint and attw", { timeout }, async () => {
    await full.run(tool("publint"), "run", packed.tarball, "--strict");
    await full.run(tool("attw"), packed.tarball, "--profile", "esm-only", "--no-emoji");
  });
});

describe("in Node", () => {
  const names = (project: Consumer, entry: string) =>
    project.run("node", "-e", `import("${specifier(entry)}").then((m) => console.log(Object.keys(m).sort().join()))`);

  test("every entry is imported as an ES module and exports something", { timeout }, async () => {
    for (const entry of entries()) expect((await names(full, entry)).trim(), entry).not.toBe("");
  });

  test("an entry that needs no other package works without any", { timeout }, async () => {
    for (const entry of free) expect(await names(bare, entry), entry).toBe(await names(full, entry));
  });
});

describe("in strict TypeScript", () => {
  const strict = { strict: true, skipLibCheck: true };
  // The types of the package are then checked too, and those of all that they refer to.
  const strictest = { strict: true, skipLibCheck: false, skipDefaultLibCheck: true };
  const settings = (more: object, files = ["app.tsx"]) =>
    JSON.stringify({
      compilerOptions: { target: "es2022", noEmit: true, jsx: "react-jsx", ...strict, ...more },
      files,
    });
  const modules = [
    { module: "nodenext", moduleResolution: "nodenext" },
    { module: "esnext", moduleResolution: "bundler" },
  ];

  test("the programs below use every entry", () => {
    for (const entry of entries()) expect(program + nextApp).toContain(`from "${specifier(entry)}"`);
  });

  test.each(modules)("a program that uses all of it compiles: $moduleResolution", { timeout }, async (resolution) => {
    full.write({ "tsconfig.json": settings({ ...resolution, ...strictest, types: ["node"] }), "app.tsx": program });
    await full.run(tool("tsc"), "-p", ".");
  });

  test("the programs of the readme compile", { timeout }, async () => {
    const readme = readFileSync(join(installed(), "README.md"), "utf8");
    const programs = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, source = ""]) => source);
    expect(programs.length).toBeGreaterThan(1);
    const files = Object.fromEntries(programs.map((source, i) => [`readme${i + 1}.ts`, source]));
    full.write({ ...files, "tsconfig.json": settings({ ...modules[0], types: ["node"] }, Object.keys(files)) });
    await full.run(tool("tsc"), "-p", ".");
  });

  // The types of Next.js do not compile by themselves; every project of its own skips them too.
  test.each(modules)("a Next.js app compiles: $moduleResolution", { timeout }, async (resolution) => {
    full.write({ "tsconfig.json": settings({ ...resolution, types: ["node"] }), "app.tsx": nextApp });
    await full.run(tool("tsc"), "-p", ".");
  });

  test.each(modules)(
    "a page that has no types but the browser's compiles: $moduleResolution",
    { timeout },
    async (resolution) => {
      const browser = { ...strictest, types: [], lib: ["es2022", "dom"] };
      bare.write({ "tsconfig.json": settings({ ...resolution, ...browser }), "app.tsx": alone });
      await bare.run(tool("tsc"), "-p", ".");
    },
  );

  test("a failure is told apart by its code, and what comes along with another code is not there", {
    timeout,
  }, async () => {
    full.write({ "tsconfig.json": settings({ ...modules[0], types: [] }), "app.tsx": mistake });
    await expect(full.run(tool("tsc"), "-p", ".")).rejects.toThrow(/app\.tsx\(3,\d+\): error TS2339: .*'fields'/);
  });
});

describe("in a browser's bundle", () => {
  async function bundle(source: string): Promise<string> {
    bare.write({ "main.js": source });
    const made = await build({
      root: bare.folder,
      configFile: false,
      logLevel: "error",
      build: { write: false, modulePreload: false, rollupOptions: { input: "main.js" } },
    });
    const output = [made].flat().flatMap((part) => ("output" in part ? part.output : []));
    expect(output.map((part) => part.type)).toEqual(["chunk"]);
    return output.map((part) => ("code" in part ? part.code : "")).join("");
  }

  test(`the whole client takes less than ${budget} bytes, minified and gzipped`, async () => {
    const code = await bundle('import { createAuth } from "mayfly-auth"; globalThis.auth = createAuth();');
    const size = gzipSync(code, { level: 9 }).length;
    console.log(`browser client: ${code.length} bytes minified, ${size} gzipped, of ${budget}`);
    expect(size).toBeLessThan(budget);
    expect(code).toContain("/v1/refresh");
    expect(code, "code for servers came along").not.toMatch(/jwks|node:|process\.env/);
  });

  test("who asks for the kind of an error only does not get the client", async () => {
    const code = await bundle('import { isAuthError } from "mayfly-auth"; globalThis.ours = isAuthError;');
    expect(code).not.toMatch(/v1|BroadcastChannel|fetch/);
    expect(code.length).toBeLessThan(1000);
  });
});
