import { withWorkFolder } from "./work-folder.ts";
import { run, RunError } from "./run.ts";
import type { Tools } from "./tools.ts";

/** What each program says of itself; null where it is missing or doesn't run. */
export type ToolVersions = Record<keyof Tools, string | null>;

/** Starts every program once, about half a second: for the doctor and the admin's page, not for a start. */
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

async function firstLine(argv: string[], cwd: string): Promise<string | null> {
  try {
    const { stdout } = await run({ argv, cwd, deadlineMs: 20_000 });
    return versionIn(stdout.split("\n")[0] ?? "");
  } catch (error) {
    if (error instanceof RunError) return null;
    throw error;
  }
}

/** From `ffmpeg version 5.1.9-0+deb12u1 Copyright …`, `deno 2.3.1 (stable, …)`, `v22.1.0`, `2026.10.26`. */
function versionIn(line: string): string {
  const words = line.trim().split(/\s+/);
  const afterWord = words.indexOf("version") + 1;
  return (words[afterWord === 0 ? Math.min(1, words.length - 1) : afterWord] ?? "").replace(/^v/, "");
}
