import type { Deps } from "../../deps.ts";
import { keyLock } from "../../lib/key-lock.ts";
import { removeFilesJob, removeKeptJob } from "./jobs.ts";
import { deleteRemovalsOf, insertRemovals, isToBeRemoved } from "./queries.ts";
import type { StoredBytes } from "./queries.ts";

export { useOfKey } from "./queries.ts";

export const hourMs = 3_600_000;
const oneAtATime = keyLock();

/** While bytes are brought to where others were given up, these are not removed. */
export function holdingKey<T>({ storage, key }: StoredBytes, task: () => Promise<T>): Promise<T> {
  return oneAtATime(`${storage} ${key}`, task);
}

// Whoever stores bytes gives them up here. Everything joins the caller's transaction, and takes effect with its commit.

/** No row needs these any more. One that is written again by then keeps its bytes. */
export function discardFiles(
  { db, now, queue }: Pick<Deps, "db" | "now" | "queue">,
  stored: readonly StoredBytes[],
): void {
  insertRemovals(db, stored, now());
  removeFilesLater({ queue });
}

/** The same, not before a time in milliseconds since 1970. */
export function discardFilesLater(
  { db, now, queue }: Pick<Deps, "db" | "now" | "queue">,
  stored: readonly StoredBytes[],
  notBefore: number,
): void {
  insertRemovals(db, stored, now(), notBefore);
  if (notBefore <= now()) removeFilesLater({ queue });
  // Something else may be due before that: the one job of all of them looks every hour.
  else queue.add(removeKeptJob, {}, { runAt: Math.min(notBefore, now() + hourMs) });
}

/** What was discarded is needed again. */
export function keepFiles({ db }: Pick<Deps, "db">, stored: readonly StoredBytes[]): void {
  for (const one of stored) deleteRemovalsOf(db, one);
}

/** For who has written down itself what is to go. */
export function removeFilesLater({ queue }: Pick<Deps, "queue">): void {
  queue.add(removeFilesJob, {});
}

/** Whether these are to be removed already, now or later. */
export function isGivenUp({ db }: Pick<Deps, "db">, stored: StoredBytes): boolean {
  return isToBeRemoved(db, stored);
}
