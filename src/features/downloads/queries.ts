import { and, desc, eq, inArray, lt, or, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { downloads, files, videos } from "../../db/schema.ts";
import type { Download, DownloadState, VideoState } from "../../db/schema.ts";

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

/** In the order in which they were made. */
export function findDownloadRows(db: Database, ids: readonly string[]): DownloadRow[] {
  return selectRows(db, inArray(downloads.id, [...ids]), -1).reverse();
}

/** The downloads that a playlist brought, in its order. */
export function childrenOf(db: Database, parentId: string): DownloadRow[] {
  return selectRows(db, eq(downloads.parentId, parentId), -1).reverse();
}

/** The addresses of the downloads that a playlist brought so far. */
export function urlsOfChildren(db: Database, parentId: string): Set<string> {
  const rows = db
    .select({ url: downloads.url })
    .from(downloads)
    .where(eq(downloads.parentId, parentId))
    .all();
  return new Set(rows.map(({ url }) => url));
}

/** Those of a playlist's downloads that have not begun. */
export function unstartedChildren(db: Database, parentId: string): Pick<Download, "id" | "videoId">[] {
  return db
    .select({ id: downloads.id, videoId: downloads.videoId })
    .from(downloads)
    .where(and(eq(downloads.parentId, parentId), eq(downloads.state, "waiting")))
    .all();
}

/** Newest first. `userId` null means everybody's. */
export function pageOfDownloads(
  db: Database,
  filter: { userId: string | null; states?: readonly DownloadState[] },
  limit: number,
  beforeSeq: number | null,
): DownloadRow[] {
  const { userId, states } = filter;
  if (states) {
    const parts = states.flatMap((state) =>
      waysTo[state].map((way) => newest(way, userId, limit, beforeSeq)),
    );
    return selectRows(db, sql`downloads.seq IN (${sql.join(parts, sql` UNION ALL `)})`, limit);
  }
  return selectRows(
    db,
    and(
      userId === null ? undefined : eq(downloads.userId, userId),
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
  const counts = states.flatMap((state) =>
    waysTo[state].map((way) => sql`(SELECT count(*) FROM ${way} ${ofUser(userId)})`),
  );
  return db.get<{ count: number }>(sql`SELECT ${sql.join(counts, sql` + `)} AS count`).count;
}

/**
 * How to get to all downloads in a present state along an index: the same as `presentState` says of each,
 * from the other end. Looking at every download for it takes half a second where there are 100,000.
 */
const waysTo: Record<DownloadState, SQL[]> = {
  waiting: [inOwnState("waiting")],
  probing: [inOwnState("probing")],
  fetching: [inOwnState("fetching")],
  cancelled: [inOwnState("cancelled")],
  ingesting: [throughVideos("PROCESSING")],
  failed: [inOwnState("failed"), throughVideos("FAILED")],
  // Nearly all are: walking along the downloads finds the newest at once.
  done: [
    inOwnState("done"),
    sql`downloads d CROSS JOIN videos v ON v.id = d.video_id WHERE d.state = 'ingesting' AND v.state = 'READY'`,
  ],
};

function inOwnState(state: DownloadState): SQL {
  return sql`downloads d WHERE d.state = ${state}`;
}

/** From the few videos in that state, which CROSS JOIN makes SQLite begin with. */
function throughVideos(state: VideoState): SQL {
  return sql`videos v CROSS JOIN downloads d ON d.video_id = v.id WHERE v.state = ${state} AND d.state = 'ingesting'`;
}

function ofUser(userId: string | null): SQL {
  return userId === null ? sql`` : sql`AND d.user_id = ${userId}`;
}

function newest(way: SQL, userId: string | null, limit: number, beforeSeq: number | null): SQL {
  const older = beforeSeq === null ? sql`` : sql`AND d.seq < ${beforeSeq}`;
  return sql`SELECT seq FROM (SELECT d.seq FROM ${way} ${ofUser(userId)} ${older} ORDER BY d.seq DESC LIMIT ${limit})`;
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

/** The ids of those that were changed. */
export function changeDownloader(db: Database, from: string, to: string, now: number): string[] {
  const change = { userId: to, updatedAt: now };
  const changed = db.update(downloads).set(change).where(eq(downloads.userId, from));
  return changed
    .returning({ id: downloads.id })
    .all()
    .map(({ id }) => id);
}

export function deleteDownload(db: Database, id: string): void {
  db.delete(downloads).where(eq(downloads.id, id)).run();
}

/** Those that were there. */
export function deleteDownloadsOf(db: Database, userId: string): Pick<Download, "id" | "state">[] {
  const { id, state } = downloads;
  return db.delete(downloads).where(eq(downloads.userId, userId)).returning({ id, state }).all();
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
