import { z } from "zod";
import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { AppError } from "../../lib/errors.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { requireMay } from "../../lib/permissions.ts";
import type { JobContext } from "../../queue/job.ts";
import { noteAudit } from "../accounts/accounts.ts";
import { allPicturesJob, picturesJob } from "./jobs.ts";
import { findVideo } from "./queries.ts";
import { batchToPicture, countToPicture } from "./queries-pictures.ts";
import type { WhichPictures } from "./queries-pictures.ts";

export type { WhichPictures } from "./queries-pictures.ts";

const wishSchema = z.object({ only: z.enum(["missing", "all"], "Choose missing or all.") });

/**
 * Everybody's pictures are taken again, of all videos or of those that lack one, after all that is new. Returns of how
 * many; `actor` is null for the command line.
 */
export function remakeAllPictures(
  deps: Pick<Deps, "db" | "from" | "now" | "queue">,
  actor: Pick<User, "id" | "name" | "role"> | null,
  input: { only?: string },
): number {
  requireMay(actor, "videos.all");
  const { only } = parseInput(wishSchema, input);
  const { db, queue } = deps;
  const count = countToPicture(db, only);
  if (count === 0) return 0;
  db.transaction(
    () => {
      queue.add(allPicturesJob, { only });
      const videos = count === 1 ? "1 video" : `${count} videos`;
      noteAudit(deps, { action: "thumbnails.remake", actor, detail: `${videos}, ${only}` });
    },
    { behavior: "immediate" },
  );
  return count;
}

/** How many are ready, or lack a picture. */
export function countVideosToPicture({ db }: Pick<Deps, "db">, only: WhichPictures): number {
  return countToPicture(db, only);
}

/** Of these videos, or, where one is not there or not ready, of none. */
export function remakePicturesOf({ db, queue }: Pick<Deps, "db" | "queue">, ids: readonly string[]): void {
  db.transaction(
    () => {
      for (const id of ids) {
        const video = findVideo(db, id);
        if (!video) throw new AppError("not_found", `There is no video ${JSON.stringify(id)}.`);
        if (video.state !== "READY")
          throw new AppError("conflict", `The video ${JSON.stringify(id)} is not ready yet.`);
        queue.add(picturesJob, { videoId: id });
      }
    },
    { behavior: "immediate" },
  );
}

/** So many jobs are added at once: others get the database in between. */
const batchSize = 200;
/** New videos come first: they have 0. */
const priority = -10;

/** A job for each video, so that each can fail, stop and go on for itself. */
export async function queueAllPicturesNow(
  { db, queue }: Pick<Deps, "db" | "queue">,
  { only }: z.infer<typeof allPicturesJob.payload>,
  { signal }: JobContext,
): Promise<void> {
  let beforeSeq = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const batch = batchToPicture(db, only, beforeSeq, batchSize);
    const last = batch.at(-1);
    if (!last) return;
    db.transaction(() => {
      for (const { id } of batch) queue.add(picturesJob, { videoId: id }, { priority });
    });
    beforeSeq = last.seq;
    await Bun.sleep(0);
    signal.throwIfAborted();
  }
}
