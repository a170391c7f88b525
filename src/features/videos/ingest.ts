import { existsSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import type { z } from "zod";
import type { Video } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { measureDuration, remux } from "../../exec/ffmpeg.ts";
import { probe } from "../../exec/ffprobe.ts";
import type { MediaInfo } from "../../exec/ffprobe.ts";
import { planPlayable } from "../../exec/plan-playable.ts";
import { takePictures } from "../../exec/thumbnails.ts";
import { keepWorkFolder, removeWorkFolder } from "../../exec/work-folder.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { AppError, isAppError } from "../../lib/errors.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { sha256OfFile } from "../../lib/sha256.ts";
import type { JobLoss } from "../../queue/binding.ts";
import { PermanentFailure, Snooze } from "../../queue/job.ts";
import type { JobContext } from "../../queue/job.ts";
import { keys } from "../../storage/keys.ts";
import { removeFilesJob } from "./jobs.ts";
import type { ingestJob } from "./jobs.ts";
import { mimeOf } from "./mime.ts";
import { storePictures } from "./pictures.ts";
import { changeVideoFrom, findVideo, insertRemovals, upsertFile } from "./queries.ts";
import type { NewFile } from "./queries.ts";
import { failVideo } from "./shelving.ts";

type Payload = z.infer<typeof ingestJob.payload>;
type Needs = Pick<Deps, "config" | "db" | "events" | "now" | "queue" | "storage" | "tools" | "log">;

/**
 * Bytes in a work folder become a video that can be watched, whatever brought them. Until the one
 * transaction at the end nothing is decided: the job can stop anywhere and run again.
 */
export async function ingestNow(deps: Needs, payload: Payload, { signal }: JobContext): Promise<void> {
  const { config, db, events } = deps;
  const workRoot = dataFolder.work(config.data.dir);
  const video = findVideo(db, payload.videoId);
  if (video?.state === "PROCESSING") {
    showStage(deps, video, "Making it ready");
    const folder = await keepWorkFolder(workRoot, payload.folder);
    try {
      await makeReady(deps, video, { folder, file: payload.file, signal });
    } catch (error) {
      throw isAppError(error) ? whatNow(error) : error;
    }
    events.finished(video.id, video.ownerId);
  }
  await removeWorkFolder(workRoot, payload.folder);
}

/** The video says why it failed, and its bytes are cleared away. */
export function gaveUpIngest(deps: Needs, payload: Payload, { error, why }: JobLoss): void {
  void removeWorkFolder(dataFolder.work(deps.config.data.dir), payload.folder);
  if (why === "cancelled") return;
  const cause = error instanceof PermanentFailure ? error.cause : error;
  failVideo(deps, payload.videoId, isAppError(cause) ? cause : couldNotIngest());
  const video = findVideo(deps.db, payload.videoId);
  if (video) queueMicrotask(() => deps.events.finished(video.id, video.ownerId));
}

interface Source {
  folder: string;
  file: string;
  signal: AbortSignal;
}

async function makeReady(deps: Needs, video: Video, source: Source): Promise<void> {
  const { storage } = deps;
  const originalKey = keys.original(video.id, extensionOf(source.file));
  const arrived = join(source.folder, source.file);
  // A run before this one may have come as far as moving it.
  const isHere = existsSync(arrived);
  const make = (path: string) => makeFiles(deps, video, path, source);
  const made = isHere ? await make(arrived) : await storage.withLocalFile(originalKey, make);

  failpoint("ingest-before-move");
  if (isHere) await storage.putFile(originalKey, arrived);
  const pictures = await storePictures(deps, video.id, made.pictures.pictures);
  const playable = made.playable ? [await storePlayable(deps, video.id, made.playable)] : [];
  failpoint("ingest-after-move");
  commit(deps, video, made, [
    fileRow(deps, video.id, "original", originalKey, made.original),
    ...pictures,
    ...playable,
  ]);
}

/** What is made from the local file, all at once: none of it needs another. */
async function makeFiles(deps: Needs, video: Video, path: string, source: Source) {
  const info = await probeWithDuration(deps, path, source.signal);
  const [original, pictures, playable] = await Promise.all([
    settle(path, mimeOf(info), source.signal),
    takePicturesOrSay(deps, path, info, source),
    makePlayable(deps, video, path, info, source),
  ]);
  return { info, original, pictures, playable };
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

interface Playable {
  path: string;
  container: "mp4" | "webm";
}

/** A copy in a container that browsers play, where the original's is not one; nothing is encoded again. */
async function makePlayable(
  deps: Needs,
  video: Video,
  path: string,
  info: MediaInfo,
  { folder, signal }: Source,
): Promise<Playable | null> {
  const plan = planPlayable(info);
  if (plan.action !== "remux") return null;
  const target = join(folder, `playable.${plan.container}`);
  const { durationSeconds } = info;
  await remux(deps, path, target, plan.container, {
    signal,
    onProgress: (seconds) =>
      showStage(
        deps,
        video,
        "Making it playable",
        durationSeconds && Math.min(100, (seconds / durationSeconds) * 100),
      ),
  });
  return { path: target, container: plan.container };
}

async function storePlayable(deps: Needs, videoId: string, { path, container }: Playable): Promise<NewFile> {
  const key = keys.rendition(videoId, `playable.${container}`);
  const { size } = await stat(path);
  const facts = { mime: `video/${container}`, sha256: await sha256OfFile(path), sizeBytes: size };
  await deps.storage.putFile(key, path);
  return fileRow(deps, videoId, "playable", key, facts);
}

interface FileFacts {
  mime: string;
  sha256: string;
  sizeBytes: number;
}

function fileRow(
  { storage, now }: Pick<Deps, "storage" | "now">,
  videoId: string,
  kind: NewFile["kind"],
  key: string,
  facts: FileFacts,
): NewFile {
  return { videoId, kind, n: 0, storage: storage.name, key, ...facts, createdAt: now() };
}

function commit(
  { db, now, queue }: Needs,
  video: Video,
  made: Awaited<ReturnType<typeof makeFiles>>,
  rows: NewFile[],
): void {
  const { info, original, pictures, playable } = made;
  db.transaction(() => {
    const ready = changeVideoFrom(db, video.id, ["PROCESSING"], {
      state: "READY",
      mime: playable ? `video/${playable.container}` : original.mime,
      sizeBytes: original.sizeBytes,
      sha256: original.sha256,
      durationSeconds: info.durationSeconds,
      width: info.video?.width ?? null,
      height: info.video?.height ?? null,
      videoCodec: info.video?.codec ?? null,
      audioCodec: info.audio?.codec ?? null,
      thumbnailError: pictures.missing,
      updatedAt: now(),
    });
    if (ready) for (const row of rows) upsertFile(db, row);
    else {
      // Deleted while we worked: what was stored belongs to no row.
      insertRemovals(db, rows, now());
      queue.add(removeFilesJob, {});
    }
  });
}

function showStage({ events }: Needs, video: Video, stage: string, percent: number | null = null): void {
  const unknown = { bytesDone: null, bytesTotal: null, bytesPerSecond: null, secondsLeft: null };
  events.progress(video.id, video.ownerId, { stage, percent, ...unknown });
}

/** The extension that the bytes arrived with, as far as it can be part of a key. */
function extensionOf(file: string): string {
  const extension = extname(file).slice(1).toLowerCase();
  return /^[a-z0-9]{1,8}$/.test(extension) ? extension : "bin";
}

const storageAwayMs = 30_000;

/** A storage that is away comes back, and the bytes wait for it; what is no video will never be one. */
function whatNow(error: AppError): Error {
  if (error.code === "storage_unreachable") return new Snooze(storageAwayMs);
  return error.code === "not_a_video" ? new PermanentFailure(error.message, { cause: error }) : error;
}

function couldNotIngest(): AppError {
  return new AppError("tool_failed", "The file arrived, but could not be made ready.", {
    hint: "Try again; if it stays, the log says more.",
  });
}
