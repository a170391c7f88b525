import type { Download, DownloadState, User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { parseCursor } from "../../lib/cursor.ts";
import { AppError } from "../../lib/errors.ts";
import { canSeeAll } from "../videos/videos.ts";
import type { DownloadItem } from "./item.ts";
import {
  childrenOf,
  countDownloads,
  findDownloadOfVideo,
  findDownloadRow,
  findDownloadRows,
  pageOfDownloads,
} from "./queries.ts";
import type { DownloadRow } from "./queries.ts";

export { discardDownloadsOf, handOverDownloads } from "./handover.ts";

/** Newest first; admins see everybody's. */
export function listDownloads(
  deps: Pick<Deps, "db" | "events">,
  user: User,
  query: { states?: readonly DownloadState[]; limit?: number; cursor?: string | null } = {},
): { items: DownloadItem[]; nextCursor: string | null } {
  const limit = Math.min(Math.max(query.limit ?? 50, 1), 200);
  const filter = { userId: seenBy(user), states: query.states };
  const rows = pageOfDownloads(deps.db, filter, limit + 1, parseCursor(query.cursor));
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map((row) => itemOf(deps, row)),
    nextCursor: rows.length > limit && last ? String(last.download.seq) : null,
  };
}

export interface DownloadGroupItems {
  running: DownloadItem[];
  waiting: DownloadItem[];
  failed: DownloadItem[];
  done: DownloadItem[];
}

const shownInGroup = 50;

/** The queue as a person sees it. */
export function groupDownloads(deps: Pick<Deps, "db" | "events">, user: User): DownloadGroupItems {
  const group = (...states: DownloadState[]) =>
    listDownloads(deps, user, { states, limit: shownInGroup }).items;
  return {
    running: group("probing", "fetching", "ingesting"),
    waiting: group("waiting").reverse(),
    failed: group("failed", "cancelled"),
    done: group("done").slice(0, 20),
  };
}

export function countRunning({ db }: Pick<Deps, "db">, user: User): number {
  return countDownloads(db, seenBy(user), ["waiting", "probing", "fetching", "ingesting"]);
}

/** Everybody's. */
export function countQueue({ db }: Pick<Deps, "db">): { waiting: number; running: number } {
  return {
    waiting: countDownloads(db, null, ["waiting"]),
    running: countDownloads(db, null, ["probing", "fetching", "ingesting"]),
  };
}

/** `not_found` also where it is somebody else's. */
export function getDownload(deps: Pick<Deps, "db" | "events">, user: User, id: string): DownloadItem {
  const row = findDownloadRow(deps.db, id);
  if (!row || !maySteer(user, row.download)) throw noSuchDownload();
  return itemOf(deps, row);
}

/** Downloads that the caller may see, all with one question; the newest last. */
export function itemsOf(deps: Pick<Deps, "db" | "events">, ids: readonly string[]): DownloadItem[] {
  return findDownloadRows(deps.db, ids).map((row) => itemOf(deps, row));
}

/** The downloads that a playlist became. */
export function playlistItems(deps: Pick<Deps, "db" | "events">, user: User, id: string): DownloadItem[] {
  getDownload(deps, user, id);
  return childrenOf(deps.db, id).map((row) => itemOf(deps, row));
}

/** The download that brought a video; null for uploads and for other people's. */
export function findItemFor(
  deps: Pick<Deps, "db" | "events">,
  user: User,
  videoId: string,
): DownloadItem | null {
  const download = findDownloadOfVideo(deps.db, videoId);
  const row = download && maySteer(user, download) ? findDownloadRow(deps.db, download.id) : null;
  return row && itemOf(deps, row);
}

export function maySteer(user: User, download: Download): boolean {
  return canSeeAll(user) || download.userId === user.id;
}

function seenBy(user: User): string | null {
  return canSeeAll(user) ? null : user.id;
}

export function noSuchDownload(): AppError {
  return new AppError("not_found", "There is no such download.", { hint: "It may have been deleted." });
}

function itemOf({ events }: Pick<Deps, "events">, row: DownloadRow): DownloadItem {
  const { download, video, state, thumbnails } = row;
  const { errorCode, errorMessage, errorHint } = download.errorCode ? download : (video ?? download);
  return {
    id: download.id,
    parentId: download.parentId,
    videoId: download.videoId,
    url: download.url,
    title: video?.title ?? download.title ?? download.url,
    state,
    lane: download.lane,
    laneReason: download.laneReason,
    userId: download.userId,
    thumbnails,
    version: video?.updatedAt ?? download.updatedAt,
    progress: download.videoId ? events.progressOf(download.videoId) : null,
    error:
      errorCode === null ? null : { code: errorCode, message: errorMessage ?? "", hint: errorHint ?? "" },
    createdAt: download.createdAt,
    updatedAt: Math.max(download.updatedAt, video?.updatedAt ?? 0),
    finishedAt: download.finishedAt ?? (state === "done" ? (video?.updatedAt ?? null) : null),
  };
}
