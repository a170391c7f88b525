import { count, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { remembered } from "../../db/remembered.ts";
import { fileRemovals, files, videos } from "../../db/schema.ts";
import type { Video } from "../../db/schema.ts";

export type OwnedVideo = Pick<Video, "id" | "state" | "visibility" | "replacingSince">;

/** How many each of these people has; who has none is not in it. */
export function countByOwner(db: Database, ownerIds: readonly string[]): Map<string, number> {
  const rows = db
    .select({ ownerId: videos.ownerId, n: count() })
    .from(videos)
    .where(inArray(videos.ownerId, [...ownerIds]))
    .groupBy(videos.ownerId)
    .all();
  return new Map(rows.map(({ ownerId, n }) => [ownerId, n]));
}

export function videosOfOwner(db: Database, ownerId: string): OwnedVideo[] {
  const { id, state, visibility, replacingSince } = videos;
  return db
    .select({ id, state, visibility, replacingSince })
    .from(videos)
    .where(eq(videos.ownerId, ownerId))
    .all();
}

/** How many there were. */
export function changeOwner(db: Database, from: string, to: string, now: number): number {
  const change = { ownerId: to, updatedAt: now };
  return db.update(videos).set(change).where(eq(videos.ownerId, from)).run().changes;
}

/** All rows go, and the bytes of their files are to be removed. */
export function deleteVideosOfOwner(db: Database, ownerId: string, now: number): void {
  db.run(sql`INSERT INTO ${fileRemovals} (storage, key, created_at)
    SELECT files.storage, files.key, ${now} FROM files JOIN videos ON videos.id = files.video_id
    WHERE videos.owner_id = ${ownerId}`);
  db.delete(videos).where(eq(videos.ownerId, ownerId)).run();
}

const rememberedSize = remembered<{ videos: number; bytes: number }>();

/** Of everybody, with all that was made of the videos. */
export function shelfSize(db: Database): { videos: number; bytes: number } {
  return rememberedSize(db, "", () => {
    const bytes = sql<number>`coalesce(sum(${files.sizeBytes}), 0)`;
    return {
      videos: db.select({ n: count() }).from(videos).get()?.n ?? 0,
      bytes: db.select({ bytes }).from(files).get()?.bytes ?? 0,
    };
  });
}
