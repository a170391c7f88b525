import type { z } from "zod";
import type { Deps } from "../../../deps.ts";
import { removeWorkFolder } from "../../../exec/work-folder.ts";
import type { SiteInfo, SiteProgress } from "../../../exec/ytdlp/output.ts";
import { dataFolder } from "../../../lib/data-folder.ts";
import { readOptions } from "../../../lib/download-options.ts";
import type { AppError } from "../../../lib/errors.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { PermanentFailure } from "../../../queue/job.ts";
import type { JobContext } from "../../../queue/job.ts";
import { freeBytes, hasRoom, storageFull } from "../../../storage/free-space.ts";
import { fetchForDownload } from "./attempt.ts";
import type { probeJob } from "../jobs.ts";
import { beginFetching, handOver, moveToLongLane, whatNow } from "./outcomes.ts";
import type { Running } from "./outcomes.ts";
import { siteOf } from "./plan.ts";
import { expandPlaylist, wantedOfPlaylist } from "./playlist.ts";
import { changeDownloadFrom, findDownload, unfinishedDownloadIds } from "../queries.ts";
import { settleInterrupted } from "../gates/queries.ts";
import { estimateDownload, noteSuccess } from "./sites.ts";

type Payload = z.infer<typeof probeJob.payload>;
type Needs = Pick<Deps, "config" | "db" | "egress" | "events" | "log" | "now" | "queue" | "tools">;

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

/** Before the first job of a new start: nothing is at work yet, whatever a crash left in the rows. */
export function settleDownloads({ db }: Pick<Deps, "db">): void {
  settleInterrupted(db);
}

/** The work folders that a restart must leave alone. */
export function workFoldersInUse({ db }: Pick<Deps, "db">): Set<string> {
  return new Set(unfinishedDownloadIds(db));
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
    const free = freeBytes(deps);
    const judge = (facts: Expected): Turn | null =>
      hasRoom(free, facts.sizeBytes) ? decide(download, facts) : { to: "failure", error: storageFull() };
    const startedAt = performance.now();
    const { file, info } = await fetchForDownload(deps, download.id, context, {
      url: new URL(download.url),
      options: readOptions(download.options),
      signal: AbortSignal.any([context.signal, stop.signal]),
      resume,
      ...wantedOfPlaylist(download),
      decide(found) {
        const answer = take(judge(found));
        if (answer === "go on") beginFetching(deps, download, found);
        return answer;
      },
      onProgress: watchSize(judge, take, (progress) => showProgress(deps, download, progress)),
    });
    failpoint("downloaded");
    const tookMs = performance.now() - startedAt;
    if (file) {
      const took = { bytes: file.sizeBytes, seconds: tookMs / 1000 };
      // What is taken up was fetched in part before: it would look faster than it is.
      noteSuccess(deps, siteOf(new URL(download.url)), resume ? null : took);
    }
    if (file) handOver(deps, download, file, info, tookMs);
    else if (info.entries) await becomePlaylist(deps, download, info, context.signal);
    else await follow(deps, download, turn);
  } catch (error) {
    if (turn && !context.signal.aborted) await follow(deps, download, turn);
    else await whatNow(deps, download, error, context);
  } finally {
    deaf();
    // Deleted when there was nothing left to stop: no job comes after this one to clear up.
    if (!findDownload(deps.db, download.id)) await removeWorkFolder(workRoot(deps), download.id);
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
  const { forceLong } = download;
  const estimate = estimateDownload(deps, siteOf(new URL(download.url)), { ...facts, forceLong });
  const { lane, reason, bytes, seconds } = estimate;
  changeDownloadFrom(deps.db, download.id, ["probing", "fetching"], {
    laneReason: reason,
    estimatedBytes: bytes,
    estimatedSeconds: seconds,
    updatedAt: deps.now(),
  });
  return lane === "long" ? { to: "long lane", reason } : null;
}

function showProgress({ events }: Needs, download: Running, progress: SiteProgress): void {
  events.progress(download.videoId, download.userId, { stage: "Downloading", ...progress });
}

async function becomePlaylist(
  deps: Needs,
  download: Running,
  info: SiteInfo,
  signal: AbortSignal,
): Promise<void> {
  await expandPlaylist(deps, download, info, signal);
  await removeWorkFolder(workRoot(deps), download.id);
}

function workRoot({ config }: Pick<Deps, "config">): string {
  return dataFolder.work(config.data.dir);
}
