import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { usualOptions } from "../lib/download-options.ts";
import { AppError } from "../lib/errors.ts";
import { type ArgsInput, buildFetchArgs, buildProbeArgs, infoJsonName } from "./ytdlp/args.ts";
import { clipOf, hasExtras } from "./ytdlp/extras.ts";
import {
  type EntryItem,
  type FormatItem,
  type FoundItem,
  type OutputLine,
  parseLine,
  type PlaylistItem,
} from "./ytdlp/lines.ts";
import {
  describeFound,
  partsOf,
  type SiteInfo,
  type SiteProgress,
  trackProgress,
  withOptions,
} from "./ytdlp/output.ts";
import { type Programs, runYtdlp, type YtdlpOptions } from "./ytdlp/run.ts";

export interface FetchOptions extends YtdlpOptions {
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

/**
 * Looks at the page and downloads its video, in one process. Throws AppError with the codes of
 * `ytdlp/errors.ts`, and the signal's reason where it was aborted.
 */
export async function fetchVideo(programs: Programs, options: FetchOptions): Promise<Fetched> {
  const session = startSession(options);
  const resume = options.resume === true && existsSync(join(options.folder, infoJsonName));
  const buildArgs = (input: ArgsInput) => buildFetchArgs({ ...input, resume });
  try {
    await runYtdlp(programs, options, buildArgs, session.onLine, session.stopSignal);
  } catch (error) {
    if (!isOnlyAnExtra(error, options, session.filePath())) throw error;
  }
  const info = session.info();
  if (!info) throw unreadable();
  const refused = refusalOf(info, options);
  if (refused) throw refused;
  if (session.stopped() || info.entries) return { info, file: null };
  const path = session.filePath();
  if (path === null) throw unreadable();
  return { info, file: await describeFile(options.folder, path) };
}

/** A live stream has no end that a shelf could wait for, unless it is wanted from its start. */
function refusalOf(info: SiteInfo, { options = usualOptions }: FetchOptions): AppError | null {
  if (info.isLive && !options.live_from_start) return liveStream();
  return clipOf(options) && info.durationSeconds === 0 ? clipBehindTheEnd() : null;
}

/** The file is complete; what a site did not give was put beside it by choice, and the log says so. */
function isOnlyAnExtra(error: unknown, options: FetchOptions, path: string | null): boolean {
  const { signal, folder, options: chosen = usualOptions } = options;
  if (!(error instanceof AppError) || signal?.aborted || path === null) return false;
  return hasExtras(chosen) && existsSync(resolve(folder, path));
}

/** Looks at the page and downloads nothing. Throws like `fetchVideo`; a live stream is described. */
export async function probeVideo(programs: Programs, options: YtdlpOptions): Promise<SiteInfo> {
  const session = startSession(options);
  await runYtdlp(programs, options, buildProbeArgs, session.onLine);
  const info = session.info();
  if (!info) throw unreadable();
  return info;
}

/** What one run of yt-dlp has said so far. */
function startSession(options: FetchOptions) {
  const stop = new AbortController();
  const entries: EntryItem[] = [];
  let video: FoundItem | null = null;
  let playlist: PlaylistItem | null = null;
  let formats: FormatItem[] = [];
  let path: string | null = null;
  let track: ReturnType<typeof trackProgress> | null = null;

  const describe = () => {
    const info = describeFound({ video, playlist, entries });
    return info && withOptions(info, options.options ?? usualOptions, formats);
  };
  const find = (item: FoundItem) => {
    video = item;
    const info = describe();
    if (info && refusalOf(info, options)) stop.abort();
    return info;
  };
  const choose = (item: FoundItem) => {
    const info = find(item);
    track = trackProgress(partsOf(item), info?.sizeBytes ?? null);
    if (info && !stop.signal.aborted && options.decide?.(info) === "stop") stop.abort();
  };
  const take = (line: OutputLine) => {
    if (line.kind === "found") find(line.item);
    else if (line.kind === "chosen") choose(line.item);
    else if (line.kind === "formats") formats = line.formats;
    else if (line.kind === "playlist") playlist = line.playlist;
    else if (line.kind === "entries") entries.push(...line.entries);
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
    info: describe,
    filePath: (): string | null => path,
  };
}

async function describeFile(folder: string, path: string): Promise<FetchedFile> {
  const file = resolve(folder, path);
  if (dirname(file) !== resolve(folder)) throw new Error("yt-dlp wrote outside its folder");
  return { path: file, sizeBytes: (await stat(file)).size };
}

function liveStream(): AppError {
  return new AppError("live_stream", "This is a live stream.", {
    hint: "Try again when it is over and the recording is online.",
  });
}

function clipBehindTheEnd(): AppError {
  return new AppError("invalid_input", "The part that was chosen begins where the video is over.", {
    hint: "Choose a part within its length.",
    field: "clip_from",
  });
}

function unreadable(): AppError {
  return new AppError("unsupported_page", "There is no video on this page that can be downloaded.", {
    hint: "Try the address of the video itself.",
  });
}
