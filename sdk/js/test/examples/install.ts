import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const sdk = resolve(import.meta.dirname, "../..");
export const examples = resolve(sdk, "../../examples");

/** An example as somebody has it after `npm install`, in a folder of its own. */
export interface Installed {
  folder: string;
  remove(): void;
}

/**
 * install copies a folder of examples and gives it the packages that its package.json names: this one built anew, the
 * others as they are installed here, so that no test asks a registry.
 */
export function install(name: string, project = name): Installed {
  const root = mkdtempSync(join(tmpdir(), "mayfly-example-"));
  cpSync(join(examples, name), join(root, name), { recursive: true, filter: (path) => !path.endsWith("node_modules") });
  const modules = join(root, project, "node_modules");
  const { dependencies } = JSON.parse(readFileSync(join(root, project, "package.json"), "utf8"));
  for (const wanted of Object.keys(dependencies)) {
    const place = join(modules, wanted);
    mkdirSync(dirname(place), { recursive: true });
    if (wanted === "mayfly-auth") build(place);
    else symlinkSync(join(sdk, "node_modules", wanted), place);
  }
  return { folder: join(root, name), remove: () => rmSync(root, { recursive: true, force: true }) };
}

function build(place: string): void {
  cpSync(join(sdk, "package.json"), join(place, "package.json"));
  const tsdown = ["--out-dir", join(place, "dist"), "--logLevel", "error", "--no-dts"];
  execFileSync(join(sdk, "node_modules/.bin/tsdown"), tsdown, { cwd: sdk, stdio: "pipe" });
}
