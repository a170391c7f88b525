import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
/** Programs that set-up brings for this project alone. */
export const toolsDir = join(root, ".tools");

/** A reason to stop that a person can do something about. */
export class StepFailed extends Error {}

/** Runs a program; its output is shown only when it fails. `options` are spawnSync's. */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 64 << 20,
    ...options,
  });
  if (result.status === 0) return result.stdout;
  const output = lastLines(
    [result.stdout, result.stderr, result.error?.message].filter(Boolean).join("\n"),
    25,
  );
  const ending = result.signal ?? `exit code ${result.status ?? "none"}`;
  throw new StepFailed(`This failed (${ending}): ${[program, ...args].join(" ")}\n${output}`);
}

function lastLines(text, count) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.slice(-count).join("\n");
}

/** What a program prints, or null where it isn't there or fails. */
export function ask(program, args) {
  const result = spawnSync(program, args, { stdio: ["ignore", "pipe", "ignore"], encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim() : null;
}

/** Absolute path of a program on PATH, or null. */
export function onPath(name) {
  return allOnPath(name)[0] ?? null;
}

/** Every program of that name, the one that a shell would take first. */
export function allOnPath(name) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).filter(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** True where `version` ("2.9.6", "v22.1.0") is at least `wanted`. */
export function isAtLeast(version, wanted) {
  const have = numbers(version);
  const want = numbers(wanted);
  const at = want.findIndex((number, i) => number !== have[i]);
  return have.length > 0 && (at === -1 || (have[at] ?? 0) > want[at]);
}

function numbers(version) {
  return (
    /\d+(\.\d+)*/
      .exec(version ?? "")?.[0]
      .split(".")
      .map(Number) ?? []
  );
}

/** A stamp says what a finished step was made from; it is written last, so a step cut short runs again. */
export function hasStamp(file, content) {
  return existsSync(file) && readFileSync(file, "utf8") === content;
}

export function writeStamp(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
