import type { Deps } from "../../../deps.ts";
import { isAppError } from "../../../lib/errors.ts";
import { Snooze } from "../../../queue/job.ts";
import { keys } from "../../../storage/keys.ts";
import { dropArrivalJob } from "../jobs.ts";
import type { Upload } from "../queries.ts";

const awayMs = 60_000;

/** Nothing of it stays in the bucket. Joins the caller's transaction; where it did not come straight there, it does nothing. */
export function dropArrivalLater(
  { queue }: Pick<Deps, "queue">,
  { id, way, multipartId }: Pick<Upload, "id" | "way" | "multipartId">,
): void {
  if (way !== "disk") queue.add(dropArrivalJob, { uploadId: id, multipartId });
}

export async function dropArrivalNow(
  { arrivals }: Pick<Deps, "arrivals">,
  { uploadId, multipartId }: { uploadId: string; multipartId: string | null },
): Promise<void> {
  try {
    await arrivals?.drop(keys.arrival(uploadId), multipartId);
  } catch (error) {
    if (isAppError(error) && error.code === "storage_unreachable") throw new Snooze(awayMs);
    throw error;
  }
}
