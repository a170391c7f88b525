import { z } from "zod";
import { defineJob } from "../../queue/job.ts";

/** Everything that is stored gets to another storage. A crash costs an attempt, and there may be many in a month. */
export const moveJob = defineJob("storage-move", {
  lane: "chores",
  maxAttempts: 1000,
  deadlineMs: 0,
  payload: z.object({ moveId: z.int() }),
  unique: () => "all",
});
