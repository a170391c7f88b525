import { keepReserve } from "../../db/reserve.ts";
import type { Deps } from "../../deps.ts";
import type { JobContext } from "../../queue/job.ts";
import { deleteRemoval, dueRemovals, useOfKey } from "./queries.ts";

const atOnce = 100;

/** Deletes the bytes that no row needs any more. Each may be deleted twice without harm. */
export async function removeFilesNow(
  { config, db, now, storageOf }: Pick<Deps, "config" | "db" | "now" | "storageOf">,
  _payload: unknown,
  { signal }: JobContext,
): Promise<void> {
  for (let due = dueRemovals(db, now(), 0, atOnce); due.length > 0;) {
    for (const { id, storage, key } of due) {
      signal.throwIfAborted();
      const use = useOfKey(db, { storage, key });
      // A video that was tried again stores under the same names, and has no rows yet: later, then.
      if (use === "perhaps") continue;
      if (use === "none") await storageOf(storage).delete(key);
      deleteRemoval(db, id);
    }
    due = dueRemovals(db, now(), due.at(-1)?.id ?? 0, atOnce);
  }
  // The deletion may have used it up.
  keepReserve(config.data.dir);
}
