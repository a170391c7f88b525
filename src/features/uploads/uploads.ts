import type { UploadWay, User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { dropWorkFolder } from "../../exec/work-folder.ts";
import { parseCursor } from "../../lib/cursor.ts";
import { AppError } from "../../lib/errors.ts";
import { findSameName, requireReplaceable } from "../videos/videos.ts";
import { workRoot } from "./arrived.ts";
import { oneAtATime } from "./finish.ts";
import { forget, forgetRow } from "./forget.ts";
import { inletOf } from "./tus/inlets.ts";
import type { UploadItem } from "./item.ts";
import { requireMayUpload, requireSpaceFor } from "./limits.ts";
import {
  findUpload,
  insertUpload,
  pageOfUploads,
  receivingUploadsOf,
  unfinishedUploadsOf,
} from "./queries.ts";
import type { Upload } from "./queries.ts";
import { checkFilename } from "./upload-rules.ts";
import { readWishes } from "./wishes.ts";

export { listRefused } from "./incoming/refused.ts";

/** Writes down that a file is coming, where it may; until now there is not one byte of it. */
export function startUpload(
  deps: Pick<Deps, "config" | "db" | "now">,
  user: User,
  input: {
    id: string;
    sizeBytes: number;
    wishes: Record<string, string | null>;
    way?: UploadWay;
    partBytes?: number;
  },
): Upload {
  const { db, now } = deps;
  const { id, sizeBytes, way = "disk", partBytes = null } = input;
  requireMayUpload(user);
  const { replaces, ...wishes } = readWishes(deps, input.wishes);
  if (sizeBytes === 0) throw emptyFile();
  if (replaces !== null) requireReplaceable(deps, user, replaces);
  requireSpaceFor(deps, user, sizeBytes);
  const time = now();
  insertUpload(db, {
    id,
    userId: user.id,
    state: "receiving",
    ...wishes,
    metadata: input.wishes,
    sizeBytes,
    way,
    partBytes,
    replacesVideoId: replaces,
    createdAt: time,
    updatedAt: time,
    expiresAt: time + keepMs(deps),
  });
  const upload = findUpload(db, id);
  if (upload) return upload;
  throw new Error(`upload ${id} is not there`);
}

/** `not_found` also where it is another person's, or comes in one request. */
export function getUpload({ db }: Pick<Deps, "db">, user: User, id: string): Upload {
  const upload = findUpload(db, id);
  if (upload?.userId !== user.id || upload.way === "once") {
    throw new AppError("not_found", "There is no such upload.", {
      hint: "It may be over, or have waited too long. Send the file again.",
    });
  }
  return upload;
}

/** One's own, newest first. `nextCursor` is null on the last page. */
export function listUploads(
  deps: Pick<Deps, "config" | "db">,
  user: User,
  query: { limit: number; cursor?: string | null },
): { items: UploadItem[]; nextCursor: string | null } {
  const { limit, cursor } = query;
  const rows = pageOfUploads(deps.db, user.id, limit + 1, parseCursor(cursor));
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map((row) => itemOf(deps, row)),
    nextCursor: rows.length > limit && last ? String(last.seq) : null,
  };
}

/** One's own of which bytes are missing, the newest first. */
export function unfinishedUploads(deps: Pick<Deps, "config" | "db">, user: User): UploadItem[] {
  return unfinishedUploadsOf(deps.db, user.id, mostUnfinished).map((row) => itemOf(deps, row));
}

const mostUnfinished = 50;

export function itemOf(deps: Pick<Deps, "config">, upload: Upload): UploadItem {
  const { id, filename, sizeBytes, partBytes, state, videoId, createdAt, expiresAt } = upload;
  const { replacesVideoId: replaces, errorCode: code, errorMessage: message, errorHint: hint } = upload;
  return {
    id,
    filename,
    sizeBytes,
    // Of what comes through us they are ours to cut.
    partBytes: upload.way === "direct" ? partBytes : null,
    state,
    videoId,
    replaces,
    createdAt,
    expiresAt,
    offsetBytes: offsetOf(deps, upload),
    error: code === null ? null : { code, message: message ?? "", hint: hint ?? "" },
  };
}

/** How much of it is here; of what is over all was. */
export function offsetOf(deps: Pick<Deps, "config">, upload: Upload): number {
  const { state, sizeBytes, way, storedBytes } = upload;
  if (state !== "receiving") return sizeBytes;
  return way === "direct" ? storedBytes : inletOf(upload).offset(deps, upload);
}

/** Its bytes go, where it is not a video yet; that it was there is forgotten. */
export function cancelUpload(
  deps: Pick<Deps, "config" | "db" | "queue">,
  user: User,
  id: string,
): Promise<void> {
  getUpload(deps, user, id);
  return oneAtATime(id, async () => {
    const upload = findUpload(deps.db, id);
    if (upload) await forget(deps, upload);
  });
}

/** A video that may be the very file that somebody is about to send. */
export function findKnown(
  deps: Pick<Deps, "db">,
  user: User,
  filename: string,
  sizeBytes: number,
): { id: string; title: string } | null {
  return findSameName(deps, user, checkFilename(filename), sizeBytes);
}

/**
 * A person's uploads that are under way are forgotten, as part of the caller's transaction; returns what clears their
 * bytes away after it.
 */
export function discardUploadsOf(deps: Pick<Deps, "config" | "db" | "queue">, userId: string): () => void {
  const uploads = receivingUploadsOf(deps.db, userId);
  for (const upload of uploads) forgetRow(deps, upload);
  return () => {
    for (const { id } of uploads) dropWorkFolder(workRoot(deps), id);
  };
}

/** How long an upload waits for its next piece. */
export function keepMs({ config }: Pick<Deps, "config">): number {
  return config.uploads.keep_hours * 3_600_000;
}

export function emptyFile(): AppError {
  return new AppError("not_a_video", "The file is empty.", { hint: "Choose the file again." });
}
