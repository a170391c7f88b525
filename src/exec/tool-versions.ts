import { realpathSync, statSync } from "node:fs";
import { run, RunError } from "./run.ts";
import type { Tools } from "./tools.ts";
import { withWorkFolder } from "./work-folder.ts";

/** What each program says of itself; null where it is missing or doesn't run. */
export type ToolVersions = Record<keyof Tools, string | null>;

/** Starts every program that is new here, half a second in all: for the doctor and the admin's page, not for a start. */
export async function toolVersions(tools: Tools, workRoot: string): Promise<ToolVersions> {
  return withWorkFolder(workRoot, "versions", async (cwd) => {
    const ask = (argv: readonly string[]) => firstLine([...argv], cwd);
    const runtime = tools.jsRuntime?.slice(tools.jsRuntime.indexOf(":") + 1);
    const [ffmpeg, ffprobe, ytDlp, jsRuntime] = await Promise.all([
      ask([tools.ffmpeg, "-version"]),
      ask([tools.ffprobe, "-version"]),
      tools.ytDlp && ask([...tools.ytDlp, "--ignore-config", "--version"]),
      runtime ? ask([runtime, "--version"]) : null,
    ]);
    return { ffmpeg, ffprobe, ytDlp, jsRuntime };
  });
}

/** What programs said of themselves, by their files: as long as a file is the same, so is its version. */
const known = new Map<string, string>();

async function firstLine(argv: string[], cwd: string): Promise<string | null> {
  const file = identityOf(argv[0] ?? "");
  const before = file === null ? undefined : known.get(file);
  if (before !== undefined) return before;
  try {
    const { stdout } = await run({ argv, cwd, deadlineMs: 20_000 });
    const version = versionIn(stdout.split("\n")[0] ?? "");
    if (file !== null) known.set(file, version);
    return version;
  } catch (error) {
    if (error instanceof RunError) return null;
    throw error;
  }
}

/** Null where there is no such program. */
function identityOf(program: string): string | null {
  const path = Bun.which(program);
  if (path === null) return null;
  const file = realpathSync(path);
  const { ino, mtimeMs, size } = statSync(file);
  return `${file} ${ino} ${mtimeMs} ${size}`;
}

/** From `ffmpeg version 5.1.9-0+deb12u1 Copyright …`, `deno 2.3.1 (stable, …)`, `v22.1.0`, `2026.10.26`. */
function versionIn(line: string): string {
  const words = line.trim().split(/\s+/);
  const afterWord = words.indexOf("version") + 1;
  return (words[afterWord === 0 ? Math.min(1, words.length - 1) : afterWord] ?? "").replace(/^v/, "");
}
