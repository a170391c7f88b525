import type { Deps } from "../../deps.ts";
import { Snooze } from "../../queue/job.ts";
import { oneAtATime } from "./finish.ts";
import { forget, forgetRow } from "./forget.ts";
import { finishUploadJob, sweepUploadsJob, takeArrivalJob } from "./jobs.ts";
import { expiredUploads, findUpload, receivingUploads } from "./queries.ts";
import type { Upload } from "./queries.ts";
import { finishTusLater } from "./tus/finish.ts";
import { inletOf } from "./tus/inlets.ts";

const hourMs = 3_600_000;

/** From the start on, once an hour. */
export function sweepUploadsLater({ now, queue }: Pick<Deps, "now" | "queue">): void {
  queue.cancel(sweepUploadsJob, "all");
  queue.add(sweepUploadsJob, {}, { runAt: now() + 60_000 });
}

/** Clears away what nobody goes on with, and forgets what is over. */
export async function sweepUploadsNow(deps: Pick<Deps, "config" | "db" | "now" | "queue">): Promise<void> {
  const { db, now } = deps;
  const whole = wholeUploads(deps);
  for (const id of expiredUploads(db, now()).filter((one) => !whole.has(one))) {
    await oneAtATime(id, async () => {
      // A piece may have come while we were at the ones before.
      const upload = findUpload(db, id);
      if (!upload || upload.expiresAt > now() || isUnderWay(upload)) return;
      await forget(deps, upload);
    });
  }
  throw new Snooze(hourMs);
}

/** Nobody can go on with those: their senders were told that all is here, and it is for us to wait. */
function wholeUploads({ queue }: Pick<Deps, "queue">): Set<string> {
  const settling = [takeArrivalJob, finishUploadJob].flatMap((job) => queue.unfinished(job));
  return new Set(settling.map(({ uploadId }) => uploadId));
}

/** As long as its request, however long that is. */
function isUnderWay({ state, way }: Upload): boolean {
  return state === "receiving" && way === "once";
}

/** The work folders that a restart must leave alone. */
export function uploadFoldersInUse({ db }: Pick<Deps, "db">): string[] {
  const uploads = receivingUploads(db).filter((upload) => !isUnderWay(upload));
  return uploads.map(({ id }) => id);
}

/** At boot: what had arrived in whole when the last life ended; what came in one request is over with that. */
export function settleUploads(deps: Pick<Deps, "config" | "db" | "queue">): void {
  for (const upload of receivingUploads(deps.db)) {
    // Of what goes straight into the bucket, its sender says when it is complete.
    if (upload.way === "direct") continue;
    if (upload.way === "once") {
      deps.db.transaction(() => forgetRow(deps, upload));
      continue;
    }
    const inlet = inletOf(upload);
    inlet.dropDistrusted(deps, upload);
    if (inlet.offset(deps, upload) === upload.sizeBytes) finishTusLater(deps, upload);
  }
}
