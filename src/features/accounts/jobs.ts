import { z } from "zod";
import { defineJob } from "../../queue/job.ts";

/** Deletes what is over, once a day. */
export const housekeepingJob = defineJob("account-housekeeping", {
  lane: "chores",
  maxAttempts: 3,
  deadlineMs: 60_000,
  payload: z.object({}),
  unique: () => "accounts",
});
