import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import type { ErrorCode } from "../../../lib/errors.ts";
import { Snooze } from "../../../queue/job.ts";
import { takeArrival } from "../arriving/take-arrival.ts";
import { takeArrivalJob } from "../jobs.ts";
import { findUpload } from "../queries.ts";
import type { Upload } from "../queries.ts";

type Needs = Parameters<typeof takeArrival>[0];

/**
 * All bytes are here or in the bucket: it is made whole there, judged, and becomes a video. Throws `not_a_video` and the like
 * where it may not stay. While the bucket is away, a job goes on with it.
 */
export async function finishThrough(deps: Needs, uploadId: string): Promise<void> {
  try {
    await takeArrival(deps, uploadId, new AbortController().signal);
  } catch (error) {
    if (!(error instanceof Snooze)) throw error;
    finishThroughLater(deps, uploadId);
  }
  requireNotRefused(findUpload(deps.db, uploadId));
}

/** Throws what it was refused for. */
export function requireNotRefused(upload: Upload | null): void {
  if (upload?.state !== "refused") return;
  const { errorCode, errorMessage, errorHint } = upload;
  throw new AppError(errorCode as ErrorCode, errorMessage ?? "", { hint: errorHint ?? "" });
}

export function finishThroughLater({ queue }: Pick<Deps, "queue">, uploadId: string): void {
  queue.add(takeArrivalJob, { uploadId });
}
