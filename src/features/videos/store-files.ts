import { existsSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Video } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { isAppError } from "../../lib/errors.ts";
import type { AppError } from "../../lib/errors.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { sha256OfFile } from "../../lib/sha256.ts";
import { PermanentFailure, Snooze } from "../../queue/job.ts";
import { keys } from "../../storage/keys.ts";
import type { Revision } from "../../storage/keys.ts";
import { makeFiles } from "./make-files.ts";
import type { FileFacts, Playable, Source } from "./make-files.ts";
import { sayMissing, storePictures } from "./pictures.ts";
import type { NewFile } from "./queries.ts";

type Needs = Pick<Deps, "arrivals" | "events" | "log" | "now" | "storage" | "tools">;

/** What a video says of its file. */
type Facts = Pick<
  Video,
  | "mime"
  | "sizeBytes"
  | "sha256"
  | "durationSeconds"
  | "width"
  | "height"
  | "videoCodec"
  | "audioCodec"
  | "thumbnailError"
  | "unplayableReason"
  | "recordedAt"
>;

/**
 * Makes all files of a video from the one that arrived, and moves them into the storage. Nothing is decided by that:
 * the caller's one transaction makes the rows and facts the video's. It can stop anywhere and run again.
 */
export async function storeFiles(
  deps: Needs,
  video: Video,
  source: Source,
  revision: Revision,
): Promise<{ facts: Facts; rows: NewFile[] }> {
  const { storage } = deps;
  const originalKey = keys.original(video.id, extensionOf(source.file), revision);
  const arrived = join(source.folder, source.file);
  // A run before this one may have come as far as moving it.
  const isHere = existsSync(arrived);
  const make = (path: string) => makeFiles(deps, video, path, source);
  const made = isHere ? await make(arrived) : await storage.withLocalFile(originalKey, make);

  failpoint("ingest-before-move");
  if (isHere) await storeOriginal(deps, originalKey, arrived, source);
  const pictures = await storePictures(deps, video.id, made.pictures.pictures, revision);
  const playable = made.playable ? [await storePlayable(deps, video.id, made.playable, revision)] : [];
  failpoint("ingest-after-move");
  const original = fileRow(deps, video.id, "original", originalKey, made.original);
  return { facts: factsOf(deps, video, made, revision), rows: [original, ...pictures, ...playable] };
}

/** What lies in the bucket already is not sent there once more. */
async function storeOriginal(
  { arrivals, storage }: Needs,
  key: string,
  path: string,
  { arrival }: Source,
): Promise<void> {
  if (!arrival || arrivals === null || storage.name !== "s3") return storage.putFile(key, path);
  try {
    await arrivals.copy(arrival, key, path);
    await rm(path);
  } catch (error) {
    if (!isAppError(error) || error.code !== "not_found") throw error;
    await storage.putFile(key, path);
  }
}

/** Everything that `storeFiles` may have stored. */
export function storedKeys(videoId: string, file: string, revision: Revision): string[] {
  const pictures = (["1", "2", "3", "poster"] as const).map((name) =>
    keys.thumbnail(videoId, name, revision),
  );
  const playable = ["mp4", "webm"].map((one) => keys.rendition(videoId, `playable.${one}`, revision));
  return [keys.original(videoId, extensionOf(file), revision), ...pictures, ...playable];
}

const storageAwayMs = 30_000;

/**
 * A storage that is away comes back, as does the line that garbles what comes of it, and the bytes wait for that; what is
 * no video will never be one.
 */
export function whatNow(error: AppError): Error {
  const isOfStorage = error.code === "storage_unreachable" || error.code === "checksum_mismatch";
  if (isOfStorage) return new Snooze(storageAwayMs);
  const isFinal = error.code === "not_a_video" || error.code === "tool_missing";
  return isFinal ? new PermanentFailure(error.message, { cause: error }) : error;
}

async function storePlayable(
  deps: Needs,
  videoId: string,
  { path, container }: Playable,
  revision: Revision,
): Promise<NewFile> {
  const key = keys.rendition(videoId, `playable.${container}`, revision);
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

function factsOf(
  deps: Needs,
  video: Video,
  { info, original, pictures, playable, unplayableReason }: Awaited<ReturnType<typeof makeFiles>>,
  revision: Revision,
): Facts {
  // What sites offer carries the time at which they encoded it.
  const isSent = video.sourceUrl === null || revision !== null;
  return {
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
    recordedAt: (isSent ? info.recordedAt : null) ?? video.recordedAt,
  };
}

/** The extension that the bytes arrived with, as far as it can be part of a key. */
function extensionOf(file: string): string {
  const extension = extname(file).slice(1).toLowerCase();
  return /^[a-z0-9]{1,8}$/.test(extension) ? extension : "bin";
}
