import { z } from "zod";
import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError, canPassLater } from "../../../lib/errors.ts";
import { parseInput } from "../../../lib/parse-input.ts";
import { getUser } from "../../accounts/accounts.ts";
import {
  addPendingVideo,
  canAdd,
  canSeeAll,
  discardVideo,
  reopenVideo,
  wishesFor,
} from "../../videos/videos.ts";
import { failureOf, getDownload, maySteer, noSuchDownload } from "../downloads.ts";
import type { DownloadItem } from "../item.ts";
import { fetchJob, probeJob } from "../jobs.ts";
import { changeDownloadFrom, findDownloadOfVideo, findDownloadRow } from "../queries.ts";
import { mayNotAdd, pendingVideo, queueProbe } from "../start.ts";

/** Stops it wherever it is; its video leaves the shelf and its partial files the disk. */
export function cancelDownload(deps: Steering, user: User, id: string): DownloadItem {
  const { db, queue, now, events } = deps;
  const row = findDownloadRow(db, id);
  if (!row || !maySteer(user, row.download)) throw noSuchDownload();
  const { download } = row;
  const wishes = download.videoId ? wishesFor(deps, download.videoId) : download.wishes;
  db.transaction(() => {
    const changed =
      row.state !== "done" &&
      row.state !== "failed" &&
      changeDownloadFrom(db, id, ["waiting", "probing", "fetching", "ingesting"], {
        state: "cancelled",
        pausedAt: null,
        videoId: null,
        wishes,
        title: row.video?.title ?? download.title,
        finishedAt: now(),
        updatedAt: now(),
      });
    if (!changed) throw new AppError("conflict", "This download is over already.");
    queue.cancel(probeJob, id);
    queue.cancel(fetchJob, id);
    if (download.videoId) discardVideo(deps, download.videoId);
  });
  if (download.videoId)
    events.emit("video.deleted", {
      videoId: download.videoId,
      userId: download.userId,
      wasPrivate: wishes?.visibility === "private",
    });
  events.emit("download.changed", { downloadId: id, userId: download.userId });
  return getDownload(deps, user, id);
}

/** Starts a failed or cancelled download again; `conflict` where it would only fail in the same way. */
export function retryDownload(
  deps: Pick<Deps, "db" | "queue" | "now" | "config" | "events">,
  user: User,
  id: string,
): DownloadItem {
  const { db, now, events } = deps;
  const row = findDownloadRow(db, id);
  if (!row || !maySteer(user, row.download)) throw noSuchDownload();
  if (!canAdd(user)) throw mayNotAdd();
  if (row.state !== "failed" && row.state !== "cancelled") {
    throw new AppError("conflict", "This download did not fail.", {
      hint: "Cancel it first to start it again.",
    });
  }
  if (row.state === "failed" && !canPassLater(failureOf(row).errorCode ?? "")) throw wouldFailAgain();
  const { download } = row;
  db.transaction(() => {
    // Whoever starts it again: it is of the person who asked for it.
    const owner = getUser(deps, download.userId);
    const videoId =
      download.videoId ??
      addPendingVideo(
        deps,
        owner,
        pendingVideo(new URL(download.url), {
          title: download.title,
          ...(download.wishes ?? { tags: [], visibility: deps.config.downloads.visibility }),
        }),
      );
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

function wouldFailAgain(): AppError {
  return new AppError("conflict", "This download would fail again in the same way.", {
    hint: "Send the file itself, or start a new download where something else is at the address by now.",
  });
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

/** Sets one aside: what runs is stopped and keeps what is there of its file, and its place in the queue. */
export function pauseDownload(deps: Steering, user: User, id: string): DownloadItem {
  const { db, queue, now, events } = deps;
  const { download } = findOwn(deps, user, id);
  db.transaction(() => {
    const paused = { pausedAt: download.pausedAt ?? now(), updatedAt: now() };
    if (!changeDownloadFrom(db, id, inQueue, paused)) throw notInQueue();
    queue.hold(probeJob, [id]);
    queue.hold(fetchJob, [id]);
  });
  events.emit("download.changed", { downloadId: id, userId: download.userId });
  return getDownload(deps, user, id);
}

/** Lets it go on, with what is there of its file. */
export function resumeDownload(deps: Steering, user: User, id: string): DownloadItem {
  const { db, queue, now, events } = deps;
  const { download } = findOwn(deps, user, id);
  db.transaction(() => {
    if (!changeDownloadFrom(db, id, inQueue, { pausedAt: null, updatedAt: now() })) throw notInQueue();
    queue.release(probeJob, [id]);
    queue.release(fetchJob, [id]);
  });
  events.emit("download.changed", { downloadId: id, userId: download.userId });
  return getDownload(deps, user, id);
}

const moveSchema = z.object({
  to: z.enum(["top", "up", "down"], "Choose top, up or down.").optional(),
  priority: z.coerce.number().int().min(-100).max(100).optional(),
});

/**
 * Changes its place among those of the same person and lane. A priority goes before everybody's others, and is
 * for admins to give.
 */
export function moveDownload(deps: Steering, user: User, id: string, input: unknown): DownloadItem {
  const { db, queue, now, events } = deps;
  const { to, priority } = parseInput(moveSchema, input);
  const { download } = findOwn(deps, user, id);
  if (priority !== undefined && !canSeeAll(user)) {
    throw new AppError("not_allowed", "Only admins put a download before everybody's others.");
  }
  db.transaction(() => {
    const change = { updatedAt: now(), ...(priority === undefined ? {} : { priority }) };
    if (!changeDownloadFrom(db, id, ["waiting"], change)) throw notInQueue();
    for (const job of [probeJob, fetchJob]) {
      if (priority !== undefined) queue.setPriority(job, id, priority);
      if (to) queue.move(job, id, to);
    }
  });
  events.emit("download.changed", { downloadId: id, userId: download.userId });
  return getDownload(deps, user, id);
}

type Steering = Pick<Deps, "config" | "db" | "queue" | "now" | "events">;

const inQueue = ["waiting", "probing", "fetching"] as const;

/** The download, for those who may steer it. */
export function findOwn({ db }: Pick<Deps, "db">, user: User, id: string) {
  const row = findDownloadRow(db, id);
  if (!row || !maySteer(user, row.download)) throw noSuchDownload();
  if (!canAdd(user)) throw mayNotAdd();
  return row;
}

function notInQueue(): AppError {
  return new AppError("conflict", "This download is not in the queue any more.", {
    hint: "It is done, or over for another reason.",
  });
}

const cleared = {
  pausedAt: null,
  errorCode: null,
  errorMessage: null,
  errorHint: null,
  laneReason: "",
  finishedAt: null,
} as const;
