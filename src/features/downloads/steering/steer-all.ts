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
import { removeDownload } from "./remove.ts";
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
  let [count, leftOut] = [0, 0];
  await toAllFailed(deps, user, ({ hopeful, hopeless }) => {
    leftOut += hopeless.length;
    deps.db.transaction(() => {
      for (const id of hopeful) if (ifStillFailed(() => retryDownload(deps, user, id))) count++;
    });
  });
  return { count, leftOut };
}

/** Removes every failed download that the person may steer and that would fail again, as things are; how many. */
export async function removeAllHopeless(deps: Needs, user: User): Promise<number> {
  let count = 0;
  await toAllFailed(deps, user, ({ hopeless }) => {
    for (const id of hopeless) if (ifStillFailed(() => removeDownload(deps, user, id))) count++;
  });
  return count;
}

/** The ids of some that failed. */
interface Failed {
  hopeful: string[];
  hopeless: string[];
}

async function toAllFailed(deps: Needs, user: User, act: (some: Failed) => void): Promise<void> {
  if (!canAdd(user)) throw mayNotAdd();
  const filter = { userId: canSeeAll(user) ? null : user.id, states: ["failed"] as const };
  // Downwards, so that one that fails again at once is not met a second time.
  for (let before: number | null = null; ;) {
    const rows = pageOfDownloads(deps.db, filter, 50, before);
    const last = rows.at(-1);
    if (!last) return;
    before = last.download.seq;
    const some: Failed = { hopeful: [], hopeless: [] };
    for (const row of rows)
      some[isWorthATry(failureOf(row).errorCode ?? "") ? "hopeful" : "hopeless"].push(row.download.id);
    act(some);
    await new Promise((next) => setImmediate(next));
  }
}

/** False where somebody else was quicker. */
function ifStillFailed(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (isAppError(error)) return false;
    throw error;
  }
}

async function inBatches(step: () => number, { db }: Pick<Deps, "db">): Promise<void> {
  while (db.transaction(step) === batchSize) await new Promise((next) => setImmediate(next));
}
