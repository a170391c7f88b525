import { rmSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type { ThumbnailName } from "../paths.ts";
import { explainFfmpeg } from "./ffmpeg.ts";
import type { MediaInfo } from "./ffprobe.ts";
import { readKeyframes } from "./mp4-keyframes.ts";
import { run, RunError } from "./run.ts";
import {
  fileOf,
  isCloseEnough,
  keyframeArgs,
  planShots,
  prefersKeyframes,
  seekArgs,
  type Seek,
  type Shot,
} from "./shots.ts";
import type { Tools } from "./tools.ts";

export interface Picture {
  name: ThumbnailName;
  /** A JPEG in the folder that was given: `<name>.jpg`. */
  path: string;
  width: number;
  height: number;
}

export interface Pictures {
  pictures: Picture[];
  /** Why some or all are missing, for the log; null where none is. */
  missing: string | null;
}

/**
 * Takes the thumbnails at 10, 50 and 90 % and the poster of a local file, upright, into `folder`. A broken
 * video may give fewer of them, music its cover or none, which is no failure: the item plays without. Throws
 * `tool_missing` and `storage_full`, and the signal's reason where it was aborted.
 */
export async function takePictures(
  { tools }: { tools: Tools },
  path: string,
  info: MediaInfo,
  folder: string,
  { signal, deadlineMs = 60_000 }: { signal?: AbortSignal; deadlineMs?: number } = {},
): Promise<Pictures> {
  const shots = shotsOf(info);
  if (shots.length === 0) return { pictures: [], missing: "the file has no moving picture" };
  const timeout = AbortSignal.timeout(deadlineMs);
  const studio: Studio = {
    ffmpeg: tools.ffmpeg,
    file: resolve(path),
    folder: resolve(folder),
    info,
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    complaints: [],
  };
  await takeByAllWays(studio, shots).catch((error: unknown) => {
    if (!(error instanceof RunError)) throw error;
    if (signal?.aborted || !timeout.aborted) throw explainFfmpeg(error);
    studio.complaints.push("ffmpeg took too long");
  });
  return develop(studio, shots);
}

/** Of a cover one thumbnail and the poster: there is nothing that moves. */
function shotsOf({ video, cover, durationSeconds }: MediaInfo): Shot[] {
  if (video) return planShots(video, durationSeconds);
  return cover ? planShots(cover, null).filter(({ name }) => name === "2" || name === "poster") : [];
}

interface Studio {
  ffmpeg: string;
  file: string;
  folder: string;
  info: MediaInfo;
  signal: AbortSignal;
  /** What ffmpeg said where it failed. */
  complaints: string[];
}

type Way = (studio: Studio, shots: readonly Shot[]) => Promise<void>;

/** Cheapest first; each takes the shots that those before it did not get. */
async function takeByAllWays(studio: Studio, shots: readonly Shot[]): Promise<void> {
  const seeks: Seek[] = studio.info.video ? ["accurate", "early", "first"] : ["first"];
  if (studio.info.video && prefersKeyframes(studio.info)) seeks.unshift("keyframe");
  const ways = [fromTables, ...seeks.map(bySeeking)];
  forget(studio, shots);
  let left = shots;
  for (const take of ways) {
    await take(studio, left);
    left = left.filter((shot) => !isTaken(studio, shot));
    if (left.length === 0) break;
  }
}

/**
 * Keyframes that we found ourselves go through one ffmpeg: less work than seeking, most of which
 * is starting ffmpeg and opening the file once for each picture (bench/thumbs.ts).
 */
async function fromTables(studio: Studio, shots: readonly Shot[]): Promise<void> {
  const { video, container, durationSeconds } = studio.info;
  if (video?.codec !== "h264" || (container !== "mp4" && container !== "mov")) return;
  const times = shots.map((shot) => shot.atSeconds);
  const keyframes = (await readKeyframes(studio.file, times)) ?? [];
  const close = keyframes.flatMap((keyframe, i) => {
    const shot = shots[i];
    return shot && isCloseEnough(shot, keyframe.seconds, durationSeconds) ? [{ shot, keyframe }] : [];
  });
  if (close.length === 0) return;
  const wanted = close.map(({ shot }) => shot);
  const stdin = Buffer.concat(close.map(({ keyframe }) => keyframe.bytes));
  await runFfmpeg(studio, keyframeArgs(wanted, video.rotation), stdin);
  // Fewer frames than were sent: nobody knows any more which of them is which.
  if (!wanted.every((shot) => isTaken(studio, shot))) forget(studio, wanted);
}

/** In as many processes as there are processors: each does its shots in turn. */
function bySeeking(seek: Seek): Way {
  return async (studio, shots) => {
    const groups = Object.values(
      Object.groupBy(shots, (shot) => shots.indexOf(shot) % availableParallelism()),
    );
    const runs = groups.map((group = []) =>
      runFfmpeg(studio, seekArgs(studio.file, group, seek, studio.info.video ? "V" : "v")),
    );
    // All have ended before a failure of one is told: the folder may be removed then.
    await Promise.allSettled(runs);
    await Promise.all(runs);
  };
}

/** A failure only means that a picture will be missing, unless it is one of this machine. */
async function runFfmpeg(studio: Studio, args: readonly string[], stdin?: Uint8Array): Promise<void> {
  const { ffmpeg, folder: cwd, signal } = studio;
  try {
    await run({ argv: [ffmpeg, ...args], cwd, signal, stdin });
  } catch (error) {
    if (!(error instanceof RunError) || error.reason !== "exit") throw error;
    if (error.stderrTail.includes("No space left on device")) throw error;
    studio.complaints.push(error.stderrTail.trim());
  }
}

const endOfJpeg = Buffer.from([0xff, 0xd9]);

/** Whole to its last marker: a full disk or a killed ffmpeg leaves half a file. */
function isTaken({ folder }: Studio, shot: Shot): boolean {
  try {
    return readFileSync(join(folder, fileOf(shot)))
      .subarray(-2)
      .equals(endOfJpeg);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function forget({ folder }: Studio, shots: readonly Shot[]): void {
  for (const shot of shots) rmSync(join(folder, fileOf(shot)), { force: true });
}

function develop(studio: Studio, shots: readonly Shot[]): Pictures {
  const taken = shots.filter((shot) => isTaken(studio, shot));
  const pictures = taken.map((shot) => ({
    name: shot.name,
    path: join(studio.folder, fileOf(shot)),
    width: shot.width,
    height: shot.height,
  }));
  const names = shots.filter((shot) => !taken.includes(shot)).map((shot) => shot.name);
  const complaint = studio.complaints.at(-1);
  const missing = `no frame for ${names.join(", ")}${complaint ? `: ${complaint}` : ""}`;
  return { pictures, missing: names.length === 0 ? null : missing };
}
