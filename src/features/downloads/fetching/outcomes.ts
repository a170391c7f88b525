import { basename, extname } from "node:path";
import type { Download } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import type { FetchedFile } from "../../../exec/ytdlp.ts";
import { askRetryAfter } from "../../../exec/retry-after.ts";
import { isTransient } from "../../../exec/ytdlp/errors.ts";
import type { SiteInfo } from "../../../exec/ytdlp/output.ts";
import { dropWorkFolder } from "../../../exec/work-folder.ts";
import { dataFolder } from "../../../lib/data-folder.ts";
import { AppError, isAppError } from "../../../lib/errors.ts";
import { cleanText } from "../../../lib/text.ts";
import type { JobLoss } from "../../../queue/binding.ts";
import { JobInterrupt, PermanentFailure, Snooze } from "../../../queue/job.ts";
import type { JobContext } from "../../../queue/job.ts";
import { describeVideo, failVideo, ingestLater } from "../../videos/videos.ts";
import { fetchJob } from "../jobs.ts";
import { siteOf } from "./plan.ts";
import { changeDownloadFrom, findDownload } from "../queries.ts";
import { coolDown, sitesCoolingDown } from "./sites.ts";

type Needs = Pick<Deps, "config" | "db" | "egress" | "events" | "log" | "now" | "queue">;

/** A download that is at work: it has a video. */
export type Running = Download & { videoId: string };

/** What the site says is known; from here the bytes come. */
export function beginFetching(deps: Needs, download: Running, info: SiteInfo): void {
  const { db, now, events } = deps;
  db.transaction(() => {
    const title = download.titleGiven ? (download.title ?? info.title) : titleOf(info, download);
    changeDownloadFrom(db, download.id, ["probing", "fetching"], {
      state: "fetching",
      title,
      updatedAt: now(),
    });
    describeVideo(deps, download.videoId, {
      title,
      description: cleanText(info.description, 10_000, { keepLines: true }),
      ...(info.site ? { sourceSite: info.site } : {}),
      durationSeconds: info.durationSeconds,
      extractor: info.extractor,
      siteVideoId: info.id,
    });
  });
  events.emit("video.changed", { videoId: download.videoId, userId: download.userId });
}

/** A playlist's word for an entry is as good as a bare file name of the generic extractor. */
function titleOf(info: SiteInfo, download: Running): string {
  const isFileName = info.extractor === "generic" && new URL(download.url).pathname.includes(info.title);
  return (isFileName && download.title) || cleanText(info.title, 300);
}

/** The bytes are here: one transaction makes them the video's. */
export function handOver(
  deps: Needs,
  download: Running,
  file: FetchedFile,
  info: SiteInfo,
  tookMs: number,
): void {
  const { db, now, events } = deps;
  db.transaction(() => {
    const changed = changeDownloadFrom(db, download.id, ["probing", "fetching"], {
      state: "ingesting",
      fetchedBytes: file.sizeBytes,
      fetchMs: Math.round(tookMs),
      updatedAt: now(),
    });
    if (!changed) return;
    const name = basename(file.path);
    const title = download.titleGiven ? (download.title ?? info.title) : info.title;
    ingestLater(
      deps,
      { id: download.videoId, ownerId: download.userId },
      { folder: download.id, file: name, filename: `${title}${extname(name)}` },
    );
  });
  events.emit("video.changed", { videoId: download.videoId, userId: download.userId });
}

export function moveToLongLane(deps: Needs, download: Running, reason: string): void {
  const { config, db, now, queue, events } = deps;
  const deadlineMs = config.downloads.long_timeout_minutes * 60_000;
  db.transaction(() => {
    const waits = { state: "waiting", lane: "long", laneReason: reason, updatedAt: now() } as const;
    if (!changeDownloadFrom(db, download.id, ["probing", "fetching"], waits)) return;
    // As the row says now: it may have been paused or handed over since the work began.
    const { userId, site: groupKey, priority, pausedAt } = findDownload(db, download.id) ?? download;
    const line = { userId, groupKey, priority, held: pausedAt !== null };
    queue.add(fetchJob, { downloadId: download.id, deadlineMs }, line);
  });
  events.finished(download.videoId, download.userId);
}

/** What an attempt that threw means: on with it later, in the long lane, or the end. */
export async function whatNow(
  deps: Needs,
  download: Running,
  error: unknown,
  context: JobContext,
): Promise<void> {
  const interrupt = context.signal.reason;
  if (interrupt instanceof JobInterrupt && interrupt.why === "deadline" && download.lane === "short") {
    moveToLongLane(deps, download, "It took longer than short downloads may.");
    return;
  }
  const known = isAppError(error) ? error : null;
  if (known?.code === "site_limited") return waitForSite(deps, download, known);
  if (known && !isTransient(known.code)) throw new PermanentFailure(known.message, { cause: known });
  const { db, now, events } = deps;
  changeDownloadFrom(db, download.id, ["probing", "fetching"], {
    state: "waiting",
    laneReason: known ? `${known.message} It is tried again by itself.` : download.laneReason,
    updatedAt: now(),
  });
  events.finished(download.videoId, download.userId);
  throw error;
}

/** The site is left alone, by all of its downloads; this one goes on by itself, however often that happens. */
async function waitForSite(deps: Needs, download: Running, { message }: AppError): Promise<never> {
  const { db, now, events, egress } = deps;
  const url = new URL(download.url);
  const site = siteOf(url);
  // Downloads that run at once hear of the same limit.
  const cooling = () => sitesCoolingDown(deps, now()).get(site)?.until;
  const asked = cooling() === undefined ? await askRetryAfter(egress, url, now()) : null;
  const until = cooling() ?? coolDown(deps, site, message, asked);
  const minutes = Math.ceil((until - now()) / 60_000);
  changeDownloadFrom(db, download.id, ["probing", "fetching"], {
    state: "waiting",
    laneReason: `${message} It goes on by itself in about ${minutes} min.`,
    updatedAt: now(),
  });
  events.finished(download.videoId, download.userId);
  throw new Snooze(until - now());
}

function fail(deps: Needs, downloadId: string, error: AppError): void {
  const { db, now, events } = deps;
  const download = findDownload(db, downloadId);
  if (!download) return;
  const words = { errorCode: error.code, errorMessage: error.message, errorHint: error.hint };
  const failed = { ...words, state: "failed", laneReason: "", finishedAt: now(), updatedAt: now() } as const;
  changeDownloadFrom(db, downloadId, ["waiting", "probing", "fetching"], failed);
  const { videoId, userId } = download;
  if (videoId) failVideo(deps, videoId, error);
  // After the transaction that this is part of.
  queueMicrotask(() => {
    events.emit("download.changed", { downloadId, userId });
    if (videoId) events.finished(videoId, userId);
  });
}

/** The job is over for good: the download says why, and its partial files go. */
export function gaveUpDownload(
  deps: Needs,
  { downloadId }: { downloadId: string },
  { error, why }: JobLoss,
): void {
  dropWorkFolder(dataFolder.work(deps.config.data.dir), downloadId);
  if (why === "cancelled") return;
  const cause = error instanceof PermanentFailure ? error.cause : error;
  if (!isAppError(cause)) deps.log.error({ err: cause, downloadId }, "a download failed unexpectedly");
  fail(deps, downloadId, isAppError(cause) ? cause : stoppedTooOften());
}

function stoppedTooOften(): AppError {
  return new AppError("tool_failed", "This download failed again and again.", {
    hint: "Try again; if it stays, the log says more.",
  });
}
