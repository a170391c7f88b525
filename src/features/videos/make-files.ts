import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Video } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { measureDuration, remux } from "../../exec/ffmpeg.ts";
import { probe } from "../../exec/ffprobe.ts";
import type { MediaInfo } from "../../exec/ffprobe.ts";
import { planPlayable } from "../../exec/plan-playable.ts";
import { takePictures } from "../../exec/thumbnails.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { sha256OfFile } from "../../lib/sha256.ts";
import type { Arrival } from "../../storage/arrivals.ts";
import { mimeOf } from "./mime.ts";

type Needs = Pick<Deps, "events" | "tools" | "log">;

/** Where the bytes arrived: a file in a work folder of its own. */
export interface Source {
  folder: string;
  file: string;
  /** The same bytes in the bucket, where they came there first. */
  arrival?: Arrival | undefined;
  signal: AbortSignal;
}

export interface FileFacts {
  mime: string;
  sha256: string;
  sizeBytes: number;
}

/** What is made from the local file, all at once: none of it needs another. */
export async function makeFiles(deps: Needs, video: Video, path: string, source: Source) {
  const info = await probeWithDuration(deps, path, source.signal);
  const plan = planPlayable(info);
  const [original, pictures, playable] = await Promise.all([
    settle(path, mimeOf(info), source.signal),
    takePicturesOrSay(deps, path, info, source),
    plan.action === "remux" ? makePlayable(deps, video, path, info, plan.container, source) : null,
  ]);
  const unplayableReason = plan.action === "transcode" ? plan.why : null;
  return { info, original, pictures, playable, unplayableReason };
}

/** Recordings of browsers don't say how long they are. */
async function probeWithDuration(deps: Needs, path: string, signal: AbortSignal): Promise<MediaInfo> {
  const info = await probe(deps, path, { signal });
  const durationSeconds = info.durationSeconds ?? (await measureDuration(deps, path, { signal }));
  return { ...info, durationSeconds };
}

/** Flushes the file to the disk and knows its checksum: the move that follows has nothing left to wait for. */
async function settle(path: string, mime: string, signal: AbortSignal): Promise<FileFacts> {
  const [sha256, { size }] = await Promise.all([sha256OfFile(path, signal), stat(path), flush(path)]);
  failpoint("ingest-making");
  return { mime, sha256, sizeBytes: size };
}

async function flush(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A video without pictures is still a video: its owner is told why. */
async function takePicturesOrSay(deps: Needs, path: string, info: MediaInfo, { folder, signal }: Source) {
  try {
    return await takePictures(deps, path, info, folder, { signal });
  } catch (error) {
    signal.throwIfAborted();
    deps.log.warn({ err: error }, "no pictures could be taken");
    return { pictures: [], missing: "No picture could be taken from this video." };
  }
}

export interface Playable {
  path: string;
  container: "mp4" | "webm";
}

/** A copy in a container that browsers play, where the original's is not one; nothing is encoded again. */
async function makePlayable(
  deps: Needs,
  video: Video,
  path: string,
  info: MediaInfo,
  container: Playable["container"],
  { folder, signal }: Source,
): Promise<Playable> {
  const target = join(folder, `playable.${container}`);
  const { durationSeconds } = info;
  await remux(deps, path, target, container, {
    signal,
    onProgress: (seconds) =>
      showStage(
        deps,
        video,
        "Making it playable",
        durationSeconds && Math.min(100, (seconds / durationSeconds) * 100),
      ),
  });
  return { path: target, container };
}

export function showStage(
  { events }: Needs,
  video: Video,
  stage: string,
  percent: number | null = null,
): void {
  const unknown = { bytesDone: null, bytesTotal: null, bytesPerSecond: null, secondsLeft: null };
  events.progress(video.id, video.ownerId, { stage, percent, ...unknown });
}
