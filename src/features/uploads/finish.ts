import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { removeWorkFolder } from "../../exec/work-folder.ts";
import { AppError } from "../../lib/errors.ts";
import { keyLock } from "../../lib/key-lock.ts";
import type { Arrival } from "../../storage/arrivals.ts";
import { keys } from "../../storage/keys.ts";
import { findUserById } from "../accounts/accounts.ts";
import { isRefusal } from "./admit.ts";
import { arrivedName, workRoot } from "./arrived.ts";
import { dropArrivalLater } from "./arriving/drop-arrival.ts";
import { finishUploadJob } from "./jobs.ts";
import { changeUploadFrom, findUpload } from "./queries.ts";
import type { Upload } from "./queries.ts";
import { judge, shelve } from "./shelve.ts";

type Needs = Pick<Deps, "config" | "db" | "events" | "from" | "now" | "queue" | "tools">;

const dayMs = 86_400_000;

/** Who finishes, or ends, an upload does that alone. */
export const oneAtATime = keyLock();

/**
 * All bytes are here: they are flushed, judged, and become a video. Throws `not_a_video` and the like where they may
 * not stay, and then they are gone. Whatever stopped it, it can be done again.
 */
export function finishUpload(deps: Needs, id: string): Promise<void> {
  return oneAtATime(id, async () => {
    const upload = findUpload(deps.db, id);
    const name = arrivedName(deps, id);
    if (upload?.state !== "receiving" || name === null) return;
    const owner = findUserById(deps.db, upload.userId);
    if (!owner) return;
    try {
      const file = await judge(deps, { folder: id, file: name });
      becomeVideo(deps, owner, upload, file);
    } catch (error) {
      if (isRefusal(error)) await refuse(deps, upload, error);
      throw error;
    }
  });
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

/** `file` lies in the upload's work folder, which is the video's from now on. */
export function becomeVideo(deps: Needs, owner: User, upload: Upload, file: string): void {
  const { db, now } = deps;
  const { id, sizeBytes, replacesVideoId, filename, title, tags, visibility, recordedAt } = upload;
  const arrived = { folder: id, file, sizeBytes, arrival: arrivalOf(upload) };
  const wishes = { filename, title, tags, visibility, recordedAt, replaces: replacesVideoId };
  db.transaction(() => {
    const videoId = shelve(deps, owner, arrived, wishes);
    const over = { state: "done", videoId, updatedAt: now(), expiresAt: now() + dayMs } as const;
    if (!changeUploadFrom(db, id, ["receiving"], over)) throw gone();
  });
}

/** What the bucket has of it; nothing where it came to the disk. */
function arrivalOf({ id, partBytes, sizeBytes }: Upload): Arrival | undefined {
  return partBytes === null ? undefined : { key: keys.arrival(id), sizeBytes, partBytes };
}

export function gone(): AppError {
  return new AppError("conflict", "This upload was cancelled.");
}

export async function refuse(
  deps: Pick<Deps, "config" | "db" | "now" | "queue">,
  upload: Upload,
  error: Refusal,
): Promise<void> {
  deps.db.transaction(() => refuseRow(deps, upload, error));
  await removeWorkFolder(workRoot(deps), upload.id);
}

type Refusal = Pick<AppError, "code" | "message" | "hint">;

/** As part of the caller's transaction; what lies in its work folder is to be cleared away. */
export function refuseRow(deps: Pick<Deps, "db" | "now" | "queue">, upload: Upload, error: Refusal): void {
  const { db, now } = deps;
  const words = { errorCode: error.code, errorMessage: error.message, errorHint: error.hint };
  const over = { state: "refused", updatedAt: now(), expiresAt: now() + dayMs } as const;
  if (changeUploadFrom(db, upload.id, ["receiving"], { ...words, ...over })) dropArrivalLater(deps, upload);
}
