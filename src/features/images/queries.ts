import { and, asc, count, desc, eq, inArray, lt, sql } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { prepared } from "../../db/prepared.ts";
import { fileRemovals, imageFiles, images } from "../../db/schema.ts";

export type Image = typeof images.$inferSelect;
export type NewImage = typeof images.$inferInsert;
export type ImageFile = typeof imageFiles.$inferSelect;

export interface ImageRow {
  image: Image;
  /** By their width. */
  files: Pick<ImageFile, "width" | "key">[];
}

const statements = prepared((db) => ({
  image: db
    .select()
    .from(images)
    .where(eq(images.id, sql.placeholder("id")))
    .prepare(),
  file: db
    .select()
    .from(imageFiles)
    .where(
      and(eq(imageFiles.imageId, sql.placeholder("imageId")), eq(imageFiles.width, sql.placeholder("width"))),
    )
    .prepare(),
}));

export function findImage(db: Database, id: string): Image | null {
  return statements(db).image.get({ id }) ?? null;
}

export function findImageFile(db: Database, imageId: string, width: number): ImageFile | null {
  return statements(db).file.get({ imageId, width }) ?? null;
}

export function findImageRow(db: Database, id: string): ImageRow | null {
  const image = findImage(db, id);
  return image && { image, files: withFiles(db, [image])[0]?.files ?? [] };
}

/** The same bytes, sent by the same person before. */
export function findImageBySum(db: Database, ownerId: string, sha256: string): Image | null {
  const same = and(eq(images.ownerId, ownerId), eq(images.sha256, sha256));
  return db.select().from(images).where(same).get() ?? null;
}

/** Newest first; `beforeSeq` is where the page before ended. */
export function pageOfImages(
  db: Database,
  ownerId: string,
  limit: number,
  beforeSeq: number | null,
): ImageRow[] {
  const page = beforeSeq === null ? undefined : lt(images.seq, beforeSeq);
  const rows = db
    .select()
    .from(images)
    .where(and(eq(images.ownerId, ownerId), page))
    .orderBy(desc(images.seq))
    .limit(limit)
    .all();
  return withFiles(db, rows);
}

export function insertImage(db: Database, image: NewImage, files: (typeof imageFiles.$inferInsert)[]): void {
  db.insert(images).values(image).run();
  db.insert(imageFiles).values(files).run();
}

export function filesOfImage(db: Database, imageId: string): ImageFile[] {
  return db.select().from(imageFiles).where(eq(imageFiles.imageId, imageId)).all();
}

export function deleteImageRow(db: Database, id: string): void {
  db.delete(images).where(eq(images.id, id)).run();
}

/** How many each of these people has; who has none is not in it. */
export function countImagesByOwner(db: Database, ownerIds: readonly string[]): Map<string, number> {
  const rows = db
    .select({ ownerId: images.ownerId, n: count() })
    .from(images)
    .where(inArray(images.ownerId, [...ownerIds]))
    .groupBy(images.ownerId)
    .all();
  return new Map(rows.map(({ ownerId, n }) => [ownerId, n]));
}

/** How many there were. */
export function changeImagesOwner(db: Database, from: string, to: string): number {
  return db.update(images).set({ ownerId: to }).where(eq(images.ownerId, from)).run().changes;
}

/** All rows go, and the bytes of their files are to be removed. How many there were. */
export function deleteImagesOfOwner(db: Database, ownerId: string, now: number): number {
  db.run(sql`INSERT INTO ${fileRemovals} (storage, key, created_at)
    SELECT image_files.storage, image_files.key, ${now} FROM image_files
    JOIN images ON images.id = image_files.image_id WHERE images.owner_id = ${ownerId}`);
  return db.delete(images).where(eq(images.ownerId, ownerId)).run().changes;
}

function withFiles(db: Database, rows: Image[]): ImageRow[] {
  const ids = rows.map(({ id }) => id);
  const { imageId, width, key } = imageFiles;
  const files = db
    .select({ imageId, width, key })
    .from(imageFiles)
    .where(inArray(imageId, ids))
    .orderBy(asc(width))
    .all();
  const filesOf = Map.groupBy(files, (file) => file.imageId);
  return rows.map((image) => ({ image, files: filesOf.get(image.id) ?? [] }));
}
