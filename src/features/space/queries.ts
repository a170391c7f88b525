import { sql } from "drizzle-orm";
import type { Database } from "../../db/open.ts";

/**
 * All files of one person's videos with all that was made of them, and those that are being made ready; pictures, in all
 * their sizes; and what was announced to come.
 */
export function bytesOfPerson(db: Database, userId: string): number {
  const stored = sql`SELECT coalesce(sum(files.size_bytes), 0)
    FROM videos CROSS JOIN files ON files.video_id = videos.id WHERE videos.owner_id = ${userId}`;
  const coming = sql`SELECT coalesce(sum(size_bytes), 0)
    FROM videos WHERE owner_id = ${userId} AND state = 'PROCESSING'`;
  const pictures = sql`SELECT coalesce(sum(image_files.size_bytes), 0)
    FROM images CROSS JOIN image_files ON image_files.image_id = images.id WHERE images.owner_id = ${userId}`;
  const announced = sql`SELECT coalesce(sum(size_bytes), 0)
    FROM uploads WHERE user_id = ${userId} AND state = 'receiving'`;
  return db.get<{ bytes: number }>(
    sql`SELECT (${stored}) + (${coming}) + (${pictures}) + (${announced}) AS bytes`,
  ).bytes;
}
