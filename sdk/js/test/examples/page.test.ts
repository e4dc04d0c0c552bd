// docs/from-a-tutorial.md says what is there.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, inject, test } from "vitest";
import { examples } from "./install.ts";
import { page } from "./tutorial.ts";

const folder = join(examples, "from-a-tutorial");
const packageOf = (example: string) => JSON.parse(readFileSync(join(examples, example, "package.json"), "utf8"));

const blocks = [...page.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms)].map(([, language, path, text]) => ({
  language,
  path: path as string,
  text: text as string,
}));

test("every piece of code on the page is a piece of a step's file", () => {
  const code = blocks.filter(({ language }) => language !== "sh");
  expect(code.length).toBeGreaterThan(10);
  for (const { path, text } of code) {
    expect(path).toMatch(/^step\d\//);
    expect(readFileSync(join(folder, path), "utf8"), `the page quotes ${path}`).toContain(text);
  }
});

test("every command on the page is one that there is", () => {
  const { scripts } = packageOf("from-a-tutorial");
  const wanted = blocks.flatMap(({ text }) => [...text.matchAll(/^npm run (\S+)/gm)].map(([, name]) => name));
  expect(wanted).toEqual(["step0", "import", "step1", "step2", "step3", "step4"]);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(wanted));
  const target = page.match(/^make (\w+)/m)?.[1];
  expect(readFileSync(resolve(examples, "../Makefile"), "utf8")).toContain(`\n${target}:`);
});

test("every link on the page leads somewhere", () => {
  const headings = [...page.matchAll(/^##+ (.*)$/gm)].map(([, text = ""]) =>
    text
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
  for (const [, target = ""] of page.matchAll(/\]\(([^)]+)\)/g)) {
    if (target.startsWith("#")) expect(headings).toContain(target.slice(1));
    else expect(existsSync(resolve(examples, "../docs", target)), target).toBe(true);
  }
});

/** What `diff -rq` says of two steps. */
function changes(from: number, to: number): string[] {
  const files = (n: number) => {
    const root = join(folder, `step${n}`);
    const all = readdirSync(root, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    return new Map(all.map((one) => join(one.parentPath, one.name)).map((path) => [path.slice(root.length + 1), path]));
  };
  const [before, after] = [files(from), files(to)];
  const text = (path?: string) => path && readFileSync(path, "utf8");
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => text(before.get(name)) !== text(after.get(name)))
    .map((name) => (after.has(name) ? (before.has(name) ? name : `+${name}`) : `-${name}`))
    .sort();
}

test("the page names entries of the package that there are", () => {
  const { exports } = JSON.parse(readFileSync(resolve(examples, "../sdk/js/package.json"), "utf8"));
  for (const [, entry] of page.matchAll(/`mayfly-auth(\/\w+)`/g)) expect(Object.keys(exports)).toContain(`.${entry}`);
});

test("each step changes the files that the page speaks of, and no others", () => {
  expect(changes(0, 1)).toEqual(["+import-users.js", "public/app.js", "server.js"]);
  expect(changes(1, 2)).toEqual(["-import-users.js", "public/app.js", "verifyJWT.js"]);
  expect(changes(2, 3)).toEqual(["posts.js", "server.js"]);
  expect(changes(3, 4)).toEqual(["-authController.js", "-verifyJWT.js", "server.js"]);
});

test("the packages that the page says can go are needed by no file of the last step", () => {
  const source = ["server.js", "posts.js", "table.js"].map((name) => readFileSync(join(folder, "step4", name), "utf8"));
  const imported = source.flatMap((text) => [...text.matchAll(/from "([^."][^"]*)"/g)].map(([, name]) => name));
  expect([...new Set(imported)].filter((name) => !name?.startsWith("node:")).sort()).toEqual([
    "express",
    "mayfly-auth/express",
  ]);
  expect(source.join()).not.toContain("SECRET");
});

test("people install the packages that the examples were tested with", () => {
  const { devDependencies } = JSON.parse(readFileSync(resolve(examples, "../sdk/js/package.json"), "utf8"));
  for (const example of ["from-a-tutorial", "feed/express"]) {
    for (const [name, version] of Object.entries(packageOf(example).dependencies)) {
      if (name !== "mayfly-auth") expect([name, version]).toEqual([name, devDependencies[name]]);
    }
  }
});

test("the feed's README names what there is", () => {
  const readme = readFileSync(join(examples, "feed/README.md"), "utf8");
  for (const [, target = ""] of readme.matchAll(/\]\(([^)]+)\)/g))
    expect(existsSync(join(examples, "feed", target))).toBe(true);
  const commands = [...readme.matchAll(/^```sh\n(.*?)\n```$/gms)].map(([, text]) => text);
  expect(commands).toEqual([
    "go run ./cmd/mayfly serve --public-url http://localhost:3000/auth --listen localhost:8080", // what the apps expect
    "npm start --prefix examples/feed/express",
    "go run ./examples/feed/go",
  ]);
  expect(packageOf("feed/express").scripts).toHaveProperty("start");
  const help = execFileSync(inject("mayfly"), ["serve", "--help"], { encoding: "utf8" });
  for (const [flag] of readme.matchAll(/--(?!prefix)[a-z][a-z-]+/g)) expect(help).toContain(`${flag} `);
});
