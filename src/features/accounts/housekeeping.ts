import type { Deps } from "../../deps.ts";
import { Snooze } from "../../queue/job.ts";
import { forgetOldAudit } from "./audit/audit.ts";
import { housekeepingJob } from "./jobs.ts";
import { deleteLinksBefore } from "./links/queries.ts";
import { deleteExpiredSessions } from "./sessions/queries.ts";
import { expireApiTokens } from "./sessions/tokens.ts";

const dayMs = 86_400_000;

/** From the start on, once a day. */
export function keepHouseLater({ now, queue }: Pick<Deps, "now" | "queue">): void {
  queue.cancel(housekeepingJob, "accounts");
  queue.add(housekeepingJob, {}, { runAt: now() + 60_000 });
}

/** Deletes what is over: sessions, tokens, links, and what the audit log need not remember any more. */
export async function keepHouseNow(deps: Pick<Deps, "config" | "db" | "from" | "now">): Promise<void> {
  const { db, now } = deps;
  deleteExpiredSessions(db, now());
  deleteLinksBefore(db, now());
  expireApiTokens(deps);
  forgetOldAudit(deps);
  throw new Snooze(dayMs);
}
