import type { Download, DownloadState, User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { parseCursor } from "../../lib/cursor.ts";
import { AppError, canPassLater, remediesOf } from "../../lib/errors.ts";
import { canSeeAll } from "../videos/videos.ts";
import { pauseSwitch, waitExplainer } from "./gates/gates.ts";
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
import { findLog } from "./logs/queries.ts";
import { hasPaused, isSwitchedOn } from "./gates/queries.ts";

export { addCookies, deleteCookies, listCookies, testCookies } from "./cookies/cookies.ts";
export { describeCare, rollBackDownloader, updateDownloader } from "./downloader/by-hand.ts";
export { discardDownloadsOf, handOverDownloads } from "./handover.ts";
export { findLastFailure } from "./logs/logs.ts";

type Seeing = Pick<Deps, "config" | "db" | "events" | "now">;

/** Newest first; admins and the command line, who is nobody, see everybody's. */
export function listDownloads(
  deps: Seeing,
  user: User | null,
  query: { states?: readonly DownloadState[]; limit?: number; cursor?: string | null } = {},
): { items: DownloadItem[]; nextCursor: string | null } {
  const limit = Math.min(Math.max(query.limit ?? 50, 1), 200);
  const filter = { userId: seenBy(user), states: query.states };
  const rows = pageOfDownloads(deps.db, filter, limit + 1, parseCursor(query.cursor));
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: toItems(deps, page),
    nextCursor: rows.length > limit && last ? String(last.download.seq) : null,
  };
}

export interface DownloadGroupItems {
  running: DownloadItem[];
  waiting: DownloadItem[];
  failed: DownloadItem[];
  done: DownloadItem[];
  /** Of all, where only the first are listed. */
  counts: { running: number; waiting: number; failed: number };
  /** An admin has paused everybody's. */
  isPaused: boolean;
  /** There are some that were paused one by one. */
  hasPaused: boolean;
}

/** A page that is quick, and sent again whenever something changes, however long the queue is. */
const shownInGroup = 15;
const shownOfDone = 20;
/** On the page of the whole queue. */
export const shownOfAll = 200;

/** The queue as a person sees it: the first of each group, however many there are. */
export function groupDownloads(
  deps: Seeing & Pick<Deps, "queue">,
  user: User,
  shown = shownInGroup,
): DownloadGroupItems {
  const { db } = deps;
  const userId = seenBy(user);
  const newest = (limit: number, ...states: DownloadState[]) =>
    listDownloads(deps, user, { states, limit }).items;
  return {
    running: newest(shown, ...atWork),
    waiting: nextOnes(deps, userId, shown),
    failed: newest(shown, "failed", "cancelled"),
    done: newest(shownOfDone, "done"),
    counts: {
      running: countDownloads(db, userId, atWork),
      waiting: countDownloads(db, userId, ["waiting"]),
      failed: countDownloads(db, userId, ["failed", "cancelled"]),
    },
    isPaused: isSwitchedOn(db, pauseSwitch),
    hasPaused: hasPaused(db, userId),
  };
}

const atWork: readonly DownloadState[] = ["probing", "fetching", "ingesting"];

/** In the order in which they will be claimed, the short ones first. */
function nextOnes(deps: Seeing & Pick<Deps, "queue">, userId: string | null, shown: number): DownloadItem[] {
  const { queue, db } = deps;
  const long = queue.nextInLine("long", userId, shown);
  const short = queue.nextInLine("short", userId, shown);
  const shortShown = Math.max(Math.floor(shown / 2), shown - long.length);
  const ids = [...short.slice(0, shortShown), ...long].slice(0, shown);
  const rows = new Map(findDownloadRows(db, ids).map((row) => [row.download.id, row]));
  const waiting = ids.flatMap((id) => rows.get(id) ?? []).filter((row) => row.state === "waiting");
  return toItems(deps, waiting);
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
export function getDownload(deps: Seeing, user: User | null, id: string): DownloadItem {
  const row = findDownloadRow(deps.db, id);
  if (!row || (user && !maySteer(user, row.download))) throw noSuchDownload();
  return itemOf(deps, row, waitExplainer(deps));
}

/** What yt-dlp said of it; empty before the first attempt. `not_found` like above. */
export function readLog(deps: Seeing, user: User | null, id: string): string {
  return findLog(deps.db, getDownload(deps, user, id).id)?.text ?? "";
}

/** Downloads that the caller may see, all with one question; the newest last. */
export function itemsOf(deps: Seeing, ids: readonly string[]): DownloadItem[] {
  return toItems(deps, findDownloadRows(deps.db, ids));
}

/** The downloads that a playlist became. */
export function playlistItems(deps: Seeing, user: User, id: string): DownloadItem[] {
  getDownload(deps, user, id);
  return toItems(deps, childrenOf(deps.db, id));
}

/** The download that brought a video; null for uploads and for other people's. */
export function findItemFor(deps: Seeing, user: User, videoId: string): DownloadItem | null {
  const download = findDownloadOfVideo(deps.db, videoId);
  const row = download && maySteer(user, download) ? findDownloadRow(deps.db, download.id) : null;
  return row && itemOf(deps, row, waitExplainer(deps));
}

export function maySteer(user: User, download: Download): boolean {
  return canSeeAll(user) || download.userId === user.id;
}

function seenBy(user: User | null): string | null {
  return user === null || canSeeAll(user) ? null : user.id;
}

export function noSuchDownload(): AppError {
  return new AppError("not_found", "There is no such download.", { hint: "It may have been deleted." });
}

/** Which of the two rows says what went wrong: once the bytes were here, the video. */
export function failureOf({
  download,
  video,
}: DownloadRow): Pick<Download, "errorCode" | "errorMessage" | "errorHint"> {
  return download.errorCode ? download : (video ?? download);
}

const steerable = new Set<DownloadState>(["waiting", "probing", "fetching"]);

function toItems(deps: Seeing, rows: DownloadRow[]): DownloadItem[] {
  const explain = waitExplainer(deps);
  return rows.map((row) => itemOf(deps, row, explain));
}

function itemOf(
  { events }: Seeing,
  row: DownloadRow,
  explain: ReturnType<typeof waitExplainer>,
): DownloadItem {
  const { download, video, state, thumbnails } = row;
  const isPaused = download.pausedAt !== null && steerable.has(state);
  const { errorCode, errorMessage, errorHint } = failureOf(row);
  return {
    id: download.id,
    parentId: download.parentId,
    videoId: download.videoId,
    url: download.url,
    title: video?.title ?? download.title ?? download.url,
    state,
    lane: download.lane,
    laneReason: download.laneReason,
    paused: isPaused,
    priority: download.priority,
    site: download.site,
    waitsFor: state === "waiting" ? explain({ ...download, isPaused }) : "",
    userId: download.userId,
    thumbnails,
    version: video?.updatedAt ?? download.updatedAt,
    progress: download.videoId ? events.progressOf(download.videoId) : null,
    error:
      errorCode === null
        ? null
        : {
            code: errorCode,
            message: errorMessage ?? "",
            hint: errorHint ?? "",
            remedy: remediesOf(errorCode)[0] ?? null,
            retryable: canPassLater(errorCode),
          },
    createdAt: download.createdAt,
    updatedAt: Math.max(download.updatedAt, video?.updatedAt ?? 0),
    finishedAt: download.finishedAt ?? (state === "done" ? (video?.updatedAt ?? null) : null),
  };
}
