import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { removeWorkFolder } from "../../exec/work-folder.ts";
import type { AppError } from "../../lib/errors.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { keyLock } from "../../lib/key-lock.ts";
import { syncPath } from "../../storage/durable-write.ts";
import { findUserById } from "../accounts/accounts.ts";
import { addPendingVideo, ingestLater, replaceFileLater } from "../videos/videos.ts";
import { admit, isRefusal } from "./admit.ts";
import { arrivedBytes, arrivedName, workRoot } from "./arrived.ts";
import { finishUploadJob } from "./jobs.ts";
import { changeUploadFrom, findUpload, receivingUploads } from "./queries.ts";
import type { Upload } from "./queries.ts";
import { titleOf } from "./upload-rules.ts";

type Needs = Pick<Deps, "config" | "db" | "events" | "from" | "now" | "queue" | "tools">;

const dayMs = 86_400_000;

/** Who finishes, or ends, an upload does that alone. */
export const oneAtATime = keyLock();

/**
 * All bytes are here: they are flushed, judged, and become a video on its way to READY. Throws `not_a_video` or
 * `too_long` where they may not stay, and then they are gone. Whatever stopped it, it can be done again.
 */
export function finishUpload(deps: Needs, id: string): Promise<void> {
  return oneAtATime(id, async () => {
    const upload = findUpload(deps.db, id);
    const name = arrivedName(deps, id);
    if (upload?.state !== "receiving" || name === null) return;
    const owner = findUserById(deps.db, upload.userId);
    if (!owner) return;
    try {
      shelve(deps, owner, upload, await judge(deps, join(workRoot(deps), id), name));
    } catch (error) {
      if (isRefusal(error)) await refuse(deps, upload, error);
      throw error;
    }
  });
}

/** Returns the name that the file has from then on. */
async function judge(deps: Needs, folder: string, name: string): Promise<string> {
  await syncPath(join(folder, name));
  const file = `original.${await admit(deps, join(folder, name))}`;
  await rename(join(folder, name), join(folder, file));
  await syncPath(folder);
  failpoint("upload-admitted");
  return file;
}

/** By a job: of an upload that was refused its sender hears by itself. */
export async function finishUploadNow(deps: Needs, { uploadId }: { uploadId: string }): Promise<void> {
  try {
    await finishUpload(deps, uploadId);
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

export function finishUploadLater({ queue }: Pick<Deps, "queue">, uploadId: string): void {
  queue.add(finishUploadJob, { uploadId });
}

/** At boot: what had arrived in whole when the last life ended. */
export function settleUploads(deps: Pick<Deps, "config" | "db" | "queue">): void {
  for (const { id, sizeBytes } of receivingUploads(deps.db)) {
    if (arrivedBytes(deps, id) === sizeBytes) finishUploadLater(deps, id);
  }
}

function shelve(deps: Needs, owner: User, upload: Upload, file: string): void {
  const { db, events, now } = deps;
  const { id, filename, replacesVideoId } = upload;
  const source = { folder: id, file, filename };
  const videoId = db.transaction(() => {
    const video = replacesVideoId ?? addVideo(deps, owner, upload);
    if (replacesVideoId === null) ingestLater(deps, { id: video, ownerId: owner.id }, source);
    else replaceFileLater(deps, owner, video, source);
    const over = { state: "done", videoId: video, updatedAt: now(), expiresAt: now() + dayMs } as const;
    changeUploadFrom(db, id, ["receiving"], over);
    return video;
  });
  events.emit("video.changed", { videoId, userId: owner.id });
}

function addVideo(deps: Needs, owner: User, upload: Upload): string {
  const { filename, title, tags, visibility, recordedAt, sizeBytes } = upload;
  const wishes = { title: title ?? titleOf(filename), tags, visibility, recordedAt, sizeBytes };
  return addPendingVideo(deps, owner, { ...wishes, sourceUrl: null, sourceSite: null });
}

async function refuse(deps: Needs, { id }: Upload, error: AppError): Promise<void> {
  const { db, now } = deps;
  const words = { errorCode: error.code, errorMessage: error.message, errorHint: error.hint };
  const over = { state: "refused", updatedAt: now(), expiresAt: now() + dayMs } as const;
  changeUploadFrom(db, id, ["receiving"], { ...words, ...over });
  await removeWorkFolder(workRoot(deps), id);
}
