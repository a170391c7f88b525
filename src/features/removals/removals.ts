import type { Deps } from "../../deps.ts";
import { removeFilesJob } from "./jobs.ts";
import { insertRemovals, isToBeRemoved } from "./queries.ts";
import type { StoredBytes } from "./queries.ts";

export { useOfKey } from "./queries.ts";

// Whoever stores bytes gives them up here. Everything joins the caller's transaction, and takes effect with its commit.

/** No row needs these any more. One that is written again by then keeps its bytes. */
export function discardFiles(
  { db, now, queue }: Pick<Deps, "db" | "now" | "queue">,
  stored: readonly StoredBytes[],
): void {
  insertRemovals(db, stored, now());
  removeFilesLater({ queue });
}

/** For who has written down itself what is to go. */
export function removeFilesLater({ queue }: Pick<Deps, "queue">): void {
  queue.add(removeFilesJob, {});
}

/** Whether these are to be removed already, now or later. */
export function isGivenUp({ db }: Pick<Deps, "db">, stored: StoredBytes): boolean {
  return isToBeRemoved(db, stored);
}
