import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAtLeast } from "../../scripts/setup/shell.mjs";

const isRoot = process.getuid?.() === 0;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "homereel-setup-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("set-up", () => {
  test("names what to install by hand where there is no apt-get, and touches nothing", () => {
    const machine = newMachine("no-apt", {});
    const { exitCode, output } = machine.setUp();
    expect(exitCode).toBe(1);
    expect(output).toContain("no apt-get");
    expect(output).toContain("ffmpeg python3 python3-venv");
    expect(existsSync(join(machine.project, ".tools"))).toBe(false);
  });

  test("gives the command in the words of the package manager that is there", () => {
    const { output } = newMachine("dnf", { dnf: "" }).setUp("--test");
    expect(output).toContain("sudo dnf install ffmpeg-free");
    expect(output).toContain("sudo dnf install chromium");
  });

  test("says that npm or Bun is needed where neither is there, before anything is installed", () => {
    const log = join(folder, "apt.log");
    const machine = newMachine("bare", {
      "apt-get": `echo "$@" >> ${log}`,
      ffmpeg: "",
      ffprobe: "",
      python3: "",
    });
    const { exitCode, output } = machine.setUp();
    expect(exitCode).toBe(1);
    expect(output).toContain("Neither npm nor Bun is on PATH");
    expect(existsSync(log)).toBe(false);
  });

  test.if(isRoot)("installs all missing system packages at once, after one update", () => {
    const log = join(folder, "apt-once.log");
    const machine = newMachine("apt", { "apt-get": `echo "$@" >> ${log}`, npm: "exit 1" });
    machine.setUp();
    expect(readFileSync(log, "utf8").trim().split("\n")).toEqual([
      "update",
      "install -y --no-install-recommends ffmpeg python3 python3-venv",
    ]);
  });

  test("shows what a failing program said, and its exit code", () => {
    const programs = { npm: "echo the registry is asleep >&2; exit 7", ffmpeg: "", ffprobe: "", python3: "" };
    const { exitCode, output } = newMachine("no-registry", programs).setUp();
    expect(exitCode).toBe(1);
    expect(output).toContain("the registry is asleep");
    expect(output).toContain("exit code 7");
  });
});

test.each([
  ["2.9.6", "2.3", true],
  ["deno 2.3.0 (stable)", "2.3", true],
  ["2.2.14", "2.3", false],
  ["v22.0.0", "22", true],
  ["v20.20.2", "22", false],
  ["1.10.0", "1.4.5", true],
  [null, "1", false],
])("version %p is at least %p: %p", (version, wanted, expected) => {
  expect(isAtLeast(version, wanted)).toBe(expected);
});

/** A project of nothing but its set-up, and a PATH on which only the given shell scripts are. */
function newMachine(name: string, programs: Record<string, string>) {
  const project = join(folder, name, "project");
  const bin = join(folder, name, "bin");
  mkdirSync(bin, { recursive: true });
  cpSync(join(import.meta.dir, "../../scripts"), join(project, "scripts"), { recursive: true });
  for (const file of ["package.json", "bun.lock"])
    cpSync(join(import.meta.dir, "../..", file), join(project, file));
  for (const [program, script] of Object.entries(programs)) {
    writeFileSync(join(bin, program), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, program), 0o755);
  }
  return {
    project,
    setUp(...args: string[]) {
      const { exitCode, stderr } = Bun.spawnSync([process.execPath, "scripts/setup.mjs", ...args], {
        cwd: project,
        env: { PATH: bin },
      });
      return { exitCode, output: stderr.toString() };
    },
  };
}
