import type { z } from "zod";
import type { StorageName } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { AppError, isAppError } from "../../lib/errors.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { sha256OfFile } from "../../lib/sha256.ts";
import type { JobLoss } from "../../queue/binding.ts";
import { Snooze } from "../../queue/job.ts";
import type { JobContext } from "../../queue/job.ts";
import type { Storage } from "../../storage/storage.ts";
import { discardFiles, discardFilesLater, holdingKey, keepFiles } from "../removals/removals.ts";
import { remakePicturesOf } from "../videos/videos.ts";
import type { moveJob } from "./jobs.ts";
import {
  changeMove,
  countFailed,
  countMoved,
  findMove,
  pageOfStored,
  switchStorage,
  whatIs,
} from "./queries.ts";
import type { StoredRow } from "./queries.ts";

type Needs = Pick<Deps, "config" | "db" | "log" | "now" | "queue" | "storageOf">;
type Payload = z.infer<typeof moveJob.payload>;

/** Small files wait for each answer of a bucket: some of them at once. */
const atOnce = 3;
const storageAwayMs = 60_000;
const weekMs = 7 * 24 * 3_600_000;

/**
 * Takes one file after the other to the other storage. Each is at one of both at any time, as its row says, so this can
 * stop anywhere and go on; what can't be moved stays where it is.
 */
export async function moveNow(deps: Needs, { moveId }: Payload, { signal }: JobContext): Promise<void> {
  const { db, now } = deps;
  // Files that came meanwhile, or that a copy was made of, are taken along by a pass more.
  while (changeMove(db, moveId, { filesFailed: 0, updatedAt: now() })) {
    if ((await moveAllOnce(deps, moveId, signal)) > 0) continue;
    changeMove(db, moveId, { state: "done", finishedAt: now(), updatedAt: now() });
  }
}

/** How many were moved. */
async function moveAllOnce(deps: Needs, moveId: number, signal: AbortSignal): Promise<number> {
  let moved = 0;
  for (let after = ""; ;) {
    // By the row, which another process may have changed: its word reaches the signal later.
    const move = findMove(deps.db, moveId);
    if (move?.state !== "running") return moved;
    const { target } = move;
    const batch = pageOfStored(deps.db, otherThan(target), after, atOnce);
    const last = batch.at(-1);
    if (!last) return moved;
    const ends = await Promise.allSettled(batch.map((row) => moveOrSay(deps, moveId, row, target)));
    for (const end of ends) if (end.status === "fulfilled" && end.value) moved += 1;
    const failure = ends.find((end) => end.status === "rejected");
    if (failure) throw failure.reason;
    signal.throwIfAborted();
    after = last.key;
  }
}

export function otherThan(storage: StorageName): StorageName {
  return storage === "disk" ? "s3" : "disk";
}

/** False where it stays. A storage that is away is waited for. */
async function moveOrSay(deps: Needs, moveId: number, row: StoredRow, to: StorageName): Promise<boolean> {
  const { db, log, now } = deps;
  try {
    return await holdingKey({ storage: to, key: row.key }, () => moveFile(deps, moveId, row, to));
  } catch (error) {
    // Deleted meanwhile, and its bytes taken away from under the copying.
    if (whatIs(db, otherThan(to), row.key) === null) return giveUp(deps, { storage: to, key: row.key });
    if (!isAppError(error)) throw error;
    const why = [error.message, error.hint].filter(Boolean).join(" ");
    if (error.code === "storage_unreachable" || error.code === "storage_full") {
      changeMove(db, moveId, { lastFailure: why, updatedAt: now() });
      throw new Snooze(storageAwayMs);
    }
    log.warn({ err: error, key: row.key, to }, "a file could not be moved");
    countFailed(db, moveId, `${row.key}: ${why}`, now());
    return false;
  }
}

async function moveFile(deps: Needs, moveId: number, row: StoredRow, to: StorageName): Promise<boolean> {
  const { db, now, storageOf } = deps;
  const copy = { storage: to, key: row.key };
  db.transaction(() => {
    keepFiles(deps, [copy]);
    // Should we die before the row says so, nobody needs the copy.
    discardFilesLater(deps, [copy], now() + weekMs);
  });
  await copyVerified(row, storageOf(otherThan(to)), storageOf(to));
  failpoint("move-copied");
  const isMoved = db.transaction(() => settle(deps, moveId, row, to));
  failpoint("move-switched");
  return isMoved;
}

/** The row says where it is from now on, unless it is of other bytes meanwhile. */
function settle(deps: Needs, moveId: number, row: StoredRow, to: StorageName): boolean {
  const [from, copy] = [otherThan(to), { storage: to, key: row.key }];
  keepFiles(deps, [copy]);
  if (!switchStorage(deps.db, row, from, to)) return giveUp(deps, copy);
  countMoved(deps.db, moveId, row.sizeBytes, deps.now());
  discardFilesLater(deps, [{ storage: from, key: row.key }], keptUntil(deps));
  return true;
}

/** Nobody needs the copy: there is no such row any more, or it is of other bytes. */
function giveUp(deps: Needs, copy: { storage: StorageName; key: string }): false {
  deps.db.transaction(() => {
    discardFiles(deps, [copy]);
    // Pictures that were taken meanwhile bear the same names, and ours may have been put in their place.
    const named = whatIs(deps.db, copy.storage, copy.key);
    if (named?.of === "video" && named.state === "READY") remakePicturesOf(deps, [named.id]);
  });
  return false;
}

function keptUntil({ config, now }: Pick<Deps, "config" | "now">): number {
  return now() + config.storage.keep_moved_hours * 3_600_000;
}

/** What is copied is what the row says, and so is what comes of it: `putFile` compares the two. */
async function copyVerified(row: StoredRow, from: Storage, to: Storage): Promise<void> {
  if (await isThere(row, to)) return;
  await from.withLocalFile(row.key, async (path) => {
    if ((await sha256OfFile(path)) !== row.sha256) throw damaged();
    // From a bucket it is a copy already.
    await to.putFile(row.key, path, { keep: from.name === "disk" });
  });
}

/** Where a move is taken back, the old file may still be here. To read it in a bucket would cost as much as to send it. */
async function isThere({ key, sizeBytes, sha256 }: StoredRow, storage: Storage): Promise<boolean> {
  if (storage.name !== "disk" || (await storage.find(key))?.sizeBytes !== sizeBytes) return false;
  return storage.withLocalFile(key, async (path) => (await sha256OfFile(path)) === sha256);
}

function damaged(): AppError {
  return new AppError("unavailable", "Its bytes are not those that were stored.", {
    hint: "Replace it from a backup.",
  });
}

/** Cancelled by `stopMove`, which has said so itself, or given up after a bug. */
export function gaveUpMove({ db, now }: Needs, { moveId }: Payload, { error }: JobLoss): void {
  const lastFailure = error instanceof Error ? error.message : null;
  changeMove(db, moveId, { state: "stopped", finishedAt: now(), ...(lastFailure ? { lastFailure } : {}) });
}
