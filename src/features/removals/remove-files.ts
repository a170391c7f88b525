import { keepReserve } from "../../db/reserve.ts";
import type { Deps } from "../../deps.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { Snooze } from "../../queue/job.ts";
import type { JobContext } from "../../queue/job.ts";
import { deleteRemoval, dueRemovals, findRemoval, nextRemovalAt, useOfKey } from "./queries.ts";
import { holdingKey, hourMs } from "./removals.ts";

type Needs = Pick<Deps, "config" | "db" | "now" | "storageOf">;

const atOnce = 100;

/** Deletes the bytes that no row needs any more. Each may be deleted twice without harm. */
export async function removeFilesNow(deps: Needs, _payload: unknown, { signal }: JobContext): Promise<void> {
  const { config, db, now } = deps;
  for (let due = dueRemovals(db, now(), 0, atOnce); due.length > 0;) {
    for (const removal of due) {
      signal.throwIfAborted();
      await holdingKey(removal, () => removeOne(deps, removal.id));
    }
    due = dueRemovals(db, now(), due.at(-1)?.id ?? 0, atOnce);
  }
  // The deletion may have used it up.
  keepReserve(config.data.dir);
}

async function removeOne({ db, storageOf }: Needs, id: number): Promise<void> {
  // Whoever held the key until now may have needed the bytes again.
  const removal = findRemoval(db, id);
  if (!removal) return;
  const { storage, key } = removal;
  const use = useOfKey(db, removal);
  // A video that was tried again stores under the same names, and has no rows yet: later, then.
  if (use === "perhaps") return;
  failpoint("removal-due");
  if (use === "none") await storageOf(storage).delete(key);
  failpoint("removal-deleted");
  deleteRemoval(db, id);
}

/** The same, and once more when the next of those is due that are kept for a while, within the hour. */
export async function removeKeptNow(deps: Needs, payload: unknown, context: JobContext): Promise<void> {
  await removeFilesNow(deps, payload, context);
  const next = nextRemovalAt(deps.db, deps.now());
  if (next !== null) throw new Snooze(Math.min(Math.max(next - deps.now(), 60_000), hourMs));
}
