import { and, asc, eq, gt, lte } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { fileRemovals, storedTables, videos } from "../../db/schema.ts";
import type { StoredFile } from "../../db/schema.ts";

export type StoredBytes = Pick<StoredFile, "storage" | "key">;

export function insertRemovals(
  db: Database,
  removals: readonly StoredBytes[],
  now: number,
  notBefore = 0,
): void {
  if (removals.length === 0) return;
  db.insert(fileRemovals)
    .values(removals.map(({ storage, key }) => ({ storage, key, createdAt: now, notBefore })))
    .run();
}

export function dueRemovals(
  db: Database,
  now: number,
  afterId: number,
  limit: number,
): (typeof fileRemovals.$inferSelect)[] {
  const isDue = and(gt(fileRemovals.id, afterId), lte(fileRemovals.notBefore, now));
  const rows = db.select().from(fileRemovals).where(isDue);
  return rows.orderBy(asc(fileRemovals.id)).limit(limit).all();
}

export function findRemoval(db: Database, id: number): typeof fileRemovals.$inferSelect | null {
  return db.select().from(fileRemovals).where(eq(fileRemovals.id, id)).get() ?? null;
}

/** When the next of those is due that are kept for a while; null where there is none. */
export function nextRemovalAt(db: Database, now: number): number | null {
  const later = db
    .select({ at: fileRemovals.notBefore })
    .from(fileRemovals)
    .where(gt(fileRemovals.notBefore, now));
  return later.orderBy(asc(fileRemovals.notBefore)).limit(1).get()?.at ?? null;
}

/** They are needed again. */
export function deleteRemovalsOf(db: Database, { storage, key }: StoredBytes): void {
  db.delete(fileRemovals)
    .where(and(eq(fileRemovals.storage, storage), eq(fileRemovals.key, key)))
    .run();
}

export function deleteRemoval(db: Database, id: number): void {
  db.delete(fileRemovals).where(eq(fileRemovals.id, id)).run();
}

/** Whether the bytes of a key are to be removed, now or later. */
export function isToBeRemoved(db: Database, { storage, key }: StoredBytes): boolean {
  const { id, storage: its, key: name } = fileRemovals;
  return (
    db
      .select({ id })
      .from(fileRemovals)
      .where(and(eq(its, storage), eq(name, key)))
      .get() !== undefined
  );
}

/** Whether a row needs the bytes of a key; "perhaps" while its video is being made ready. */
export function useOfKey(db: Database, { storage, key }: StoredBytes): "row" | "perhaps" | "none" {
  const named = storedTables.some(
    (table) =>
      db
        .select({ key: table.key })
        .from(table)
        .where(and(eq(table.storage, storage), eq(table.key, key)))
        .get() !== undefined,
  );
  if (named) return "row";
  const [, videoId = ""] = key.split("/");
  const video = db.select({ state: videos.state }).from(videos).where(eq(videos.id, videoId)).get();
  return video?.state === "PROCESSING" ? "perhaps" : "none";
}
