import type { Deps } from "../../deps.ts";
import { removeFilesLater } from "../removals/removals.ts";
import { ingestJob, replaceJob, replaceKey } from "./jobs.ts";
import {
  changeOwner,
  countByOwner,
  deleteVideosOfOwner,
  shelfSize,
  videosOfOwner,
} from "./queries-owners.ts";
import type { OwnedVideo } from "./queries-owners.ts";

// Whose the videos are, for the feature that looks after people. What changes something joins the caller's transaction.

/** How many videos each of these people has, those that are not ready yet too; who has none is not in it. */
export function countVideosOf({ db }: Pick<Deps, "db">, ownerIds: readonly string[]): Map<string, number> {
  return countByOwner(db, ownerIds);
}

/** Everybody's videos, and the bytes of all their files. */
export function measureShelf({ db }: Pick<Deps, "db">): { videos: number; bytes: number } {
  return shelfSize(db);
}

/** All that one person has becomes another's. How many there were. */
export function handOverVideos({ db, now }: Pick<Deps, "db" | "now">, from: string, to: string): number {
  return changeOwner(db, from, to, now());
}

/** Rows and bytes of all that a person has go, whoever asks. Returns what there was. */
export function discardVideosOf(
  { db, now, queue }: Pick<Deps, "db" | "now" | "queue">,
  ownerId: string,
): OwnedVideo[] {
  const gone = videosOfOwner(db, ownerId);
  deleteVideosOfOwner(db, ownerId, now());
  for (const { id, state, replacingSince: since } of gone) {
    if (state === "PROCESSING") queue.cancel(ingestJob, id);
    if (since !== null) queue.cancel(replaceJob, replaceKey({ videoId: id, since }));
  }
  removeFilesLater({ queue });
  return gone;
}
