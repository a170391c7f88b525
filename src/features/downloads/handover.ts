import type { Deps } from "../../deps.ts";
import { fetchJob, probeJob } from "./jobs.ts";
import { changeDownloader, deleteDownloadsOf } from "./queries.ts";

// Whose the downloads are, for the feature that looks after people. All of it joins the caller's transaction.

/** All that one person has asked for becomes another's; what runs goes on. Returns the ids. */
export function handOverDownloads({ db, now }: Pick<Deps, "db" | "now">, from: string, to: string): string[] {
  return changeDownloader(db, from, to, now());
}

/**
 * Stops what runs or waits of a person's downloads, and forgets all of them. Their videos are not touched.
 * Returns the ids.
 */
export function discardDownloadsOf({ db, queue }: Pick<Deps, "db" | "queue">, userId: string): string[] {
  const gone = deleteDownloadsOf(db, userId);
  for (const { id, state } of gone) {
    if (state !== "waiting" && state !== "probing" && state !== "fetching") continue;
    queue.cancel(probeJob, id);
    queue.cancel(fetchJob, id);
  }
  return gone.map(({ id }) => id);
}
