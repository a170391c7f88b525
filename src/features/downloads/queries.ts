import { and, desc, eq, inArray, isNotNull, lt, or, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { downloads, files, videos } from "../../db/schema.ts";
import type { Download, DownloadState } from "../../db/schema.ts";

export interface DownloadRow {
  download: Download;
  /** What became of its video, where it has one. */
  video: {
    title: string;
    errorCode: string | null;
    errorMessage: string | null;
    errorHint: string | null;
    updatedAt: number;
  } | null;
  state: DownloadState;
  thumbnails: number[];
}

/**
 * From the moment its bytes are handed over, a download is as far as its video is: that is read from
 * the video and not kept twice.
 */
const presentState = sql<DownloadState>`CASE
  WHEN ${downloads.state} = 'ingesting' AND ${videos.state} = 'READY' THEN 'done'
  WHEN ${downloads.state} = 'ingesting' AND ${videos.state} = 'FAILED' THEN 'failed'
  ELSE ${downloads.state} END`;

export function findDownload(db: Database, id: string): Download | null {
  return db.select().from(downloads).where(eq(downloads.id, id)).get() ?? null;
}

export function findDownloadOfVideo(db: Database, videoId: string): Download | null {
  return (
    db.select().from(downloads).where(eq(downloads.videoId, videoId)).orderBy(desc(downloads.seq)).get() ??
    null
  );
}

export function findDownloadRow(db: Database, id: string): DownloadRow | null {
  return selectRows(db, eq(downloads.id, id), 1)[0] ?? null;
}

/** The downloads that a playlist brought, in its order. */
export function childrenOf(db: Database, parentId: string): DownloadRow[] {
  return selectRows(db, eq(downloads.parentId, parentId), -1).reverse();
}

/** Newest first. `userId` null means everybody's. */
export function pageOfDownloads(
  db: Database,
  filter: { userId: string | null; states?: readonly DownloadState[] },
  limit: number,
  beforeSeq: number | null,
): DownloadRow[] {
  return selectRows(
    db,
    and(
      filter.userId === null ? undefined : eq(downloads.userId, filter.userId),
      filter.states && inArray(presentState, [...filter.states]),
      beforeSeq === null ? undefined : lt(downloads.seq, beforeSeq),
    ),
    limit,
  );
}

export function countDownloads(
  db: Database,
  userId: string | null,
  states: readonly DownloadState[],
): number {
  return (
    db
      .select({ count: sql<number>`count(*)` })
      .from(downloads)
      .leftJoin(videos, eq(videos.id, downloads.videoId))
      .where(
        and(userId === null ? undefined : eq(downloads.userId, userId), inArray(presentState, [...states])),
      )
      .get()?.count ?? 0
  );
}

export function insertDownload(db: Database, download: typeof downloads.$inferInsert): void {
  db.insert(downloads).values(download).run();
}

/** Changes a download only while it is in one of the given states; says whether it was. */
export function changeDownloadFrom(
  db: Database,
  id: string,
  from: readonly DownloadState[],
  change: Partial<Omit<Download, "id" | "seq">>,
): boolean {
  return (
    db
      .update(downloads)
      .set(change)
      .where(and(eq(downloads.id, id), inArray(downloads.state, [...from])))
      .run().changes > 0
  );
}

/** Bytes per second over the newest downloads; null before the first. */
export function measuredThroughput(db: Database): number | null {
  const newest = db
    .select({ bytes: downloads.fetchedBytes, ms: downloads.fetchMs })
    .from(downloads)
    .where(and(isNotNull(downloads.fetchedBytes), isNotNull(downloads.fetchMs)))
    .orderBy(desc(downloads.seq))
    .limit(20)
    .all();
  const bytes = newest.reduce((sum, row) => sum + (row.bytes ?? 0), 0);
  const ms = newest.reduce((sum, row) => sum + (row.ms ?? 0), 0);
  return bytes > 0 && ms > 0 ? (bytes * 1000) / ms : null;
}

/** Ids whose work folders must stay: downloads that may still go on. */
export function unfinishedDownloadIds(db: Database): string[] {
  return db
    .select({ id: downloads.id })
    .from(downloads)
    .leftJoin(videos, eq(videos.id, downloads.videoId))
    .where(
      or(
        inArray(downloads.state, ["waiting", "probing", "fetching"]),
        and(eq(downloads.state, "ingesting"), inArray(videos.state, ["PENDING", "PROCESSING"])),
      ),
    )
    .all()
    .map((row) => row.id);
}

function selectRows(db: Database, where: SQL | undefined, limit: number): DownloadRow[] {
  const rows = db
    .select({
      download: downloads,
      state: presentState,
      video: {
        title: videos.title,
        errorCode: videos.errorCode,
        errorMessage: videos.errorMessage,
        errorHint: videos.errorHint,
        updatedAt: videos.updatedAt,
      },
    })
    .from(downloads)
    .leftJoin(videos, eq(videos.id, downloads.videoId))
    .where(where)
    .orderBy(desc(downloads.seq))
    .limit(limit)
    .all();
  const pictures = thumbnailsOf(
    db,
    rows.flatMap((row) => row.download.videoId ?? []),
  );
  return rows.map((row) => ({ ...row, thumbnails: pictures.get(row.download.videoId ?? "") ?? [] }));
}

function thumbnailsOf(db: Database, videoIds: string[]): Map<string, number[]> {
  const rows = db
    .select({ videoId: files.videoId, n: files.n })
    .from(files)
    .where(and(inArray(files.videoId, videoIds), eq(files.kind, "thumbnail")))
    .orderBy(files.n)
    .all();
  return new Map(
    [...Map.groupBy(rows, (row) => row.videoId)].map(([id, list]) => [id, list.map((row) => row.n)]),
  );
}
