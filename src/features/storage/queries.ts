import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { files, imageFiles, storedTables, videos } from "../../db/schema.ts";
import type { StorageName, VideoState } from "../../db/schema.ts";

/** What a row says of stored bytes. */
export interface StoredRow {
  key: string;
  sizeBytes: number;
}

const pageSize = 1000;

/** All that rows say is in a storage, in the order of the keys' bytes. Others may write between the pages. */
export function* storedIn(db: Database, storage: StorageName): Generator<StoredRow> {
  for (let after = ""; ;) {
    const page = pageOfStored(db, storage, after);
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    after = last.key;
  }
}

/** Each table is read along its index: SQLite merges them as they come. */
function pageOfStored(db: Database, storage: StorageName, after: string): StoredRow[] {
  const selects = storedTables.map(
    (table) =>
      sql`SELECT key, size_bytes AS sizeBytes FROM ${table} WHERE storage = ${storage} AND key > ${after}`,
  );
  return db.all(sql`${sql.join(selects, sql` UNION ALL `)} ORDER BY key LIMIT ${pageSize}`);
}

/** What the bytes of a key are, for people. */
export type Named =
  | { of: "video"; id: string; title: string; state: VideoState; kind: string }
  | { of: "image"; id: string; title: string; kind: string };

export function whatIs(db: Database, storage: StorageName, key: string): Named | null {
  const video = db
    .select({ id: videos.id, title: videos.title, state: videos.state, kind: files.kind })
    .from(files)
    .innerJoin(videos, eq(videos.id, files.videoId))
    .where(and(eq(files.storage, storage), eq(files.key, key)))
    .get();
  if (video) return { of: "video", ...video };
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
