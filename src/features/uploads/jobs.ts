import { z } from "zod";
import { defineJob } from "../../queue/job.ts";

/** Settles an upload that is here in whole, and whose last request did not come so far. */
export const finishUploadJob = defineJob("finish-upload", {
  lane: "chores",
  maxAttempts: 10,
  deadlineMs: 10 * 60_000,
  payload: z.object({ uploadId: z.string() }),
  unique: ({ uploadId }) => uploadId,
});

/** What a browser has sent straight into the bucket becomes a video. */
export const takeArrivalJob = defineJob("take-arrival", {
  // As with what is taken from incoming/: few copies lie here at a time.
  lane: "media",
  maxAttempts: 4,
  deadlineMs: 12 * 3_600_000,
  payload: z.object({ uploadId: z.string() }),
  unique: ({ uploadId }) => uploadId,
});

/** Nothing of an upload stays in the bucket, but what became of it. */
export const dropArrivalJob = defineJob("drop-arrival", {
  lane: "chores",
  maxAttempts: 10,
  deadlineMs: 10 * 60_000,
  payload: z.object({ uploadId: z.string(), multipartId: z.string().nullable() }),
  unique: ({ uploadId }) => uploadId,
});

/** Clears away what nobody goes on with, every hour. */
export const sweepUploadsJob = defineJob("sweep-uploads", {
  lane: "chores",
  maxAttempts: 3,
  deadlineMs: 10 * 60_000,
  payload: z.object({}),
  unique: () => "all",
});

/** An object of the bucket's incoming/ is fetched and becomes a video. */
export const takeIncomingJob = defineJob("take-incoming", {
  // Together with what makes the files ready that were fetched: so few lie here at a time.
  lane: "media",
  maxAttempts: 4,
  deadlineMs: 12 * 3_600_000,
  payload: z.object({ incomingId: z.string() }),
  unique: ({ incomingId }) => incomingId,
});
