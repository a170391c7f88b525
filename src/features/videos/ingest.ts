import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { extname, join } from "node:path";
import type { z } from "zod";
import type { Video } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { keepWorkFolder, removeWorkFolder } from "../../exec/work-folder.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { AppError, isAppError } from "../../lib/errors.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { sha256OfFile } from "../../lib/sha256.ts";
import type { JobLoss } from "../../queue/binding.ts";
import { PermanentFailure, Snooze } from "../../queue/job.ts";
import type { JobContext } from "../../queue/job.ts";
import { keys } from "../../storage/keys.ts";
import { discardFiles } from "../removals/removals.ts";
import type { ingestJob } from "./jobs.ts";
import { makeFiles, showStage } from "./make-files.ts";
import type { FileFacts, Playable, Source } from "./make-files.ts";
import { sayMissing, storePictures } from "./pictures.ts";
import { changeVideoFrom, findVideo, upsertFile } from "./queries.ts";
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
  const { storage } = deps;
  void removeWorkFolder(dataFolder.work(deps.config.data.dir), payload.folder);
  // What was stored before the end has no row; where it has one, the key is in use and stays.
  discardFiles(
    deps,
    storedKeys(payload).map((key) => ({ storage: storage.name, key })),
  );
  if (why === "cancelled") return;
  const cause = error instanceof PermanentFailure ? error.cause : error;
  failVideo(deps, payload.videoId, isAppError(cause) ? cause : couldNotIngest());
  const video = findVideo(deps.db, payload.videoId);
  if (video) queueMicrotask(() => deps.events.finished(video.id, video.ownerId));
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

async function storePlayable(deps: Needs, videoId: string, { path, container }: Playable): Promise<NewFile> {
  const key = keys.rendition(videoId, `playable.${container}`);
  const { size } = await stat(path);
  const facts = { mime: `video/${container}`, sha256: await sha256OfFile(path), sizeBytes: size };
  await deps.storage.putFile(key, path);
  return fileRow(deps, videoId, "playable", key, facts);
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
  deps: Needs,
  video: Video,
  made: Awaited<ReturnType<typeof makeFiles>>,
  rows: NewFile[],
): void {
  const { db, now } = deps;
  const { info, original, pictures, playable, unplayableReason } = made;
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
      thumbnailError: sayMissing(deps, video.id, pictures),
      unplayableReason,
      updatedAt: now(),
    });
    if (ready) for (const row of rows) upsertFile(db, row);
    else {
      // Deleted while we worked: what was stored belongs to no row.
      discardFiles(deps, rows);
    }
  });
}

/** Everything that a run may have stored. */
function storedKeys({ videoId, file }: Payload): string[] {
  const pictures = (["1", "2", "3", "poster"] as const).map((name) => keys.thumbnail(videoId, name));
  const playable = ["mp4", "webm"].map((container) => keys.rendition(videoId, `playable.${container}`));
  return [keys.original(videoId, extensionOf(file)), ...pictures, ...playable];
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
  const isFinal = error.code === "not_a_video" || error.code === "tool_missing";
  return isFinal ? new PermanentFailure(error.message, { cause: error }) : error;
}

function couldNotIngest(): AppError {
  return new AppError("tool_failed", "The file arrived, but could not be made ready.", {
    hint: "Try again; if it stays, the log says more.",
  });
}
