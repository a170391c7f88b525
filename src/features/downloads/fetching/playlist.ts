import type { Download, User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import type { SiteEntry, SiteInfo } from "../../../exec/ytdlp/output.ts";
import { readOptions } from "../../../lib/download-options.ts";
import { isAppError } from "../../../lib/errors.ts";
import { highestNumber, includesNumber, parseNumbers } from "../../../lib/number-ranges.ts";
import { cleanText } from "../../../lib/text.ts";
import { checkUrl } from "../../../lib/url-policy.ts";
import { getUser } from "../../accounts/accounts.ts";
import { discardVideo, wishesFor } from "../../videos/videos.ts";
import { probeJob } from "../jobs.ts";
import { changeDownloadFrom, findDownload, unstartedChildren, urlsOfChildren } from "../queries.ts";
import { startDownload } from "../start.ts";

type Needs = Pick<Deps, "config" | "db" | "events" | "now" | "queue">;
type Parent = Download & { videoId: string };

/** So many at once take some 20 ms, in which nothing else is done. */
const batchSize = 50;

/** How much of a playlist is looked at for what was chosen of it. */
export function wantedOfPlaylist({ items }: Pick<Download, "items">): {
  wholePlaylist: boolean;
  maxEntries: number;
} {
  const last = items === null ? highestNumber : (parseNumbers(items).at(-1)?.[1] ?? highestNumber);
  // Of one entry alone nobody could tell whether it is a playlist's.
  return { wholePlaylist: items !== null, maxEntries: Math.max(2, last) };
}

/**
 * A link that turned out to be a playlist becomes the parent of one download for each entry that was chosen.
 * Begun anew after a break, it goes on behind what is there; cancelled halfway, it takes back what has not begun.
 */
export async function expandPlaylist(
  deps: Needs,
  download: Parent,
  info: SiteInfo,
  signal?: AbortSignal,
): Promise<void> {
  const { db, events, now } = deps;
  // Handed over, or deleted with its owner, while the site was asked.
  const current = findDownload(db, download.id);
  if (!current) return;
  const user = getUser(deps, current.userId);
  const chosen = chooseEntries(info.entries ?? [], current.items);
  const isHere = urlsOfChildren(db, download.id);
  const missing = chosen.filter(({ url }) => !isHere.has(url.href));
  const wishes = wishesFor(deps, download.videoId);
  for (let at = 0; at < missing.length; at += batchSize) {
    signal?.throwIfAborted();
    const batch = missing.slice(at, at + batchSize);
    if (!startBatch(deps, user, { ...current, videoId: download.videoId }, batch, wishes)) {
      return takeBack(deps, download.id);
    }
    await new Promise((next) => setImmediate(next));
  }
  const isDone = db.transaction(() => {
    const changed = changeDownloadFrom(db, download.id, ["probing"], {
      state: "done",
      videoId: null,
      title: cleanText(info.title, 300),
      laneReason: summary(chosen.length, info.entries?.length ?? 0),
      finishedAt: now(),
      updatedAt: now(),
    });
    if (changed) discardVideo(deps, download.videoId);
    return changed;
  });
  if (!isDone) return takeBack(deps, download.id);
  events.emit("video.deleted", {
    videoId: download.videoId,
    userId: user.id,
    wasPrivate: wishes.visibility === "private",
  });
  events.emit("download.changed", { downloadId: download.id, userId: user.id });
}

interface Entry {
  url: URL;
  title: string;
}

/** False where it is wanted no longer. */
function startBatch(
  deps: Needs,
  user: User,
  parent: Parent,
  batch: readonly Entry[],
  wishes: ReturnType<typeof wishesFor>,
): boolean {
  const options = readOptions(parent.options);
  const { forceLong } = parent;
  return deps.db.transaction(() => {
    if (findDownload(deps.db, parent.id)?.state !== "probing") return false;
    for (const { url, title } of batch) {
      const request = { ...wishes, options, forceLong, url, title, items: null, parentId: parent.id };
      startDownload(deps, user, request);
    }
    return true;
  });
}

function takeBack(deps: Needs, parentId: string): void {
  const { db, queue, now } = deps;
  db.transaction(() => {
    for (const { id, videoId } of unstartedChildren(db, parentId)) {
      changeDownloadFrom(db, id, ["waiting"], {
        state: "cancelled",
        videoId: null,
        wishes: videoId === null ? null : wishesFor(deps, videoId),
        finishedAt: now(),
        updatedAt: now(),
      });
      if (videoId !== null) discardVideo(deps, videoId);
      queue.cancel(probeJob, id);
    }
  });
}

/** What a site lists can be anything; what is no web address is left out, and counts all the same. */
function chooseEntries(entries: readonly SiteEntry[], items: string | null): Entry[] {
  const ranges = items === null ? null : parseNumbers(items);
  return entries.flatMap((entry, i) => {
    if (ranges && !includesNumber(ranges, i + 1)) return [];
    const url = urlOf(entry.url);
    return url ? [{ url, title: cleanText(entry.title, 300) }] : [];
  });
}

function summary(taken: number, all: number): string {
  if (all === 0) return "A playlist without videos.";
  return taken < all ? `A playlist: ${taken} of its videos.` : `A playlist: ${taken} videos.`;
}

function urlOf(text: string): URL | null {
  try {
    return checkUrl(text);
  } catch (error) {
    if (isAppError(error)) return null;
    throw error;
  }
}
