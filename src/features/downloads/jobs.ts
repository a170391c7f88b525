import { z } from "zod";
import { defineJob } from "../../queue/job.ts";

/**
 * Asks the site what is there and plans the route. A short one is fetched in the same run of yt-dlp
 * (docs/decisions/0003-one-run-for-short-downloads.md); a long one becomes a fetch job.
 */
export const probeJob = defineJob("probe", {
  lane: "short",
  maxAttempts: 4,
  deadlineMs: (payload) => payload.deadlineMs,
  payload: z.object({ downloadId: z.string(), deadlineMs: z.number().int().nonnegative() }),
  unique: (payload) => payload.downloadId,
});

/** Fetches what was probed, going on with what is there of the file. */
export const fetchJob = defineJob("fetch", {
  lane: "long",
  maxAttempts: 4,
  deadlineMs: (payload) => payload.deadlineMs,
  payload: z.object({ downloadId: z.string(), deadlineMs: z.number().int().nonnegative() }),
  unique: (payload) => payload.downloadId,
});

/** Looks after yt-dlp, once a day. */
export const downloaderJob = defineJob("yt-dlp", {
  lane: "chores",
  maxAttempts: 3,
  deadlineMs: 15 * 60_000,
  payload: z.object({}),
  unique: () => "yt-dlp",
});

/** Gets the yt-dlp that an admin asked for. */
export const updateDownloaderJob = defineJob("yt-dlp-update", {
  lane: "chores",
  maxAttempts: 1,
  deadlineMs: 15 * 60_000,
  payload: z.object({}),
  unique: () => "yt-dlp",
});
