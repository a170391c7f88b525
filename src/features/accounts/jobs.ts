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

/** Mails an invitation; a mail server that is down for hours is waited for. */
export const inviteMailJob = defineJob("invite-mail", {
  lane: "mail",
  maxAttempts: 10,
  deadlineMs: 90_000,
  payload: z.object({ inviteId: z.string() }),
  unique: ({ inviteId }) => inviteId,
});
