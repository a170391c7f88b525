import type { Deps } from "../../deps.ts";
import { fetchJob, probeJob } from "./jobs.ts";
import { changeDownloader, deleteDownloadsOf, downloadIdsOf } from "./queries.ts";

// Whose the downloads are, for the feature that looks after people. All of it joins the caller's transaction.

/** All that one person has asked for becomes another's; what runs goes on. */
export function handOverDownloads({ db, now }: Pick<Deps, "db" | "now">, from: string, to: string): void {
  changeDownloader(db, from, to, now());
}

/** Stops what runs or waits of a person's downloads, and forgets all of them. Their videos are not touched. */
export function discardDownloadsOf({ db, queue }: Pick<Deps, "db" | "queue">, userId: string): void {
  for (const id of downloadIdsOf(db, userId, ["waiting", "probing", "fetching"])) {
    queue.cancel(probeJob, id);
    queue.cancel(fetchJob, id);
  }
  deleteDownloadsOf(db, userId);
}
