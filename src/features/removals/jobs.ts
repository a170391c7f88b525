import { z } from "zod";
import { defineJob } from "../../queue/job.ts";

/** Bytes that no row needs any more are deleted. */
export const removeFilesJob = defineJob("remove-files", {
  lane: "chores",
  maxAttempts: 20,
  deadlineMs: 10 * 60_000,
  payload: z.object({}),
  unique: () => "all",
});
