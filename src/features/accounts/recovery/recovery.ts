import { z } from "zod";
import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import { parseInput } from "../../../lib/parse-input.ts";
import { noteAudit } from "../audit/audit.ts";
import { emailSchema, passwordSchema } from "../input.ts";
import { mailResetLinkJob } from "../jobs.ts";
import { tellPasswordChangedLater } from "../links/letters.ts";
import { forgetOpenLinks, requireLinkOfAccount, useUpLink } from "../links/links.ts";
import { hashPassword } from "../sessions/passwords.ts";
import { changeUser } from "../queries.ts";
import { closeSessions } from "../sessions/sessions.ts";

type Needs = Pick<Deps, "db" | "from" | "mailer" | "now" | "queue">;

/**
 * The same answer, in the same time, whether or not somebody has the address: only the job looks.
 * `unavailable` where no mail can be sent.
 */
export function forgotPassword(deps: Needs, email: string): void {
  const { db, mailer, queue } = deps;
  if (!mailer.isSetUp) {
    throw new AppError("unavailable", "This Homereel sends no mail.", {
      hint: "Ask an admin: they can make you a link that sets a new password.",
    });
  }
  const checked = parseInput(z.object({ email: emailSchema }), { email });
  db.transaction(() => {
    const subject = { kind: "account", id: null, name: checked.email } as const;
    noteAudit(deps, { action: "password.forgot", actor: null, subject });
    // Who asks again need not wait for the next try of a job that failed, and gets one mail, not two.
    queue.cancel(mailResetLinkJob, checked.email);
    queue.add(mailResetLinkJob, checked);
  });
}

/** Whose password the link sets; `link_invalid` where it sets none (any more). Asking does not use it up. */
export function getResetAccount(deps: Pick<Deps, "db" | "now">, secret: string): User {
  return requireLinkOfAccount(deps, "reset", secret).user;
}

/**
 * Sets the password and uses the link up; every session of the account ends, and so does every other link to it.
 * `invalid_input` for the password leaves the link as it is.
 */
export async function resetPassword(deps: Needs, secret: string, password: string): Promise<void> {
  const { db, now } = deps;
  const checked = parseInput(z.object({ password: passwordSchema }), { password });
  // Before the hash, which is dear: who made a link up gets none.
  requireLinkOfAccount(deps, "reset", secret);
  const passwordHash = await hashPassword(checked.password);
  // Once more, for much can happen while it is made.
  const { link, user } = requireLinkOfAccount(deps, "reset", secret);
  db.transaction(() => {
    useUpLink(deps, link);
    changeUser(db, user.id, { passwordHash, updatedAt: now() });
    closeSessions(deps, user.id);
    forgetOpenLinks(deps, user.id);
    const subject = { kind: "account", id: user.id, name: user.email } as const;
    const detail = link.createdBy === null ? "by a mailed link" : "by an admin's link";
    noteAudit(deps, { action: "account.password", actor: null, subject, detail });
    tellPasswordChangedLater(deps, user);
  });
}
