import { eq, sql } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { downloadLogs } from "../../db/schema.ts";
import type { DownloadLog } from "../../db/schema.ts";

export function findLog(db: Database, downloadId: string): DownloadLog | null {
  return db.select().from(downloadLogs).where(eq(downloadLogs.downloadId, downloadId)).get() ?? null;
}

/** Writes nothing where the download is gone: its log goes with it. */
export function saveLog(db: Database, { downloadId, text, updatedAt }: DownloadLog): void {
  db.run(sql`INSERT INTO download_logs (download_id, text, updated_at)
    SELECT id, ${text}, ${updatedAt} FROM downloads WHERE id = ${downloadId}
    ON CONFLICT (download_id) DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at`);
}
