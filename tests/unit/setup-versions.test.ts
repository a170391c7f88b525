import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pinned } from "../../scripts/setup/tools.mjs";

const root = join(import.meta.dir, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("versions that are written down twice", () => {
  test("the image is built with the Bun that set-up installs", () => {
    expect(/oven\/bun:([\d.]+)-slim/.exec(read("Dockerfile"))?.[1]).toBe(pinned.bun);
    expect(JSON.parse(read("package.json")).engines.bun).toBe(`>=${pinned.bun}`);
  });

  test("the image has the Deno that set-up installs", () => {
    expect(/deno@([\d.]+)/.exec(read("Dockerfile"))?.[1]).toBe(pinned.deno);
  });

  test("yt-dlp and all that it uses are exact versions", () => {
    const lines = read("scripts/yt-dlp.txt").split("\n");
    const requirements = lines.filter((line) => line !== "" && !line.startsWith("#"));
    expect(requirements.length).toBeGreaterThan(5);
    expect(requirements.filter((line) => !/^[\w-]+==[\d.]+$/.test(line))).toEqual([]);
  });

  test("no package may run a script of its own while it is installed", () => {
    expect(JSON.parse(read("package.json")).trustedDependencies).toEqual([]);
  });
});
