import { and, desc, eq, inArray, lt, lte, ne, sql } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { prepared } from "../../db/prepared.ts";
import { uploads } from "../../db/schema.ts";
import type { UploadState } from "../../db/schema.ts";

export type Upload = typeof uploads.$inferSelect;

const statements = prepared((db) => ({
  upload: db
    .select()
    .from(uploads)
    .where(eq(uploads.id, sql.placeholder("id")))
    .prepare(),
}));

export function findUpload(db: Database, id: string): Upload | null {
  return statements(db).upload.get({ id }) ?? null;
}

/** One person's that can be gone on with or were, newest first; `beforeSeq` is where the page before ended. */
export function pageOfUploads(
  db: Database,
  userId: string,
  limit: number,
  beforeSeq: number | null,
): Upload[] {
  const whose = and(eq(uploads.userId, userId), ne(uploads.way, "once"));
  return db
    .select()
    .from(uploads)
    .where(beforeSeq === null ? whose : and(whose, lt(uploads.seq, beforeSeq)))
    .orderBy(desc(uploads.seq))
    .limit(limit)
    .all();
}

/** One person's that can be gone on with, newest first. */
export function unfinishedUploadsOf(db: Database, userId: string, limit: number): Upload[] {
  const isUnfinished = and(eq(uploads.state, "receiving"), ne(uploads.way, "once"));
  return db
    .select()
    .from(uploads)
    .where(and(eq(uploads.userId, userId), isUnfinished))
    .orderBy(desc(uploads.seq))
    .limit(limit)
    .all();
}

/** All of one person's of which bytes are missing. */
export function receivingUploadsOf(db: Database, userId: string): Upload[] {
  const isReceiving = eq(uploads.state, "receiving");
  return db
    .select()
    .from(uploads)
    .where(and(eq(uploads.userId, userId), isReceiving))
    .all();
}

export function insertUpload(db: Database, upload: typeof uploads.$inferInsert): void {
  db.insert(uploads).values(upload).run();
}

/** Changes an upload only while it is in one of the given states; says whether it was. */
export function changeUploadFrom(
  db: Database,
  id: string,
  from: readonly UploadState[],
  change: Partial<Omit<Upload, "id" | "seq">>,
): boolean {
  return (
    db
      .update(uploads)
      .set(change)
      .where(and(eq(uploads.id, id), inArray(uploads.state, [...from])))
      .run().changes > 0
  );
}

export function deleteUpload(db: Database, id: string): void {
  db.delete(uploads).where(eq(uploads.id, id)).run();
}

export function receivingUploads(db: Database): Upload[] {
  return db.select().from(uploads).where(eq(uploads.state, "receiving")).all();
}

/** Those that nobody goes on with, and what is over and was seen. */
export function expiredUploads(db: Database, now: number): string[] {
  const rows = db.select({ id: uploads.id }).from(uploads).where(lte(uploads.expiresAt, now)).all();
  return rows.map(({ id }) => id);
}
