import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/{index,server,express,proxy,vite,next,react}.{ts,tsx}"],
  format: "esm",
  target: "es2022",
  platform: "neutral",
  dts: true,
  deps: { neverBundle: [/^node:/] },
  fixedExtension: false,
});
