import { statfs } from "node:fs/promises";
import { basename, extname } from "node:path";
import type { z } from "zod";
import type { Download } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { keepWorkFolder, removeWorkFolder } from "../../exec/work-folder.ts";
import { fetchVideo } from "../../exec/ytdlp.ts";
import type { FetchedFile } from "../../exec/ytdlp.ts";
import type { SiteInfo, SiteProgress } from "../../exec/ytdlp-output.ts";
import { isTransient } from "../../exec/ytdlp-errors.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { AppError, isAppError } from "../../lib/errors.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { cleanText } from "../../lib/text.ts";
import type { JobLoss } from "../../queue/binding.ts";
import { JobInterrupt, PermanentFailure } from "../../queue/job.ts";
import type { JobContext } from "../../queue/job.ts";
import { describeVideo, failVideo, ingestLater } from "../videos/videos.ts";
import { fetchJob } from "./jobs.ts";
import type { probeJob } from "./jobs.ts";
import { hasRoom, planRoute } from "./plan.ts";
import { expandPlaylist } from "./playlist.ts";
import { changeDownloadFrom, findDownload, measuredThroughput, unfinishedDownloadIds } from "./queries.ts";

type Payload = z.infer<typeof probeJob.payload>;
type Needs = Pick<Deps, "config" | "db" | "egress" | "events" | "log" | "now" | "queue" | "tools">;

/** A download that is at work: it has a video. */
type Running = Download & { videoId: string };

/**
 * Looks at the page, plans the route and, where that is short, downloads in the same run of yt-dlp. Where
 * it turns out long it goes on in the long lane, with what is there of the file.
 */
export async function probeNow(deps: Needs, { downloadId }: Payload, context: JobContext): Promise<void> {
  await work(deps, downloadId, context, false, (download, info) => takeRoute(deps, download, info));
}

/** Downloads what was looked at before, and goes on where the last try stopped. */
export async function fetchNow(deps: Needs, { downloadId }: Payload, context: JobContext): Promise<void> {
  await work(deps, downloadId, context, true, () => undefined);
}

/** The work folders that a restart must leave alone. */
export function workFoldersInUse({ db }: Pick<Deps, "db">): Set<string> {
  return new Set(unfinishedDownloadIds(db));
}

/** The job is over for good: the download says why, and its partial files go. */
export function gaveUpDownload(deps: Needs, { downloadId }: Payload, { error, why }: JobLoss): void {
  void removeWorkFolder(workRoot(deps), downloadId);
  if (why === "cancelled") return;
  const cause = error instanceof PermanentFailure ? error.cause : error;
  if (!isAppError(cause)) deps.log.error({ err: cause, downloadId }, "a download failed unexpectedly");
  fail(deps, downloadId, isAppError(cause) ? cause : stoppedTooOften());
}

/** Undefined goes on in this run of yt-dlp; a way off it stops that run. */
type Decide = (download: Running, info: SiteInfo, facts: Facts) => Turn | undefined;
type Turn = { to: "long lane"; reason: string } | { to: "failure"; error: AppError };

interface Facts {
  freeBytes: number;
}

async function work(
  deps: Needs,
  downloadId: string,
  context: JobContext,
  resume: boolean,
  decide: Decide,
): Promise<void> {
  const download = begin(deps, downloadId, resume);
  if (!download) return;
  try {
    const facts = { freeBytes: await freeBytes(deps) };
    if (!hasRoom(facts.freeBytes, null)) throw storageFull();
    let turn: Turn | undefined;
    const startedAt = performance.now();
    const { file, info } = await fetchVideo(deps, {
      url: new URL(download.url),
      folder: await keepWorkFolder(workRoot(deps), download.id),
      signal: context.signal,
      resume,
      decide: (info) => {
        turn = hasRoom(facts.freeBytes, info.sizeBytes) ? decide(download, info, facts) : full();
        if (!turn) beginFetching(deps, download, info);
        return turn ? "stop" : "go on";
      },
      onProgress: (progress) => showProgress(deps, download, progress),
    });
    failpoint("downloaded");
    if (file) handOver(deps, download, file, info, performance.now() - startedAt);
    else if (info.entries) becomePlaylist(deps, download, info);
    else if (turn?.to === "failure") throw turn.error;
    else moveToLongLane(deps, download, turn?.reason ?? "");
  } catch (error) {
    await whatNow(deps, download, error, context);
  }
}

