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

/** Mails a link for a new password, where somebody has the address. Within two hours or not at all: people ask again. */
export const mailResetLinkJob = defineJob("reset-mail", {
  lane: "mail",
  maxAttempts: 8,
  deadlineMs: 90_000,
  payload: z.object({ email: z.string() }),
  unique: ({ email }) => email,
});

/** Mails a link to the new address of an account. */
export const mailEmailLinkJob = defineJob("confirm-email-mail", {
  lane: "mail",
  maxAttempts: 10,
  deadlineMs: 90_000,
  payload: z.object({ linkId: z.string() }),
  unique: ({ linkId }) => linkId,
});

export const mailPasswordChangedJob = defineJob("password-changed-mail", {
  lane: "mail",
  maxAttempts: 10,
  deadlineMs: 90_000,
  payload: z.object({ userId: z.string() }),
});

/** To the address that the account had before. */
export const mailEmailChangedJob = defineJob("email-changed-mail", {
  lane: "mail",
  maxAttempts: 10,
  deadlineMs: 90_000,
  payload: z.object({ userId: z.string(), oldEmail: z.string() }),
});
