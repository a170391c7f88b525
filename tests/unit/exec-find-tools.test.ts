import { afterAll, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findTools } from "../../src/exec/find-tools.ts";
import { toolVersions } from "../../src/exec/tool-versions.ts";

const base = mkdtempSync(join(tmpdir(), "homereel-tools-"));
let home: string;
let places: { dataDir: string; projectDir: string; searchPath: string };
beforeEach(() => {
  home = mkdtempSync(join(base, "t"));
  places = { dataDir: join(home, "data"), projectDir: join(home, "project"), searchPath: join(home, "bin") };
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const unset = { ffmpeg: "", ffprobe: "", yt_dlp: "", js_runtime: "" };

function program(path: string, script = "exit 0"): string {
  const full = join(home, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, `#!/bin/sh\n${script}\n`);
  chmodSync(full, 0o755);
  return full;
}

test("on an empty machine each tool that is missing is named, with what follows", () => {
  const { tools, problems } = findTools(unset, places);
  expect(problems.map((problem) => problem.tool)).toContain("ffprobe");
  expect(problems.find((problem) => problem.tool === "ytDlp")?.message).toContain("homereel doctor --update");
  expect(tools).toMatchObject({ ffprobe: "ffprobe", ytDlp: null, jsRuntime: null });
});

test("yt-dlp: PATH, before it what set-up installed, before it what was updated, before all the setting", () => {
  const found = (setting = "") => findTools({ ...unset, yt_dlp: setting }, places).tools.ytDlp;
  const steps = ["bin/yt-dlp", "project/.tools/yt-dlp/bin/yt-dlp", "data/tools/yt-dlp/current"];
  for (const step of steps) {
    const path = program(step);
    expect(found()).toEqual([path]);
  }
  const chosen = program("elsewhere/yt-dlp");
  expect(found(chosen)).toEqual([chosen]);
});

test("a setting that names nothing is not silently replaced", () => {
  program("bin/ffprobe");
  const { tools, problems } = findTools({ ...unset, ffprobe: "/nowhere/ffprobe" }, places);
  expect(tools.ffprobe).toBe("/nowhere/ffprobe");
  expect(problems.find((problem) => problem.tool === "ffprobe")?.message).toContain("/nowhere/ffprobe");
});

test("a file that may not be executed is no tool", () => {
  chmodSync(program("data/tools/yt-dlp/current"), 0o644);
  const onPath = program("bin/yt-dlp");
  expect(findTools(unset, places).tools.ytDlp).toEqual([onPath]);
});

test("JavaScript: Deno before Node, and Bun in Node's clothes is passed over", () => {
  const found = () => findTools(unset, places).tools.jsRuntime;
  const bun = program("opt/bun");
  mkdirSync(join(home, "bin"));
  symlinkSync(bun, join(home, "bin/node"));
  expect(found()).toBeNull();
  rmSync(join(home, "bin/node"));
  const node = program("bin/node");
  expect(found()).toBe(`node:${node}`);
  const setUp = program("project/.tools/node_modules/@deno/linux-x64-glibc/deno");
  expect(found()).toBe(`deno:${setUp}`);
  const deno = program("bin/deno");
  expect(found()).toBe(`deno:${deno}`);
});

test("versions are read from what the programs print", async () => {
  const tools = {
    ffmpeg: program("ffmpeg", "echo 'ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026'"),
    ffprobe: program("ffprobe", "echo 'ffprobe version n7.1.5 Copyright'; echo more"),
    ytDlp: [program("yt-dlp", "echo 2026.10.26")],
    jsRuntime: `deno:${program("deno", "echo 'deno 2.5.1 (stable, release, x86_64)'")}`,
  };
  expect(await toolVersions(tools, join(home, "work"))).toEqual({
    ffmpeg: "5.1.9-0+deb12u1",
    ffprobe: "n7.1.5",
    ytDlp: "2026.10.26",
    jsRuntime: "2.5.1",
  });
  const broken = { ffmpeg: "/nowhere", ffprobe: program("bad", "exit 1"), ytDlp: null, jsRuntime: null };
  expect(await toolVersions(broken, join(home, "work"))).toEqual({
    ffmpeg: null,
    ffprobe: null,
    ytDlp: null,
    jsRuntime: null,
  });
});
