import { keepReserve } from "../../db/reserve.ts";
import type { Deps } from "../../deps.ts";
import type { JobContext } from "../../queue/job.ts";
import { deleteRemoval, dueRemovals, keyIsInUse } from "./queries.ts";

const atOnce = 100;

/** Deletes the bytes that no row needs any more. Each may be deleted twice without harm. */
export async function removeFilesNow(
  { config, db, storageOf }: Pick<Deps, "config" | "db" | "storageOf">,
  _payload: unknown,
  { signal }: JobContext,
): Promise<void> {
  for (let due = dueRemovals(db, atOnce); due.length > 0; due = dueRemovals(db, atOnce)) {
    for (const removal of due) {
      signal.throwIfAborted();
      // A key can have come into use again: a retried job stores under the same names.
      if (!keyIsInUse(db, removal.storage, removal.key)) await storageOf(removal.storage).delete(removal.key);
      deleteRemoval(db, removal.id);
    }
  }
  // The deletion may have used it up.
  keepReserve(config.data.dir);
}
