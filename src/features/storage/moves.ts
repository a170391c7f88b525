import { z } from "zod";
import type { StorageMove, User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { AppError } from "../../lib/errors.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { noteAudit } from "../accounts/accounts.ts";
import { moveJob } from "./jobs.ts";
import { otherThan } from "./move.ts";
import { changeMove, insertMove, measureStored, newestMove } from "./queries.ts";

type Needs = Pick<Deps, "config" | "db" | "from" | "now" | "queue">;
type Actor = Pick<User, "id" | "name"> | null;

const wishSchema = z.object({ to: z.enum(["disk", "s3"], "Choose disk or s3.") });

/** A move, and what is still to be moved, files that can't be included. */
export interface MoveProgress extends StorageMove {
  left: { files: number; bytes: number };
}

/**
 * Everything that is stored elsewhere gets to a storage, while all of it plays. One that is under way goes on; one in the
 * other direction ends. `actor` is null for the command line.
 */
export function startMove(deps: Needs, actor: Actor, input: { to?: string }): MoveProgress {
  const { config, db, now, queue } = deps;
  const { to } = parseInput(wishSchema, input);
  if (to === "s3" && config["storage.s3"].bucket === "") {
    throw new AppError("conflict", "There is no bucket to move to.", {
      hint: "Name one in [storage.s3] bucket.",
    });
  }
  db.transaction(
    () => {
      const before = newestMove(db);
      if (before?.state === "running" && before.target === to) return;
      if (before?.state === "running") endMove(deps, before);
      const { id } = insertMove(db, to, now());
      queue.add(moveJob, { moveId: id });
      noteAudit(deps, { action: "storage.move", actor, detail: `to ${to}` });
    },
    { behavior: "immediate" },
  );
  return getMove(deps);
}

/** What was moved stays moved, and the rest where it is. */
export function stopMove(deps: Needs, actor: Actor): MoveProgress {
  deps.db.transaction(
    () => {
      const move = newestMove(deps.db);
      if (move?.state !== "running") throw new AppError("conflict", "Nothing is being moved.");
      endMove(deps, move);
      noteAudit(deps, { action: "storage.stop", actor, detail: `to ${move.target}` });
    },
    { behavior: "immediate" },
  );
  return getMove(deps);
}

function endMove({ db, now, queue }: Needs, { id }: StorageMove): void {
  changeMove(db, id, { state: "stopped", finishedAt: now(), updatedAt: now() });
  queue.cancel(moveJob, "all");
}

/** The newest; null where there never was one. */
export function findProgress({ db }: Pick<Deps, "db">): MoveProgress | null {
  const move = newestMove(db);
  return move && { ...move, left: measureStored(db, otherThan(move.target)) };
}

function getMove(deps: Pick<Deps, "db">): MoveProgress {
  const progress = findProgress(deps);
  if (progress) return progress;
  throw new AppError("not_found", "Nothing was ever moved.");
}