/** Null where the download was cancelled, deleted, or is over already. */
function begin({ db, now, events }: Needs, downloadId: string, resume: boolean): Running | null {
  const state = resume ? "fetching" : "probing";
  const cleared = { errorCode: null, errorMessage: null, errorHint: null };
  const from = ["waiting", "probing", "fetching"] as const;
  if (!changeDownloadFrom(db, downloadId, from, { ...cleared, state, updatedAt: now() })) return null;
  const download = findDownload(db, downloadId);
  if (!download?.videoId) return null;
  events.emit("download.changed", { downloadId, userId: download.userId });
  return { ...download, videoId: download.videoId };
}

function takeRoute(deps: Needs, download: Running, info: SiteInfo): Turn | undefined {
  const { config, db, now } = deps;
  const route = planRoute({
    sizeBytes: info.sizeBytes,
    durationSeconds: info.durationSeconds,
    bytesPerSecond: measuredThroughput(db),
    thresholdMinutes: config.downloads.threshold_minutes,
  });
  changeDownloadFrom(db, download.id, ["probing"], { laneReason: route.reason, updatedAt: now() });
  return route.lane === "long" ? { to: "long lane", reason: route.reason } : undefined;
}

/** What the site says is known; from here the bytes come. */
function beginFetching(deps: Needs, download: Running, info: SiteInfo): void {
  const { db, now, events } = deps;
  db.transaction(() => {
    const title = download.titleGiven ? (download.title ?? info.title) : titleOf(info, download);
    changeDownloadFrom(db, download.id, ["probing", "fetching"], { state: "fetching", title, updatedAt: now() });
    describeVideo(deps, download.videoId, {
      title,
      description: cleanText(info.description, 10_000, { keepLines: true }),
      ...(info.site ? { sourceSite: info.site } : {}),
      durationSeconds: info.durationSeconds,
    });
  });
  events.emit("video.changed", { videoId: download.videoId, userId: download.userId });
}

/** A playlist's word for an entry is as good as a bare file name of the generic extractor. */
function titleOf(info: SiteInfo, download: Running): string {
  const isFileName = info.extractor === "generic" && new URL(download.url).pathname.includes(info.title);
  return (isFileName && download.title) || cleanText(info.title, 300);
}

function showProgress({ events }: Needs, download: Running, progress: SiteProgress): void {
  events.progress(download.videoId, download.userId, { stage: "Downloading", ...progress });
}

/** The bytes are here: one transaction makes them the video's. */
function handOver(
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

function moveToLongLane(deps: Needs, download: Running, reason: string): void {
  const { config, db, now, queue, events } = deps;
  const deadlineMs = config.downloads.long_timeout_minutes * 60_000;
  db.transaction(() => {
    const waits = { state: "waiting", lane: "long", laneReason: reason, updatedAt: now() } as const;
    if (!changeDownloadFrom(db, download.id, ["probing", "fetching"], waits)) return;
    queue.add(fetchJob, { downloadId: download.id, deadlineMs }, { userId: download.userId });
  });
  events.finished(download.videoId, download.userId);
}

function becomePlaylist(deps: Needs, download: Running, info: SiteInfo): void {
  expandPlaylist(deps, download, info);
  void removeWorkFolder(workRoot(deps), download.id);
}

/** What an attempt that threw means: on with it later, in the long lane, or the end. */
async function whatNow(deps: Needs, download: Running, error: unknown, context: JobContext): Promise<void> {
  const interrupt = context.signal.reason;
  if (interrupt instanceof JobInterrupt && interrupt.why === "deadline" && download.lane === "short") {
    moveToLongLane(deps, download, "It took longer than short downloads may.");
    return;
  }
  const known = isAppError(error) ? error : null;
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

async function freeBytes(deps: Needs): Promise<number> {
  const { bavail, bsize } = await statfs(deps.config.data.dir);
  return bavail * bsize;
}

function workRoot({ config }: Pick<Deps, "config">): string {
  return dataFolder.work(config.data.dir);
}

function full(): Turn {
  return { to: "failure", error: storageFull() };
}

function storageFull(): AppError {
  return new AppError("storage_full", "There is not enough space left for this video.", {
    hint: "Delete something or make room, then try again.",
  });
}

function stoppedTooOften(): AppError {
  return new AppError("tool_failed", "This download failed again and again.", {
    hint: "Try again; if it stays, the log says more.",
  });
}
