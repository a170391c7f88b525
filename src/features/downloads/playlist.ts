import type { Download } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import type { SiteInfo } from "../../exec/ytdlp-output.ts";
import { cleanText } from "../../lib/text.ts";
import { isAppError } from "../../lib/errors.ts";
import { checkUrl } from "../../lib/url-policy.ts";
import { getUser } from "../accounts/accounts.ts";
import { discardVideo, wishesFor } from "../videos/videos.ts";
import { startDownload } from "./start.ts";
import { changeDownloadFrom, findDownload } from "./queries.ts";

const mostEntries = 500;

/** A link that turned out to be a playlist becomes the parent of one download for each entry. */
export function expandPlaylist(
  deps: Pick<Deps, "config" | "db" | "events" | "now" | "queue">,
  download: Download & { videoId: string },
  info: SiteInfo,
): void {
  const { db, events, now } = deps;
  // Handed over, or deleted with its owner, while the site was asked.
  const current = findDownload(db, download.id);
  if (!current) return;
  const user = getUser(deps, current.userId);
  const entries = (info.entries ?? []).flatMap((entry) => {
    const url = urlOf(entry.url);
    return url ? [{ url, title: cleanText(entry.title, 300) }] : [];
  });
  const taken = entries.slice(0, mostEntries);
  const wishes = wishesFor(deps, download.videoId);
  db.transaction(() => {
    const changed = changeDownloadFrom(db, download.id, ["probing"], {
      state: "done",
      videoId: null,
      title: cleanText(info.title, 300),
      laneReason: summary(taken.length, entries.length),
      finishedAt: now(),
      updatedAt: now(),
    });
    if (!changed) return;
    discardVideo(deps, download.videoId);
    for (const { url, title } of taken)
      startDownload(deps, user, { url, title, ...wishes, parentId: download.id });
  });
  events.emit("video.deleted", {
    videoId: download.videoId,
    userId: user.id,
    wasPrivate: wishes.visibility === "private",
  });
  events.emit("download.changed", { downloadId: download.id, userId: user.id });
}

function summary(taken: number, all: number): string {
  if (all === 0) return "A playlist without videos.";
  return taken < all ? `A playlist: the first ${taken} of ${all} videos.` : `A playlist: ${taken} videos.`;
}

/** What a site lists can be anything; what is no web address is left out. */
function urlOf(text: string): URL | null {
  try {
    return checkUrl(text);
  } catch (error) {
    if (isAppError(error)) return null;
    throw error;
  }
}
