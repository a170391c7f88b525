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
  await work(deps, downloadId, context, false, (download, facts) => takeRoute(deps, download, facts));
}

/** Downloads what was looked at before, and goes on where the last try stopped. */
export async function fetchNow(deps: Needs, { downloadId }: Payload, context: JobContext): Promise<void> {
  await work(deps, downloadId, context, true, () => null);
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

/** Where a run of yt-dlp ends that does not bring its video: elsewhere, or nowhere once it was deleted. */
type Turn = { to: "long lane"; reason: string } | { to: "failure"; error: AppError } | { to: "nowhere" };
type Expected = Pick<SiteInfo, "sizeBytes" | "durationSeconds">;
type Decide = (download: Running, facts: Expected) => Turn | null;

async function work(
  deps: Needs,
  downloadId: string,
  context: JobContext,
  resume: boolean,
  decide: Decide,
): Promise<void> {
  const download = begin(deps, downloadId, resume);
  if (!download) return removeWorkFolder(workRoot(deps), downloadId);
  const stop = new AbortController();
  let turn: Turn | null = null;
  const take = (next: Turn | null): "go on" | "stop" => {
    turn ??= next;
    if (turn) stop.abort();
    return turn ? "stop" : "go on";
  };
  const deaf = deps.events.on("video.deleted", ({ videoId }) => {
    if (videoId === download.videoId) take({ to: "nowhere" });
  });
  try {
    const free = await freeBytes(deps);
    const judge = (facts: Expected): Turn | null =>
      hasRoom(free, facts.sizeBytes) ? decide(download, facts) : { to: "failure", error: storageFull() };
    const startedAt = performance.now();
    const { file, info } = await fetchVideo(deps, {
      url: new URL(download.url),
      folder: await keepWorkFolder(workRoot(deps), download.id),
      signal: AbortSignal.any([context.signal, stop.signal]),
      resume,
      decide(found) {
        const answer = take(judge(found));
        if (answer === "go on") beginFetching(deps, download, found);
        return answer;
      },
      onProgress: watchSize(judge, take, (progress) => showProgress(deps, download, progress)),
    });
    failpoint("downloaded");
    if (file) handOver(deps, download, file, info, performance.now() - startedAt);
    else if (info.entries) becomePlaylist(deps, download, info);
    else await follow(deps, download, turn);
  } catch (error) {
    if (turn && !context.signal.aborted) await follow(deps, download, turn);
    else await whatNow(deps, download, error, context);
  } finally {
    deaf();
  }
}

/** Plain files tell their size with the first bytes only: then the route is judged once more. */
function watchSize(
  judge: (facts: Expected) => Turn | null,
  take: (turn: Turn | null) => unknown,
  show: (progress: SiteProgress) => void,
): (progress: SiteProgress) => void {
  let judged = false;
  return (progress) => {
    show(progress);
    if (judged || progress.bytesTotal === null) return;
    judged = true;
    take(judge({ sizeBytes: progress.bytesTotal, durationSeconds: null }));
  };
}

async function follow(deps: Needs, download: Running, turn: Turn | null): Promise<void> {
  if (turn?.to === "long lane") moveToLongLane(deps, download, turn.reason);
  else if (turn?.to === "failure") throw new PermanentFailure(turn.error.message, { cause: turn.error });
  else await removeWorkFolder(workRoot(deps), download.id);
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

function takeRoute(deps: Needs, download: Running, facts: Expected): Turn | null {
  const { config, db, now } = deps;
  const route = planRoute({
    ...facts,
    bytesPerSecond: measuredThroughput(db),
    thresholdMinutes: config.downloads.threshold_minutes,
  });
  changeDownloadFrom(db, download.id, ["probing", "fetching"], {
    laneReason: route.reason,
    updatedAt: now(),
  });
  return route.lane === "long" ? { to: "long lane", reason: route.reason } : null;
}

/** What the site says is known; from here the bytes come. */
function beginFetching(deps: Needs, download: Running, info: SiteInfo): void {
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
function handOver(deps: Needs, download: Running, file: FetchedFile, info: SiteInfo, tookMs: number): void {
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
