import { z } from "zod";
import { defineJob } from "../../queue/job.ts";

/** What came into the bucket lies there too, as an arrival: it need not be sent once more. */
const arrival = z.object({ key: z.string(), sizeBytes: z.int(), partBytes: z.int() }).optional();

/** Bytes that have arrived in a work folder become a video that can be watched. */
export const ingestJob = defineJob("ingest", {
  lane: "media",
  maxAttempts: 4,
  deadlineMs: 2 * 3_600_000,
  payload: z.object({ videoId: z.string(), folder: z.string(), file: z.string(), arrival }),
  unique: (payload) => payload.videoId,
});

/** The same bytes take the place of a video's file; `since` is when that began, and of which replacement it is. */
export const replaceJob = defineJob("replace", {
  lane: "media",
  maxAttempts: 4,
  deadlineMs: 2 * 3_600_000,
  payload: z.object({
    videoId: z.string(),
    folder: z.string(),
    file: z.string(),
    filename: z.string(),
    arrival,
    since: z.int(),
  }),
  unique: replaceKey,
});

export function replaceKey({ videoId, since }: { videoId: string; since: number }): string {
  return `${videoId} ${since}`;
}

/** Thumbnails and poster are taken again from the stored file. */
export const picturesJob = defineJob("pictures", {
  lane: "media",
  maxAttempts: 2,
  deadlineMs: 10 * 60_000,
  payload: z.object({ videoId: z.string() }),
  unique: (payload) => payload.videoId,
});

/** A job of the kind above for each video there is, or that lacks a picture. */
export const allPicturesJob = defineJob("pictures-of-all", {
  lane: "chores",
  maxAttempts: 3,
  deadlineMs: 10 * 60_000,
  payload: z.object({ only: z.enum(["missing", "all"]) }),
  unique: (payload) => payload.only,
});
