import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { AppError } from "../lib/errors.ts";
import { guardedInput } from "./ffmpeg-input.ts";
import { run, RunError, type RunOptions } from "./run.ts";
import type { Tools } from "./tools.ts";

export interface FfmpegOptions {
  signal?: AbortSignal;
  /** Milliseconds; 0 means no limit. */
  deadlineMs?: number;
  /** Seconds of the file that are done. */
  onProgress?: (seconds: number) => void;
}

/**
 * Copies the streams of a local file into a container that browsers play, below `target`; nothing is
 * encoded again. Throws `tool_failed`, `tool_missing`, `storage_full` or `took_too_long`, and the
 * signal's reason where it was aborted; a broken target is left behind.
 */
export async function remux(
  { tools }: { tools: Tools },
  path: string,
  target: string,
  container: "mp4" | "webm",
  options: FfmpegOptions = {},
): Promise<void> {
  const file = resolve(path);
  const written = resolve(target);
  // With +faststart the finished file is moved by a few bytes at its end, in silence: only its time changes.
  const alive = () =>
    stat(written).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  await runFfmpeg(tools, remuxArgs(file, written, container), {
    cwd: dirname(written),
    alive,
    stallMs: 120_000,
    ...options,
  });
}

/** The first moving picture and the first sound: a player offers no choice, and the original keeps the others. */
export function remuxArgs(path: string, target: string, container: "mp4" | "webm"): string[] {
  const streams = ["-map", "0:V:0?", "-map", "0:a:0?", "-c", "copy", "-sn", "-dn", "-map_metadata", "-1"];
  const faststart = container === "mp4" ? ["-movflags", "+faststart"] : [];
  // AVI stores no presentation times: without +genpts MP4 refuses its packets.
  const input = guardedInput(path, "-fflags", "+genpts");
  return [...ffmpegStart, ...progress, ...input, ...streams, ...faststart, "-f", container, `file:${target}`];
}

/**
 * Seconds of a file that doesn't say how long it is, by reading all of it without decoding; null where
 * it has no times at all. Throws as `remux`.
 */
export async function measureDuration(
  { tools }: { tools: Tools },
  path: string,
  options: FfmpegOptions = {},
): Promise<number | null> {
  const file = resolve(path);
  let seconds = 0;
  await runFfmpeg(tools, durationArgs(file), {
    cwd: dirname(file),
    stallMs: 120_000,
    ...options,
    onProgress: (done) => {
      seconds = Math.max(seconds, done);
      options.onProgress?.(done);
    },
  });
  return seconds > 0 ? seconds : null;
}

export function durationArgs(path: string): string[] {
  return [...ffmpegStart, ...progress, ...guardedInput(path), "-c", "copy", "-sn", "-dn", "-f", "null", "-"];
}

export const ffmpegStart = ["-nostdin", "-hide_banner", "-v", "error", "-y"];
const progress = ["-progress", "pipe:1", "-nostats"];

async function runFfmpeg(
  tools: Tools,
  args: readonly string[],
  { onProgress, ...options }: Omit<RunOptions, "argv"> & FfmpegOptions,
): Promise<void> {
  const onStdoutLine = (line: string) => {
    const seconds = parseProgress(line);
    if (seconds !== null) onProgress?.(seconds);
  };
  try {
    await run({ argv: [tools.ffmpeg, ...args], onStdoutLine, ...options });
  } catch (error) {
    throw error instanceof RunError ? explainFfmpeg(error) : error;
  }
}

/** `out_time_us=1500000` is 1.5 seconds; other lines, and `N/A` at the beginning, are null. */
export function parseProgress(line: string): number | null {
  const microseconds = /^out_time_us=(\d+)$/.exec(line)?.[1];
  return microseconds === undefined ? null : Number(microseconds) / 1e6;
}

/** An AppError where a person can be told; of an aborted run, the reason that its signal gives. */
export function explainFfmpeg(error: RunError): unknown {
  switch (error.reason) {
    case "missing":
      return new AppError("tool_missing", "ffmpeg is missing on this server.", {
        hint: "Install ffmpeg, or set [tools] ffmpeg.",
        cause: error,
      });
    case "deadline":
    case "stalled":
      return new AppError("took_too_long", "Processing the video took too long.", { cause: error });
    case "exit":
      return error.stderrTail.includes("No space left on device")
        ? new AppError("storage_full", "There is no space left on the disk.", { cause: error })
        : new AppError("tool_failed", "ffmpeg could not process the video.", { cause: error });
    case "aborted":
      return error.cause;
    default:
      return error;
  }
}
