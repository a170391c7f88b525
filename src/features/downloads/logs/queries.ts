import { eq, sql } from "drizzle-orm";
import type { Database } from "../../../db/open.ts";
import { downloadLogs } from "../../../db/schema.ts";
import type { DownloadLog } from "../../../db/schema.ts";

export function findLog(db: Database, downloadId: string): DownloadLog | null {
  return db.select().from(downloadLogs).where(eq(downloadLogs.downloadId, downloadId)).get() ?? null;
}

/** Writes nothing where the download is gone: its log goes with it. */
export function saveLog(db: Database, { downloadId, text, updatedAt }: DownloadLog): void {
  db.run(sql`INSERT INTO download_logs (download_id, text, updated_at)
    SELECT id, ${text}, ${updatedAt} FROM downloads WHERE id = ${downloadId}
    ON CONFLICT (download_id) DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at`);
}

/** By when it failed, on its way here or as a video. */
export function lastFailedId(db: Database): string | null {
  const row = db.get<{ id: string } | undefined>(sql`SELECT d.id FROM downloads d
    LEFT JOIN videos v ON v.id = d.video_id
    WHERE d.state = 'failed' OR (d.state = 'ingesting' AND v.state = 'FAILED')
    ORDER BY coalesce(d.finished_at, v.updated_at) DESC, d.seq DESC LIMIT 1`);
  return row?.id ?? null;
}
