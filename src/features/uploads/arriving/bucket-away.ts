import type { Deps } from "../../../deps.ts";

/** Known some seconds after it went: a bucket that gives no answer at all would hold up every file for minutes. */
export async function isBucketAway({ storageHealth }: Pick<Deps, "storageHealth">): Promise<boolean> {
  const seen = await storageHealth.look();
  if (seen.problem === null) return false;
  const now = await storageHealth.lookNow();
  return now.problem !== null;
}
