import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { remembered } from "../../db/remembered.ts";

/** Those that lack a picture, or all. */
export type WhichPictures = "missing" | "all";

/** Three thumbnails and the poster. */
const picturesOfOne = 4;

/** Music may have a cover, which it shows, but lacks nothing without one. */
const which: Record<WhichPictures, SQL> = {
  all: sql`state = 'READY'`,
  missing: sql`state = 'READY' AND video_codec IS NOT NULL AND ${picturesOfOne} > (SELECT count(*) FROM files
    WHERE files.video_id = videos.id AND (files.kind = 'poster' OR files.kind = 'thumbnail' AND files.n > 0))`,
};

const rememberedCounts = remembered<number>();

export function countToPicture(db: Database, only: WhichPictures): number {
  const count = sql`SELECT count(*) AS n FROM videos WHERE ${which[only]}`;
  return rememberedCounts(db, only, () => db.get<{ n: number }>(count).n);
}

/** The newest first; `beforeSeq` is where the batch before ended. */
export function batchToPicture(
  db: Database,
  only: WhichPictures,
  beforeSeq: number,
  limit: number,
): { id: string; seq: number }[] {
  return db.all(sql`SELECT id, seq FROM videos WHERE seq < ${beforeSeq} AND ${which[only]}
    ORDER BY seq DESC LIMIT ${limit}`);
}
