import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onPath, run, StepFailed, toolsDir } from "./shell.mjs";

/** Exact versions of the programs that come as npm packages. */
export const pinned = { bun: "1.4.5", deno: "2.9.6" };

const platformPackages = {
  "linux-x64": { bun: "@oven/bun-linux-x64", deno: "@deno/linux-x64-glibc" },
  "linux-arm64": { bun: "@oven/bun-linux-aarch64", deno: "@deno/linux-arm64-glibc" },
  "darwin-x64": { bun: "@oven/bun-darwin-x64", deno: "@deno/darwin-x64" },
  "darwin-arm64": { bun: "@oven/bun-darwin-aarch64", deno: "@deno/darwin-arm64" },
};

/** The npm package that carries a program for this machine. */
export function platformPackage(tool) {
  const machine = `${process.platform}-${process.arch}`;
  const found = platformPackages[machine]?.[tool];
  if (!found)
    throw new StepFailed(`There is no ${tool} for this machine (${machine}): use the container image.`);
  return found;
}

/** Installs one such package into `.tools/` and returns the path of `program` in it. */
export function addTool(name, version, program) {
  const manifest = join(toolsDir, "package.json");
  const wanted = existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).dependencies : {};
  mkdirSync(toolsDir, { recursive: true });
  writeFileSync(manifest, JSON.stringify({ private: true, dependencies: { ...wanted, [name]: version } }));
  installTools();
  return join(toolsDir, "node_modules", name, program);
}

function installTools() {
  const quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  if (onPath("npm")) run("npm", ["install", "--prefix", toolsDir, "--ignore-scripts", ...quiet]);
  else run(onPath("bun"), ["install", "--ignore-scripts"], { cwd: toolsDir });
}
