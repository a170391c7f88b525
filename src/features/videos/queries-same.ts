import { sql } from "drizzle-orm";
import type { Database } from "../../db/open.ts";

export interface SameFile {
  /** Of the video that came later. */
  id: string;
  /** The oldest one with the same file. */
  sameId: string;
  sameTitle: string;
}

/** The newest video that came as a file of this name and size; null sees everything. */
export function findByFilename(
  db: Database,
  filename: string,
  sizeBytes: number,
  visibleTo: string | null,
): { id: string; title: string } | null {
  const seen = visibleTo === null ? sql`TRUE` : sql`(visibility = 'library' OR owner_id = ${visibleTo})`;
  const rows = db.all<{ id: string; title: string }>(sql`SELECT id, title FROM videos
    WHERE filename = ${filename} AND size_bytes = ${sizeBytes} AND state IN ('PROCESSING', 'READY') AND ${seen}
    ORDER BY seq DESC LIMIT 1`);
  return rows[0] ?? null;
}

/**
 * Which of these ready videos hold the very file that an older ready one holds, of those that this person may see; null
 * sees everything. One look into the index of checksums for each.
 */
export function findSameFiles(db: Database, ids: readonly string[], visibleTo: string | null): SameFile[] {
  const seen =
    visibleTo === null ? sql`TRUE` : sql`(older.visibility = 'library' OR older.owner_id = ${visibleTo})`;
  return db.all(sql`SELECT later.id AS id, same.id AS sameId, same.title AS sameTitle
    FROM videos later JOIN videos same ON same.seq = (SELECT min(older.seq) FROM videos older
      WHERE older.sha256 = later.sha256 AND older.seq < later.seq AND older.state = 'READY' AND ${seen})
    WHERE later.id IN (SELECT value FROM json_each(${JSON.stringify(ids)})) AND later.state = 'READY'`);
}
