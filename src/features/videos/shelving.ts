import type { User, Visibility } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import type { AppError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import { cleanText } from "../../lib/text.ts";
import type { Arrival } from "../../storage/arrivals.ts";
import { discardFiles } from "../removals/removals.ts";
import { ingestJob, replaceJob, replaceKey } from "./jobs.ts";
import {
  changeVideo,
  changeVideoFrom,
  deleteVideoRow,
  filesOf,
  findVideo,
  insertVideo,
  replaceTags,
} from "./queries.ts";
import { findVideoRow } from "./queries-shelf.ts";

// What brings bytes does this with its videos. Everything here joins the caller's transaction.

interface NewVideo {
  title: string;
  sourceUrl: string | null;
  sourceSite: string | null;
  tags: string[];
  visibility?: Visibility;
  /** When it was recorded, as far as that is known before the file is read. */
  recordedAt?: number | null;
  sizeBytes?: number;
}

/** Puts a new video on the shelf, before its bytes are there. Returns its id. */
export function addPendingVideo({ db, now }: Pick<Deps, "db" | "now">, owner: User, input: NewVideo): string {
  const { tags, ...columns } = input;
  const id = newId();
  const time = now();
  insertVideo(db, { ...columns, id, ownerId: owner.id, state: "PENDING", createdAt: time, updatedAt: time });
  if (tags.length > 0) replaceTags(db, id, tags);
  return id;
}

/** What was wished for a video, for those that come in its place. */
export function wishesFor({ db }: Pick<Deps, "db">, id: string): { tags: string[]; visibility: Visibility } {
  const row = findVideoRow(db, id);
  return { tags: row?.tags ?? [], visibility: row?.video.visibility ?? "private" };
}

/** What the site says about it. */
export function describeVideo(
  { db, now }: Pick<Deps, "db" | "now">,
  id: string,
  facts: {
    title?: string;
    description?: string;
    sourceSite?: string;
    durationSeconds?: number | null;
    /** By these it is known again: see `findOnShelf`. */
    extractor?: string;
    siteVideoId?: string;
  },
): void {
  changeVideo(db, id, { ...facts, updatedAt: now() });
}

/** The bytes are in `folder` of the work folder, as `file`: from here one way leads to READY. */
export function ingestLater(
  { db, now, queue }: Pick<Deps, "db" | "now" | "queue">,
  video: { id: string; ownerId: string },
  source: { folder: string; file: string; filename: string; arrival?: Arrival | undefined },
): void {
  changeVideoFrom(db, video.id, ["PENDING"], {
    state: "PROCESSING",
    filename: cleanText(source.filename, 255),
    updatedAt: now(),
  });
  queue.add(
    ingestJob,
    { videoId: video.id, folder: source.folder, file: source.file, arrival: source.arrival },
    { userId: video.ownerId },
  );
}

/** Bytes of all copies that lie here of what the bucket has, to be made ready. */
export function copiesToIngest({ queue }: Pick<Deps, "queue">): number {
  const waiting = [...queue.unfinished(ingestJob), ...queue.unfinished(replaceJob)];
  return waiting.reduce((sum, { arrival }) => sum + (arrival?.sizeBytes ?? 0), 0);
}

/** The work folders in which bytes wait to be made ready: a restart leaves them alone. */
export function foldersToIngest({ queue }: Pick<Deps, "queue">): string[] {
  return [...queue.unfinished(ingestJob), ...queue.unfinished(replaceJob)].map(({ folder }) => folder);
}

export function failVideo({ db, now }: Pick<Deps, "db" | "now">, id: string, error: AppError): void {
  changeVideoFrom(db, id, ["PENDING", "PROCESSING"], {
    state: "FAILED",
    errorCode: error.code,
    errorMessage: error.message,
    errorHint: error.hint,
    updatedAt: now(),
  });
}

/** A failed video waits for its bytes again. */
export function reopenVideo({ db, now }: Pick<Deps, "db" | "now">, id: string): void {
  const cleared = { errorCode: null, errorMessage: null, errorHint: null };
  changeVideoFrom(db, id, ["FAILED"], { state: "PENDING", ...cleared, updatedAt: now() });
}

/** Row and bytes go, whoever asks. */
export function discardVideo({ db, now, queue }: Pick<Deps, "db" | "now" | "queue">, id: string): void {
  db.transaction(() => {
    const since = findVideo(db, id)?.replacingSince;
    discardFiles({ db, now, queue }, filesOf(db, id));
    deleteVideoRow(db, id);
    queue.cancel(ingestJob, id);
    if (since) queue.cancel(replaceJob, replaceKey({ videoId: id, since }));
  });
}
