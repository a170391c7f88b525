import { z } from "zod";
import { defineJob } from "../../queue/job.ts";

/** The same, of bytes that were kept for a while; it comes again until there are none. */
export const removeKeptJob = defineJob("remove-kept-files", {
  lane: "chores",
  maxAttempts: 20,
  deadlineMs: 10 * 60_000,
  payload: z.object({}),
  unique: () => "all",
});

/** Bytes that no row needs any more are deleted. */
export const removeFilesJob = defineJob("remove-files", {
  lane: "chores",
  maxAttempts: 20,
  deadlineMs: 10 * 60_000,
  payload: z.object({}),
  unique: () => "all",
});
