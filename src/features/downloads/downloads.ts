import { z } from "zod";
import type { Deps } from "../../deps.ts";
import type { Download, DownloadState, User } from "../../db/schema.ts";
import { currentPolicy } from "../../egress/reach.ts";
import { AppError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { cleanText } from "../../lib/text.ts";
import { checkHost, checkUrl, parseNetworks } from "../../lib/url-policy.ts";
import { addPendingVideo, canAdd, discardVideo, parseTags, reopenVideo } from "../videos/videos.ts";
import type { DownloadItem } from "./item.ts";
import { fetchJob, probeJob } from "./jobs.ts";
import {
  changeDownloadFrom,
  childrenOf,
  countDownloads,
  findDownloadOfVideo,
  findDownloadRow,
  insertDownload,
  pageOfDownloads,
} from "./queries.ts";
import type { DownloadRow } from "./queries.ts";

const mostUrls = 100;

export const startSchema = z.object({
  urls: z.union([z.string(), z.array(z.string())]).transform(urlLines),
  title: z
    .string()
    .transform((title) => cleanText(title, 300))
    .default(""),
  tags: z
    .union([z.string(), z.array(z.string())])
    .default([])
    .transform(parseTags),
});

/** Takes URLs, one a line or as a list; nothing is started unless all of them can be. Newest last. */
export function startDownloads(
  deps: Pick<Deps, "db" | "queue" | "now" | "config" | "events">,
  user: User,
  input: unknown,
): DownloadItem[] {
  if (!canAdd(user)) throw new AppError("not_allowed", "Your account may watch, but not add videos.");
  const { urls, title, tags } = parseInput(startSchema, input);
  const checked = checkUrls(deps, urls);
  const ids = deps.db.transaction(() =>
    checked.map((url) => startDownload(deps, user, { url, title, tags, parentId: null })),
  );
  for (const id of ids) deps.events.emit("download.changed", { downloadId: id, userId: user.id });
  return ids.map((id) => getDownload(deps, user, id));
}

/** Inserts video, download and first job; joins the caller's transaction. Returns the download's id. */
export function startDownload(
  deps: Pick<Deps, "db" | "queue" | "now" | "config">,
  user: User,
  request: { url: URL; title: string; tags: string[]; parentId: string | null },
): string {
  const { db, now } = deps;
  const { url, title, tags, parentId } = request;
  const id = newId();
  const time = now();
  const video = {
    title: title || cleanText(url.href, 300),
    sourceUrl: url.href,
    sourceSite: url.hostname.replace(/^www\./, ""),
    tags,
  };
  insertDownload(db, {
    id,
    userId: user.id,
    parentId,
    videoId: addPendingVideo({ db, now }, user, video),
    url: url.href,
    title: title || null,
    titleGiven: title !== "" && parentId === null,
    state: "waiting",
    lane: "short",
    createdAt: time,
    updatedAt: time,
  });
  queueProbe(deps, { id, userId: user.id });
  return id;
}

/** Newest first; admins see everybody's. */
export function listDownloads(
  deps: Pick<Deps, "db" | "events">,
  user: User,
  query: { states?: readonly DownloadState[]; limit?: number; cursor?: string | null } = {},
): { items: DownloadItem[]; nextCursor: string | null } {
  const limit = Math.min(Math.max(query.limit ?? 50, 1), 200);
  const before = query.cursor ? Number(query.cursor) : null;
  if (before !== null && !Number.isSafeInteger(before)) {
    throw new AppError("invalid_input", "This page marker is not one of ours.", { field: "cursor" });
  }
  const rows = pageOfDownloads(deps.db, { userId: seenBy(user), states: query.states }, limit + 1, before);
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

/** `not_found` also where it is somebody else's. */
export function getDownload(deps: Pick<Deps, "db" | "events">, user: User, id: string): DownloadItem {
  const row = findDownloadRow(deps.db, id);
  if (!row || !maySteer(user, row.download)) throw noSuchDownload();
  return itemOf(deps, row);
}

/** The downloads that a playlist became. */
export function playlistItems(deps: Pick<Deps, "db" | "events">, user: User, id: string): DownloadItem[] {
  getDownload(deps, user, id);
  return childrenOf(deps.db, id).map((row) => itemOf(deps, row));
}

/** Stops it wherever it is; its video leaves the shelf and its partial files the disk. */
export function cancelDownload(
  deps: Pick<Deps, "db" | "queue" | "now" | "events">,
  user: User,
  id: string,
): DownloadItem {
  const { db, queue, now, events } = deps;
  const row = findDownloadRow(db, id);
  if (!row || !maySteer(user, row.download)) throw noSuchDownload();
  const { download } = row;
  db.transaction(() => {
    const changed =
      row.state !== "done" &&
      row.state !== "failed" &&
      changeDownloadFrom(db, id, ["waiting", "probing", "fetching", "ingesting"], {
        state: "cancelled",
        videoId: null,
        title: row.video?.title ?? download.title,
        finishedAt: now(),
        updatedAt: now(),
      });
    if (!changed) throw new AppError("conflict", "This download is over already.");
    queue.cancel(probeJob, id);
    queue.cancel(fetchJob, id);
    if (download.videoId) discardVideo(deps, download.videoId);
  });
  if (download.videoId) events.emit("video.deleted", { videoId: download.videoId, userId: download.userId });
  events.emit("download.changed", { downloadId: id, userId: download.userId });
  return getDownload(deps, user, id);
}

/** Starts a failed or cancelled download again. */
export function retryDownload(
  deps: Pick<Deps, "db" | "queue" | "now" | "config" | "events">,
  user: User,
  id: string,
): DownloadItem {
  const { db, now, events } = deps;
  const row = findDownloadRow(db, id);
  if (!row || !maySteer(user, row.download)) throw noSuchDownload();
  if (row.state !== "failed" && row.state !== "cancelled") {
    throw new AppError("conflict", "This download did not fail.", {
      hint: "Cancel it first to start it again.",
    });
  }
  const { download } = row;
  db.transaction(() => {
    const videoId = download.videoId ?? addPendingVideo(deps, user, videoOfCancelled(download));
    reopenVideo(deps, videoId);
    changeDownloadFrom(db, id, ["failed", "cancelled", "ingesting"], {
      ...cleared,
      state: "waiting",
      videoId,
      lane: "short",
      updatedAt: now(),
    });
    queueProbe(deps, download);
  });
  events.emit("download.changed", { downloadId: id, userId: download.userId });
  return getDownload(deps, user, id);
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

/** Starts the download of a failed video again. */
export function retryVideo(
  deps: Pick<Deps, "db" | "queue" | "now" | "config" | "events">,
  user: User,
  videoId: string,
): DownloadItem {
  const download = findDownloadOfVideo(deps.db, videoId);
  if (!download) throw noSuchDownload();
  return retryDownload(deps, user, download.id);
}

const cleared = {
  errorCode: null,
  errorMessage: null,
  errorHint: null,
  laneReason: "",
  finishedAt: null,
} as const;

function queueProbe(
  { queue, config }: Pick<Deps, "queue" | "config">,
  download: { id: string; userId: string },
): void {
  const deadlineMs = config.downloads.short_timeout_minutes * 60_000;
  queue.add(probeJob, { downloadId: download.id, deadlineMs }, { userId: download.userId });
}

function urlLines(input: string | string[]): string[] {
  const lines = typeof input === "string" ? input.split(/\r?\n/) : input;
  return lines.map((line) => line.trim()).filter((line) => line !== "");
}

function checkUrls({ config }: Pick<Deps, "config">, lines: string[]): URL[] {
  if (lines.length === 0) {
    throw new AppError("not_a_url", "Paste a link first.", {
      field: "urls",
      hint: "Several links go one a line.",
    });
  }
  if (lines.length > mostUrls) {
    throw new AppError("too_large", `These are ${lines.length} links; ${mostUrls} go at once.`, {
      field: "urls",
    });
  }
  const policy = currentPolicy(parseNetworks(config.downloads.allow_networks));
  return lines.map((line) => {
    try {
      const url = checkUrl(line);
      checkHost(url, policy);
      return url;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const which = lines.length > 1 ? `${cleanText(line, 80)}: ` : "";
      throw new AppError(error.code, which + error.message, {
        hint: error.hint,
        field: "urls",
        cause: error,
      });
    }
  });
}

function videoOfCancelled(download: Download) {
  return {
    title: download.title ?? cleanText(download.url, 300),
    sourceUrl: download.url,
    sourceSite: new URL(download.url).hostname.replace(/^www\./, ""),
    tags: [],
  };
}

function maySteer(user: User, download: Download): boolean {
  return user.role === "admin" || download.userId === user.id;
}

function seenBy(user: User): string | null {
  return user.role === "admin" ? null : user.id;
}

function noSuchDownload(): AppError {
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
