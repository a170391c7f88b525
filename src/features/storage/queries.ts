import { and, desc, eq, sql } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { files, imageFiles, storageMoves, storedTables, uploads, videos } from "../../db/schema.ts";
import type { StorageMove, StorageName, VideoState } from "../../db/schema.ts";

/** What a row says of stored bytes. */
export interface StoredRow {
  key: string;
  sizeBytes: number;
  sha256: string;
}

const pageSize = 1000;

/** All that rows say is in a storage, in the order of the keys' bytes. Others may write between the pages. */
export function* storedIn(db: Database, storage: StorageName): Generator<StoredRow> {
  for (let after = ""; ;) {
    const page = pageOfStored(db, storage, after, pageSize);
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    after = last.key;
  }
}

/** Each table is read along its index: SQLite merges them as they come. */
export function pageOfStored(db: Database, storage: StorageName, after: string, limit: number): StoredRow[] {
  const selects = storedTables.map(
    (table) =>
      sql`SELECT key, size_bytes AS sizeBytes, sha256 FROM ${table} WHERE storage = ${storage} AND key > ${after}`,
  );
  return db.all(sql`${sql.join(selects, sql` UNION ALL `)} ORDER BY key LIMIT ${limit}`);
}

/** What the bytes of a key are, for people. */
export type Named =
  | { of: "video"; id: string; title: string; state: VideoState; kind: string }
  | { of: "image"; id: string; title: string; kind: string };

export function whatIs(db: Database, storage: StorageName, key: string): Named | null {
  const video = db
    .select({ id: videos.id, title: videos.title, state: videos.state, kind: files.kind, n: files.n })
    .from(files)
    .innerJoin(videos, eq(videos.id, files.videoId))
    .where(and(eq(files.storage, storage), eq(files.key, key)))
    .get();
  if (video) {
    const { n, ...rest } = video;
    // The one that its owner sent, and that can't be taken from the video.
    const isOwn = rest.kind === "thumbnail" && n === 0;
    return { of: "video", ...rest, kind: isOwn ? "picture of one's own" : rest.kind };
  }
  const image = db
    .select({ id: imageFiles.imageId, width: imageFiles.width })
    .from(imageFiles)
    .where(and(eq(imageFiles.storage, storage), eq(imageFiles.key, key)))
    .get();
  return image
    ? { of: "image", id: image.id, title: "", kind: image.width === 0 ? "image" : "thumbnail" }
    : null;
}

export function originalOf(db: Database, videoId: string): { storage: StorageName; key: string } | null {
  const where = and(eq(files.videoId, videoId), eq(files.kind, "original"));
  return db.select({ storage: files.storage, key: files.key }).from(files).where(where).get() ?? null;
}

/** How much rows say is in a storage. */
export function measureStored(db: Database, storage: StorageName): { files: number; bytes: number } {
  const selects = storedTables.map(
    (table) => sql`SELECT size_bytes FROM ${table} WHERE storage = ${storage}`,
  );
  return db.get(sql`SELECT count(*) AS files, coalesce(sum(size_bytes), 0) AS bytes
    FROM (${sql.join(selects, sql` UNION ALL `)})`);
}

/** Says that bytes are in another storage now; false where their row is gone or of other bytes meanwhile. */
export function switchStorage(
  db: Database,
  { key, sha256 }: StoredRow,
  from: StorageName,
  to: StorageName,
): boolean {
  return storedTables.some(
    (table) =>
      db.run(
        sql`UPDATE ${table} SET storage = ${to} WHERE storage = ${from} AND key = ${key} AND sha256 = ${sha256}`,
      ).changes > 0,
  );
}

export function insertMove(db: Database, target: StorageName, now: number): StorageMove {
  const row = { target, state: "running", startedAt: now, updatedAt: now } as const;
  return db.insert(storageMoves).values(row).returning().get();
}

export function findMove(db: Database, id: number): StorageMove | null {
  return db.select().from(storageMoves).where(eq(storageMoves.id, id)).get() ?? null;
}

export function newestMove(db: Database): StorageMove | null {
  return db.select().from(storageMoves).orderBy(desc(storageMoves.id)).limit(1).get() ?? null;
}

/** Only while it runs: what was stopped stays so. */
export function changeMove(db: Database, id: number, change: Partial<StorageMove>): boolean {
  const stillRuns = and(eq(storageMoves.id, id), eq(storageMoves.state, "running"));
  return db.update(storageMoves).set(change).where(stillRuns).run().changes > 0;
}

export function countMoved(db: Database, id: number, sizeBytes: number, now: number): void {
  db.run(sql`UPDATE ${storageMoves} SET files_moved = files_moved + 1, bytes_moved = bytes_moved + ${sizeBytes},
    updated_at = ${now} WHERE id = ${id}`);
}

export function countFailed(db: Database, id: number, why: string, now: number): void {
  db.run(sql`UPDATE ${storageMoves} SET files_failed = files_failed + 1, last_failure = ${why},
    updated_at = ${now} WHERE id = ${id}`);
}

/** Whether an upload is under way, and what arrived of it is to become a video. */
export function isAwaited(db: Database, uploadId: string): boolean {
  const isComing = and(eq(uploads.id, uploadId), eq(uploads.state, "receiving"));
  return db.select({ id: uploads.id }).from(uploads).where(isComing).get() !== undefined;
}
