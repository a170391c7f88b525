import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { isAppError, isWorthATry } from "../../../lib/errors.ts";
import { canAdd, canSeeAll } from "../../videos/videos.ts";
import { pauseSwitch } from "../gates/gates.ts";
import { failureOf } from "../downloads.ts";
import { fetchJob, probeJob } from "../jobs.ts";
import { pageOfDownloads } from "../queries.ts";
import { isSwitchedOn, pauseSome, resumeSome, setSwitch } from "../gates/queries.ts";
import { mayNotAdd } from "../start.ts";
import { retryDownload } from "./steer.ts";

type Needs = Pick<Deps, "config" | "db" | "queue" | "now" | "events">;

/** So many at once take some 10 ms, in which nothing else is written. */
const batchSize = 500;

/** The lanes that downloads go through. */
const lanes = ["short", "long"] as const;

/**
 * Pauses what a person has in the queue now. Of admins it pauses the queue itself, for everybody and for what
 * is added later, until `resumeAll`.
 */
export async function pauseAll(deps: Needs, user: User): Promise<void> {
  const { db, queue, now, events } = deps;
  if (!canAdd(user)) throw mayNotAdd();
  if (canSeeAll(user)) {
    setSwitch(db, pauseSwitch, true, now());
    queue.giveBack(lanes);
    events.emit("queue.changed", { userId: null });
    return;
  }
  await inBatches(() => {
    const ids = pauseSome(db, user.id, now(), batchSize);
    queue.hold(probeJob, ids);
    queue.hold(fetchJob, ids);
    return ids.length;
  }, deps);
  events.emit("queue.changed", { userId: user.id });
}

/**
 * Lets what was paused go on. Where the queue itself is paused, an admin opens it again and no more: downloads
 * that somebody paused one by one stay so.
 */
export async function resumeAll(deps: Needs, user: User): Promise<void> {
  const { db, queue, now, events } = deps;
  if (!canAdd(user)) throw mayNotAdd();
  const whose = canSeeAll(user) ? null : user.id;
  if (whose === null && isSwitchedOn(db, pauseSwitch)) {
    setSwitch(db, pauseSwitch, false, now());
    queue.lookAgain(lanes);
  } else {
    await inBatches(() => {
      const ids = resumeSome(db, whose, now(), batchSize);
      queue.release(probeJob, ids);
      queue.release(fetchJob, ids);
      return ids.length;
    }, deps);
  }
  events.emit("queue.changed", { userId: whose });
}

/** Starts every failed download again that the person may steer; `leftOut` are those that would fail again, as things are. */
export async function retryAllFailed(deps: Needs, user: User): Promise<{ count: number; leftOut: number }> {
  if (!canAdd(user)) throw mayNotAdd();
  const filter = { userId: canSeeAll(user) ? null : user.id, states: ["failed"] as const };
  let [count, leftOut] = [0, 0];
  // Downwards, so that one that fails again at once is not met a second time.
  for (let before: number | null = null; ;) {
    const rows = pageOfDownloads(deps.db, filter, 50, before);
    const last = rows.at(-1);
    if (!last) return { count, leftOut };
    before = last.download.seq;
    deps.db.transaction(() => {
      const hopeful = rows.filter((row) => isWorthATry(failureOf(row).errorCode ?? ""));
      leftOut += rows.length - hopeful.length;
      for (const { download } of hopeful) if (retryIfPossible(deps, user, download.id)) count++;
    });
    await new Promise((next) => setImmediate(next));
  }
}

/** False where somebody else was quicker. */
function retryIfPossible(deps: Needs, user: User, id: string): boolean {
  try {
    retryDownload(deps, user, id);
    return true;
  } catch (error) {
    if (isAppError(error)) return false;
    throw error;
  }
}

async function inBatches(step: () => number, { db }: Pick<Deps, "db">): Promise<void> {
  while (db.transaction(step) === batchSize) await new Promise((next) => setImmediate(next));
}
