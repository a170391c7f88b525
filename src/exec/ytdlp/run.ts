import { mkdir, rm, symlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Egress, EgressPass } from "../../egress/egress.ts";
import { type DownloadOptions, usualOptions } from "../../lib/download-options.ts";
import { AppError } from "../../lib/errors.ts";
import { run, RunError } from "../run.ts";
import type { Tools } from "../tools.ts";
import { folderSize } from "../work-folder.ts";
import type { ArgsInput } from "./args.ts";
import { ageMatters, classifyFailure, versionAgeDays } from "./errors.ts";
import { programNow } from "./program.ts";

export interface YtdlpOptions {
  /** From `checkUrl`. */
  url: URL;
  /** A folder of its own. What is there of an unfinished download is used again. */
  folder: string;
  /** What was chosen; as usual unless said. */
  options?: DownloadOptions;
  /** Also the other videos of a link that means one video of a playlist. */
  wholePlaylist?: boolean;
  /** Entries of a playlist that are looked at, up to 50,000; 1,000 unless said. */
  maxEntries?: number;
  /** The job's own copy: yt-dlp writes into it. */
  cookiesFile?: string;
  signal?: AbortSignal;
  /** In milliseconds; 0 or left out means no limit. */
  deadlineMs?: number;
  /** How long nothing may move, in milliseconds; 2 minutes unless said, and what reading a long playlist takes. */
  stallMs?: number;
  /** What yt-dlp says for admins; can quote files of this machine. */
  onLogLine?: (line: string) => void;
}

/** More entries of a playlist than this are never held: 50 MB here, and half a minute of yt-dlp. */
const mostEntries = 50_000;

export interface Programs {
  tools: Tools;
  egress: Egress;
}

/**
 * One run of yt-dlp, all of it through a pass of its own. `stop` ends it without an error; everything else
 * that ends it early is thrown as an AppError, or as the reason of `options.signal`.
 */
export async function runYtdlp(
  { tools, egress }: Programs,
  options: YtdlpOptions,
  buildArgs: (input: ArgsInput) => string[],
  onStdoutLine: (line: string) => void,
  stop?: AbortSignal,
): Promise<void> {
  if (!tools.ytDlp) throw toolMissing();
  const maxEntries = Math.min(options.maxEntries ?? 1000, mostEntries);
  const programFolder = await folderOfPrograms(tools, options.folder);
  const pass = egress.openPass();
  try {
    const args = buildArgs({
      url: options.url,
      proxyUrl: pass.proxyUrl,
      programFolder,
      jsRuntime: tools.jsRuntime,
      options: options.options ?? usualOptions,
      wholePlaylist: options.wholePlaylist,
      cookiesFile: options.cookiesFile,
      maxEntries,
    });
    await run({
      argv: [...(await programNow(tools.ytDlp)), ...args],
      cwd: options.folder,
      signal: AbortSignal.any([stop, options.signal].filter((signal) => signal !== undefined)),
      deadlineMs: options.deadlineMs,
      stallMs: options.stallMs ?? 120_000 + maxEntries * 5,
      alive: () => signOfLife(pass, options.folder),
      onStdoutLine,
      onStderrLine: options.onLogLine,
    });
  } catch (error) {
    if (stop?.aborted && !options.signal?.aborted) return;
    throw error instanceof RunError ? await explain(error, tools.ytDlp, options, pass) : error;
  } finally {
    pass.close();
  }
}

/** Bytes that come in, and files that grow while ffmpeg puts picture and sound together. */
async function signOfLife(pass: EgressPass, folder: string): Promise<string> {
  return `${pass.bytes()} ${await folderSize(folder)}`;
}

async function explain(
  error: RunError,
  ytDlp: readonly string[],
  options: YtdlpOptions,
  pass: EgressPass,
): Promise<unknown> {
  switch (error.reason) {
    case "aborted":
      return options.signal?.reason ?? error;
    case "missing":
      return toolMissing(error);
    case "deadline":
      return new AppError("took_too_long", "The download took longer than it may.", { cause: error });
    case "stalled":
      return new AppError("interrupted", "The site stopped sending.", {
        hint: "Trying again goes on where it stopped.",
        cause: error,
      });
    default: {
      const age = ageMatters(error.stderrTail) ? await ageOf(ytDlp, options.folder) : null;
      const refused = pass.refused().length > 0;
      const hadCookies = options.cookiesFile !== undefined;
      return classifyFailure({ stderr: error.stderrTail, ageDays: age, refused, hadCookies, cause: error });
    }
  }
}

async function ageOf(ytDlp: readonly string[], cwd: string): Promise<number | null> {
  const argv = [...ytDlp, "--ignore-config", "--no-plugin-dirs", "--version"];
  const said = await run({ argv, cwd, deadlineMs: 20_000 }).catch(() => null);
  return said && versionAgeDays(said.stdout.trim(), Date.now());
}

/** yt-dlp wants both in one folder under their own names. */
async function folderOfPrograms({ ffmpeg, ffprobe }: Tools, folder: string): Promise<string> {
  const [encoder, prober] = [Bun.which(ffmpeg) ?? ffmpeg, Bun.which(ffprobe) ?? ffprobe];
  const together = dirname(encoder) === dirname(prober);
  if (together && basename(encoder) === "ffmpeg" && basename(prober) === "ffprobe") return dirname(encoder);
  const links = join(folder, ".programs");
  await rm(links, { recursive: true, force: true });
  await mkdir(links);
  await symlink(resolve(encoder), join(links, "ffmpeg"));
  await symlink(resolve(prober), join(links, "ffprobe"));
  return links;
}

function toolMissing(cause?: unknown): AppError {
  return new AppError("tool_missing", "The downloader (yt-dlp) is not installed.", {
    hint: 'An admin can get it under "Administration", "Tools", or with "homereel doctor --update".',
    cause,
  });
}
