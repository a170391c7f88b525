import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { isAppError } from "../../../lib/errors.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { newId } from "../../../lib/ids.ts";
import type { Incoming, IncomingObject } from "../../../storage/incoming.ts";
import { isFolderMark, secondChance } from "./rules.ts";
import { takeIncomingJob } from "../jobs.ts";
import { requireMayUpload, requireSpaceFor } from "../limits.ts";
import {
  changeIncomingFrom,
  deleteIncoming,
  findIncomingOf,
  insertIncoming,
  leftBefore,
  takenIncoming,
} from "./queries.ts";
import type { IncomingRow, TakenRow } from "./queries.ts";
import { refuseIncoming } from "./take.ts";

type Needs = Pick<Deps, "config" | "db" | "log" | "now" | "queue">;

export interface Look {
  owner: User;
  /** The first since the start: what was refused for a reason that may have gone gets a second chance. */
  isFirst: boolean;
  signal: AbortSignal;
}

/** Looks through all that is there: what is new is queued, and what somebody took away again is forgotten. */
export async function sweepIncoming(deps: Needs, incoming: Incoming, look: Look): Promise<void> {
  const { db, now, queue } = deps;
  const begunAt = now();
  const queued = new Set(queue.unfinished(takeIncomingJob).map(({ incomingId }) => incomingId));
  // Of what is queued its job finds out.
  const gone = new Set(leftBefore(db, begunAt).filter((id) => !queued.has(id)));
  for await (const object of incoming.list()) {
    look.signal.throwIfAborted();
    if (isFolderMark(object.key)) continue;
    const row = findIncomingOf(db, object);
    if (row === null) addIncoming(deps, look.owner, object);
    else {
      gone.delete(row.id);
      const isLeft = row.state === "waiting" && !queued.has(row.id);
      if (isLeft || (row.state === "refused" && hasChance(deps, row, look))) takeAgain(deps, look.owner, row);
    }
  }
  look.signal.throwIfAborted();
  for (const id of gone) deleteIncoming(db, id);
}

function addIncoming(deps: Needs, owner: User, object: IncomingObject): void {
  const { db, now } = deps;
  const id = newId();
  const time = now();
  db.transaction(() => {
    insertIncoming(db, { ...object, id, state: "waiting", createdAt: time, updatedAt: time });
    takeLater(deps, owner, id);
  });
}

function takeAgain(deps: Needs, owner: User, { id, state }: IncomingRow): void {
  deps.db.transaction(() => {
    changeIncomingFrom(deps.db, id, state, { state: "waiting", updatedAt: deps.now() });
    takeLater(deps, owner, id);
  });
}

/** After everything that is here already: what is to be fetched needs space, and what is made ready gives it back. */
function takeLater({ queue }: Needs, owner: User, incomingId: string): void {
  queue.add(takeIncomingJob, { incomingId }, { userId: owner.id, priority: -1 });
}

function hasChance(deps: Needs, row: IncomingRow, { owner, isFirst }: Look): boolean {
  const when = secondChance(row.errorCode ?? "");
  if (when !== "fits") return when === "restart" && isFirst;
  try {
    requireMayUpload(owner, null);
    requireSpaceFor(deps, owner, row.sizeBytes, null);
    return true;
  } catch (error) {
    if (isAppError(error)) return false;
    throw error;
  }
}

/** What became a video that is READY goes from incoming/; what became none stays there. */
export async function settleIncoming(deps: Needs, incoming: Incoming, signal: AbortSignal): Promise<void> {
  for (const row of takenIncoming(deps.db)) {
    signal.throwIfAborted();
    if (row.video?.state !== "READY") settleLoss(deps, row);
    else {
      await incoming.remove(row);
      failpoint("incoming-removed");
      signal.throwIfAborted();
      deleteIncoming(deps.db, row.id);
    }
  }
}

function settleLoss(deps: Needs, row: TakenRow): void {
  if (row.video === null) refuseIncoming(deps, row, deleted);
  else if (row.video.state === "FAILED") {
    // What became of it is said; it is not taken for another one by itself.
    const { message, hint } = row.video;
    refuseIncoming(deps, row, { code: "conflict", message: message ?? "", hint: hint ?? "" });
  }
}

const deleted = {
  code: "conflict",
  message: "Its video was deleted before it was ready.",
  hint: "Delete it there as well, or put it there again.",
} as const;
