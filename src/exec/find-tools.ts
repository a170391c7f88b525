import ffmpegStatic from "ffmpeg-static";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { Config } from "../config.ts";
import type { Tools } from "./tools.ts";

export interface ToolPlaces {
  /** Where updates of yt-dlp are kept: `tools/yt-dlp/current` in it. */
  dataDir: string;
  /** Where set-up puts what the system lacks: `.tools` in it. The project's own folder unless said. */
  projectDir?: string;
  /** Folders separated by colons; $PATH unless said. */
  searchPath?: string;
}

/** What is missing, in a sentence for the log, the doctor and the admin's page. */
export interface ToolProblem {
  tool: keyof Tools;
  message: string;
}

/**
 * Finds the programs without starting any, so that it costs a start nothing. A setting wins even where it
 * names nothing that runs: the person who wrote it wants to know, and not to get another program.
 */
export function findTools(
  settings: Pick<Config["tools"], "ffmpeg" | "ffprobe" | "yt_dlp" | "js_runtime">,
  places: ToolPlaces,
): { tools: Tools; problems: ToolProblem[] } {
  const projectDir = places.projectDir ?? join(import.meta.dir, "../..");
  const searchPath = places.searchPath ?? process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin";
  const onPath = (name: string) => Bun.which(name, { PATH: searchPath });
  const updatedYtDlp = join(resolve(places.dataDir), "tools/yt-dlp/current");
  const ownYtDlp = join(projectDir, ".tools/yt-dlp/bin/yt-dlp");

  const ffmpeg = settings.ffmpeg || executable(ffmpegStatic) || onPath("ffmpeg");
  const ffprobe = settings.ffprobe || onPath("ffprobe");
  const ytDlp = settings.yt_dlp || executable(updatedYtDlp) || executable(ownYtDlp) || onPath("yt-dlp");
  const jsRuntime = settings.js_runtime || onPath("deno") || setUpDeno(projectDir) || findNode(onPath);

  const tools: Tools = {
    ffmpeg: ffmpeg ?? "ffmpeg",
    ffprobe: ffprobe ?? "ffprobe",
    ytDlp: ytDlp === null ? null : [ytDlp],
    jsRuntime: jsRuntime === null ? null : describeRuntime(jsRuntime),
  };
  const found: Record<keyof Tools, string | null> = { ffmpeg, ffprobe, ytDlp, jsRuntime };
  return { tools, problems: findProblems(found, onPath) };
}

/** ffmpeg-static names a path also where its binary was never fetched. */
function executable(path: string | null): string | null {
  return path === null ? null : Bun.which(path);
}

function setUpDeno(projectDir: string): string | null {
  const scope = join(projectDir, ".tools/node_modules/@deno");
  if (!existsSync(scope)) return null;
  return (
    readdirSync(scope)
      .map((name) => executable(join(scope, name, "deno")))
      .find((path) => path !== null) ?? null
  );
}

/** Bun puts itself on PATH under the name of node; yt-dlp no longer supports it. */
function findNode(onPath: (name: string) => string | null): string | null {
  const node = onPath("node");
  return node === null || basename(realpathSync(node)).startsWith("bun") ? null : node;
}

function describeRuntime(path: string): string {
  return `${basename(path).startsWith("node") ? "node" : "deno"}:${path}`;
}

const missing: Record<keyof Tools, string> = {
  ffmpeg: "ffmpeg is missing, so there will be no thumbnails. Install it, or set [tools] ffmpeg.",
  ffprobe:
    "ffprobe is missing, so no video can be taken in. Install ffmpeg, which brings it, or set [tools] ffprobe.",
  ytDlp:
    'yt-dlp is missing, so nothing can be downloaded. Run "homereel doctor --update", install it, or set [tools] yt_dlp.',
  jsRuntime:
    "There is no Deno 2.3+ or Node 22+, without which yt-dlp can't read YouTube. Install one, or set [tools] js_runtime.",
};

function findProblems(
  found: Record<keyof Tools, string | null>,
  onPath: (name: string) => string | null,
): ToolProblem[] {
  return (Object.keys(missing) as (keyof Tools)[]).flatMap((tool) => {
    const path = found[tool];
    if (path === null) return { tool, message: missing[tool] };
    if (onPath(path) !== null) return [];
    return { tool, message: `${path} is set as a tool, but it is not a program that can be executed.` };
  });
}
