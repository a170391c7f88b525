import type { z } from "zod";
import type { Video } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { dropWorkFolder, keepWorkFolder, removeWorkFolder } from "../../exec/work-folder.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { AppError, isAppError } from "../../lib/errors.ts";
import type { JobLoss } from "../../queue/binding.ts";
import { PermanentFailure } from "../../queue/job.ts";
import type { JobContext } from "../../queue/job.ts";
import { discardFiles } from "../removals/removals.ts";
import type { ingestJob } from "./jobs.ts";
import { showStage } from "./make-files.ts";
import { changeVideoFrom, findVideo, upsertFile } from "./queries.ts";
import { failVideo } from "./shelving.ts";
import { storedKeys, storeFiles, whatNow } from "./store-files.ts";

type Payload = z.infer<typeof ingestJob.payload>;
type Needs = Pick<
  Deps,
  "arrivals" | "config" | "db" | "events" | "now" | "queue" | "storage" | "tools" | "log"
>;

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
      commit(deps, video, await storeFiles(deps, video, { ...payload, folder, signal }, null));
    } catch (error) {
      throw isAppError(error) ? whatNow(error) : error;
    }
    events.finished(video.id, video.ownerId);
  }
  discardArrival(deps, payload);
  await removeWorkFolder(workRoot, payload.folder);
}

/** The video says why it failed, and its bytes are cleared away. */
export function gaveUpIngest(deps: Needs, payload: Payload, { error, why }: JobLoss): void {
  const { storage } = deps;
  dropWorkFolder(dataFolder.work(deps.config.data.dir), payload.folder);
  // What was stored before the end has no row; where it has one, the key is in use and stays.
  const stored = storedKeys(payload.videoId, payload.file, null);
  discardFiles(
    deps,
    stored.map((key) => ({ storage: storage.name, key })),
  );
  discardArrival(deps, payload);
  if (why === "cancelled") return;
  const cause = error instanceof PermanentFailure ? error.cause : error;
  const video = findVideo(deps.db, payload.videoId);
  if (!video) return;
  failVideo(deps, video.id, isAppError(cause) ? cause : couldNotIngest(video));
  queueMicrotask(() => deps.events.finished(video.id, video.ownerId));
}

function commit(deps: Needs, video: Video, { facts, rows }: Awaited<ReturnType<typeof storeFiles>>): void {
  const { db, now } = deps;
  db.transaction(() => {
    const change = { state: "READY", ...facts, updatedAt: now() } as const;
    if (changeVideoFrom(db, video.id, ["PROCESSING"], change)) {
      for (const row of rows) upsertFile(db, row);
    } else {
      // Deleted while we worked: what was stored belongs to no row.
      discardFiles(deps, rows);
    }
  });
}

/** The video has its own copy in the bucket by now, or never will. */
export function discardArrival(
  deps: Pick<Deps, "db" | "now" | "queue">,
  { arrival }: Pick<Payload, "arrival">,
): void {
  if (arrival) discardFiles(deps, [{ storage: "s3", key: arrival.key }]);
}

function couldNotIngest({ sourceUrl }: Video): AppError {
  const again = sourceUrl === null ? "Send the file again" : "Try again";
  return new AppError("tool_failed", "The file arrived, but could not be made ready.", {
    hint: `${again}; if it stays, the log says more.`,
  });
}
