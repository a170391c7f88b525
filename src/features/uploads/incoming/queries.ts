import { and, count, desc, eq, getTableColumns, lt, ne, sql } from "drizzle-orm";
import type { Database } from "../../../db/open.ts";
import { incomingObjects, videos } from "../../../db/schema.ts";
import type { IncomingState, VideoState } from "../../../db/schema.ts";
import type { IncomingObject } from "../../../storage/incoming.ts";

export type IncomingRow = typeof incomingObjects.$inferSelect;

/** The row of just what is there now: what is put under the same name later has one of its own. */
export function findIncomingOf(db: Database, { key, etag, modifiedAt }: IncomingObject): IncomingRow | null {
  const { key: named, etag: tagged, modifiedAt: at } = incomingObjects;
  const where = and(eq(named, key), eq(tagged, etag), eq(at, modifiedAt));
  return db.select().from(incomingObjects).where(where).get() ?? null;
}

export function findIncoming(db: Database, id: string): IncomingRow | null {
  return db.select().from(incomingObjects).where(eq(incomingObjects.id, id)).get() ?? null;
}

export function insertIncoming(db: Database, row: typeof incomingObjects.$inferInsert): void {
  db.insert(incomingObjects).values(row).run();
}

/** Changes a row only while it is in the given state; says whether it was. */
export function changeIncomingFrom(
  db: Database,
  id: string,
  from: IncomingState,
  change: Partial<Omit<IncomingRow, "id">>,
): boolean {
  const stillIs = and(eq(incomingObjects.id, id), eq(incomingObjects.state, from));
  return db.update(incomingObjects).set(change).where(stillIs).run().changes > 0;
}

export function deleteIncoming(db: Database, id: string): void {
  db.delete(incomingObjects).where(eq(incomingObjects.id, id)).run();
}

export interface TakenRow extends IncomingRow {
  /** Null where the video was deleted. */
  video: { state: VideoState; code: string | null; message: string | null; hint: string | null } | null;
}

/** What became videos, and how far those are. */
export function takenIncoming(db: Database): TakenRow[] {
  const { state, errorCode: code, errorMessage: message, errorHint: hint } = videos;
  return db
    .select({ row: incomingObjects, video: { state, code, message, hint } })
    .from(incomingObjects)
    .leftJoin(videos, eq(videos.id, incomingObjects.videoId))
    .where(eq(incomingObjects.state, "taken"))
    .all()
    .map(({ row, video }) => ({ ...row, video }));
}

export function isTaken(db: Database, videoId: string): boolean {
  const where = and(eq(incomingObjects.videoId, videoId), eq(incomingObjects.state, "taken"));
  return db.select({ id: incomingObjects.id }).from(incomingObjects).where(where).get() !== undefined;
}

/** Of what became no video, as far as it is known since before a time. */
export function leftBefore(db: Database, time: number): string[] {
  const where = and(ne(incomingObjects.state, "taken"), lt(incomingObjects.updatedAt, time));
  const rows = db.select({ id: incomingObjects.id }).from(incomingObjects).where(where).all();
  return rows.map(({ id }) => id);
}

/** In the order in which they were found; the table has no number of its own for it. */
const rowid = sql<number>`"incoming_objects"."rowid"`;

/** Those that were refused, newest first, after the row with the number `before`. */
export function pageOfRefused(
  db: Database,
  limit: number,
  before: number | null,
): (IncomingRow & { rowid: number })[] {
  return db
    .select({ ...getTableColumns(incomingObjects), rowid })
    .from(incomingObjects)
    .where(and(isRefused, before === null ? undefined : lt(rowid, before)))
    .orderBy(desc(rowid))
    .limit(limit)
    .all();
}

export function countRefused(db: Database): number {
  return db.select({ n: count() }).from(incomingObjects).where(isRefused).get()?.n ?? 0;
}

const isRefused = eq(incomingObjects.state, "refused");
