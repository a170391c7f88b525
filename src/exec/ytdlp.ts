import { existsSync } from "node:fs";
import { mkdir, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Egress, EgressPass } from "../egress/egress.ts";
import { AppError } from "../lib/errors.ts";
import { run, RunError } from "./run.ts";
import type { Tools } from "./tools.ts";
import { folderSize } from "./work-folder.ts";
import {
  type ArgsInput,
  buildFetchArgs,
  buildProbeArgs,
  type FormatPreset,
  infoJsonName,
} from "./ytdlp-args.ts";
import { ageMatters, classifyFailure, versionAgeDays } from "./ytdlp-errors.ts";
import {
  describeFound,
  type FoundItem,
  type OutputLine,
  parseLine,
  partsOf,
  type SiteInfo,
  trackProgress,
  type SiteProgress,
} from "./ytdlp-output.ts";

export interface ProbeOptions {
  /** From `checkUrl`. */
  url: URL;
  /** A folder of its own. What is there of an unfinished download is used again. */
  folder: string;
  /** "everywhere" unless said. */
  preset?: FormatPreset;
  /** Also the other videos of a link that means one video of a playlist. */
  wholePlaylist?: boolean;
  /** Entries of a playlist that are looked at; 1,000 unless said. */
  maxEntries?: number;
  /** The job's own copy: yt-dlp writes into it. */
  cookiesFile?: string;
  signal?: AbortSignal;
  /** In milliseconds; 0 or left out means no limit. */
  deadlineMs?: number;
  /** How long nothing may move, in milliseconds; 2 minutes unless said. */
  stallMs?: number;
  /** What yt-dlp says for admins; can quote files of this machine. */
  onLogLine?: (line: string) => void;
}

export interface FetchOptions extends ProbeOptions {
  /**
   * Called once before the first byte of the video is asked for. "stop" ends the run at once; a later one
   * with `resume` takes up what is in the folder. Going on is what happens unless said.
   */
  decide?: (info: SiteInfo) => "go on" | "stop";
  onProgress?: (progress: SiteProgress) => void;
  /** Does not ask the site again where an earlier run left its description in the folder. */
  resume?: boolean;
}

export interface FetchedFile {
  path: string;
  sizeBytes: number;
}

export interface Fetched {
  info: SiteInfo;
  /** Null where `decide` said "stop", and of a playlist, whose videos are in `info.entries`. */
  file: FetchedFile | null;
}

interface Programs {
  tools: Tools;
  egress: Egress;
}

/**
 * Looks at the page and downloads its video, in one process. Throws AppError with the codes of
 * `ytdlp-errors.ts`, and the signal's reason where it was aborted.
 */
export async function fetchVideo(programs: Programs, options: FetchOptions): Promise<Fetched> {
  const session = startSession(options);
  const resume = options.resume === true && existsSync(join(options.folder, infoJsonName));
  await runYtdlp(programs, options, (input) => buildFetchArgs({ ...input, resume }), session);
  const info = session.info();
  if (!info) throw unreadable();
  if (session.stopped() || info.entries) return { info, file: null };
  if (info.isLive) throw liveStream();
  const path = session.filePath();
  if (path === null) throw unreadable();
  return { info, file: await describeFile(options.folder, path) };
}

/** Looks at the page and downloads nothing. Throws like `fetchVideo`; a live stream is described. */
export async function probeVideo(programs: Programs, options: ProbeOptions): Promise<SiteInfo> {
  const session = startSession(options);
  await runYtdlp(programs, options, buildProbeArgs, session);
  const info = session.info();
  if (!info) throw unreadable();
  return info;
}

type Session = ReturnType<typeof startSession>;

/** What one run of yt-dlp has said so far. */
function startSession(options: FetchOptions) {
  const stop = new AbortController();
  const found: FoundItem[] = [];
  let chosen: FoundItem | null = null;
  let path: string | null = null;
  let track: ReturnType<typeof trackProgress> | null = null;

  const choose = (item: FoundItem) => {
    chosen = item;
    const info = describeFound(found, chosen);
    track = trackProgress(partsOf(item), info?.sizeBytes ?? null);
    if (info && options.decide?.(info) === "stop") stop.abort();
  };
  const take = (line: OutputLine) => {
    if (line.kind === "found") found.push(line.item);
    else if (line.kind === "chosen") choose(line.item);
    else if (line.kind === "file") path = line.path;
    else if (line.kind === "progress" && track && !stop.signal.aborted)
      options.onProgress?.(track(line.step));
  };
  return {
    onLine(text: string) {
      const line = parseLine(text);
      if (line) take(line);
      else options.onLogLine?.(text);
    },
    stopSignal: stop.signal,
    stopped: () => stop.signal.aborted,
    info: () => describeFound(found, chosen),
    filePath: (): string | null => path,
  };
}

async function runYtdlp(
  { tools, egress }: Programs,
  options: FetchOptions,
  buildArgs: (input: ArgsInput) => string[],
  session: Session,
): Promise<void> {
  if (!tools.ytDlp) throw toolMissing();
  const programFolder = await folderOfPrograms(tools, options.folder);
  const pass = egress.openPass();
  try {
    const args = buildArgs({
      url: options.url,
      proxyUrl: pass.proxyUrl,
      programFolder,
      jsRuntime: tools.jsRuntime,
      preset: options.preset ?? "everywhere",
      wholePlaylist: options.wholePlaylist,
      cookiesFile: options.cookiesFile,
      maxEntries: options.maxEntries ?? 1000,
    });
    await run({
      argv: [...tools.ytDlp, ...args],
      cwd: options.folder,
      signal: AbortSignal.any([session.stopSignal, ...(options.signal ? [options.signal] : [])]),
      deadlineMs: options.deadlineMs,
      stallMs: options.stallMs ?? 120_000,
      alive: () => signOfLife(pass, options.folder),
      onStdoutLine: session.onLine,
      onStderrLine: options.onLogLine,
    });
  } catch (error) {
    if (session.stopped() && !options.signal?.aborted) return;
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
  options: FetchOptions,
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
      return classifyFailure({ stderr: error.stderrTail, ageDays: age, refused, cause: error });
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

async function describeFile(folder: string, path: string): Promise<FetchedFile> {
  const file = resolve(folder, path);
  if (dirname(file) !== resolve(folder)) throw new Error("yt-dlp wrote outside its folder");
  return { path: file, sizeBytes: (await stat(file)).size };
}

function toolMissing(cause?: unknown): AppError {
  return new AppError("tool_missing", "The downloader (yt-dlp) is not installed.", {
    hint: "An admin can install it on the tools page. Uploads still work.",
    cause,
  });
}

function liveStream(): AppError {
  return new AppError("live_stream", "This is a live stream.", {
    hint: "Try again when it is over and the recording is online.",
  });
}

function unreadable(): AppError {
  return new AppError("unsupported_page", "There is no video on this page that can be downloaded.", {
    hint: "Try the address of the video itself.",
  });
}
