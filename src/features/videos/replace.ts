import type { z } from "zod";
import type { Video } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { dropWorkFolder, keepWorkFolder, removeWorkFolder } from "../../exec/work-folder.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { isAppError } from "../../lib/errors.ts";
import { failpoint } from "../../lib/failpoint.ts";
import type { JobLoss } from "../../queue/binding.ts";
import { PermanentFailure } from "../../queue/job.ts";
import type { JobContext } from "../../queue/job.ts";
import { discardFiles } from "../removals/removals.ts";
import { discardArrival } from "./ingest.ts";
import type { replaceJob } from "./jobs.ts";
import { showStage } from "./make-files.ts";
import { deleteFile, endReplacing, filesOf, findVideo, upsertFile } from "./queries.ts";
import { storedKeys, storeFiles, whatNow } from "./store-files.ts";

type Payload = z.infer<typeof replaceJob.payload>;
type Needs = Pick<
  Deps,
  "arrivals" | "config" | "db" | "events" | "now" | "queue" | "storage" | "tools" | "log"
>;

/**
 * Bytes in a work folder take the place of a video's file, which plays until the one transaction at the end. The job
 * can stop anywhere and run again.
 */
export async function replaceFileNow(deps: Needs, payload: Payload, { signal }: JobContext): Promise<void> {
  const { config, db, events } = deps;
  const workRoot = dataFolder.work(config.data.dir);
  const video = findVideo(db, payload.videoId);
  if (video?.replacingSince === payload.since) {
    showStage(deps, video, "Making the new file ready");
    const folder = await keepWorkFolder(workRoot, payload.folder);
    const source = { ...payload, folder, signal };
    try {
      takePlace(deps, video, payload, await storeFiles(deps, video, source, revisionIn(payload)));
    } catch (error) {
      throw isAppError(error) ? whatNow(error) : error;
    }
    events.finished(video.id, video.ownerId);
    failpoint("replace-committed");
  }
  discardArrival(deps, payload);
  await removeWorkFolder(workRoot, payload.folder);
}

/** The video keeps its file and says why, and the new bytes are cleared away. */
export function gaveUpReplacing(deps: Needs, payload: Payload, { error, why }: JobLoss): void {
  const { db, events, log, storage } = deps;
  dropWorkFolder(dataFolder.work(deps.config.data.dir), payload.folder);
  const stored = storedKeys(payload.videoId, payload.file, revisionIn(payload));
  discardFiles(
    deps,
    stored.map((key) => ({ storage: storage.name, key })),
  );
  discardArrival(deps, payload);
  const cause = error instanceof PermanentFailure ? error.cause : error;
  if (why !== "cancelled" && !isAppError(cause))
    log.error({ err: cause, ...payload }, "no file was replaced");
  const replaceError = why === "cancelled" ? null : sentenceOf(cause);
  if (!endReplacing(db, payload.videoId, payload.since, { replaceError })) return;
  const video = findVideo(db, payload.videoId);
  if (video) queueMicrotask(() => events.finished(video.id, video.ownerId));
}

/** From here on the new files are the video's; the old ones go after the commit. */
function takePlace(
  deps: Needs,
  video: Video,
  { since, filename }: Payload,
  { facts, rows }: Awaited<ReturnType<typeof storeFiles>>,
): void {
  const { db, now } = deps;
  db.transaction(() => {
    const change = { ...facts, filename, replaceError: null, updatedAt: now() };
    if (endReplacing(db, video.id, since, change)) {
      const old = filesOf(db, video.id).filter(isMadeOfTheFile);
      for (const file of old) deleteFile(db, file);
      for (const row of rows) upsertFile(db, row);
      discardFiles(deps, old);
    } else {
      // Deleted, cancelled or replaced by yet another file while we worked.
      discardFiles(deps, rows);
    }
  });
}

/** Thumbnail 0 is a picture that somebody chose: it stays. */
function isMadeOfTheFile({ kind, n }: { kind: string; n: number }): boolean {
  return kind !== "thumbnail" || n !== 0;
}

/** The moment at which a replacement began is also its name: no two of a video began at the same one. */
function revisionIn({ since }: Payload): string {
  return since.toString(36);
}

function sentenceOf(cause: unknown): string {
  if (isAppError(cause)) return [cause.message, cause.hint].filter(Boolean).join(" ");
  return "The new file arrived, but could not be made ready.";
}
