import { and, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { prepared } from "../../db/prepared.ts";
import { remembered } from "../../db/remembered.ts";
import { files, tags, videoTags, videos } from "../../db/schema.ts";
import type { FileKind, StoredFile, Video, VideoState } from "../../db/schema.ts";

export type NewFile = typeof files.$inferInsert;

const statements = prepared((db) => ({
  video: db
    .select()
    .from(videos)
    .where(eq(videos.id, sql.placeholder("id")))
    .prepare(),
  file: db
    .select()
    .from(files)
    .where(
      and(
        eq(files.videoId, sql.placeholder("videoId")),
        eq(files.kind, sql.placeholder("kind")),
        eq(files.n, sql.placeholder("n")),
      ),
    )
    .prepare(),
}));

export function findVideo(db: Database, id: string): Video | null {
  return statements(db).video.get({ id }) ?? null;
}

export function findFile(db: Database, videoId: string, kind: FileKind, n = 0): StoredFile | null {
  return statements(db).file.get({ videoId, kind, n }) ?? null;
}

const rememberedFiles = remembered<{ video: Video | null; file: StoredFile | null }>();

/** A video with its file of a kind, `playable` or else the original: asked for by every range request. */
export function findVideoAndFile(db: Database, id: string, kind: FileKind, n: number) {
  return rememberedFiles(db, `${kind} ${n} ${id}`, () => {
    const video = findVideo(db, id);
    const file = video && findFile(db, id, kind, n);
    const original = video && !file && kind === "playable" ? findFile(db, id, "original") : null;
    return { video, file: file ?? original };
  });
}

export function filesOf(db: Database, videoId: string): StoredFile[] {
  return db.select().from(files).where(eq(files.videoId, videoId)).all();
}

export function insertVideo(db: Database, video: typeof videos.$inferInsert): void {
  db.insert(videos).values(video).run();
}

/** Changes a video only while it is in one of the given states; says whether it was. */
export function changeVideoFrom(
  db: Database,
  id: string,
  from: readonly VideoState[],
  change: Partial<Omit<Video, "id" | "seq">>,
): boolean {
  return (
    db
      .update(videos)
      .set(change)
      .where(and(eq(videos.id, id), inArray(videos.state, [...from])))
      .run().changes > 0
  );
}

export function changeVideo(
  db: Database,
  id: string,
  change: Partial<Omit<Video, "id" | "seq" | "state">>,
): void {
  db.update(videos).set(change).where(eq(videos.id, id)).run();
}

/** Changes a video of which this replacement, and no later one, goes on, and ends it; says whether it did. */
export function endReplacing(
  db: Database,
  id: string,
  since: number,
  change: Partial<Omit<Video, "id" | "seq" | "state">>,
): boolean {
  return (
    db
      .update(videos)
      .set({ ...change, replacingSince: null })
      .where(and(eq(videos.id, id), eq(videos.replacingSince, since)))
      .run().changes > 0
  );
}

export function deleteVideoRow(db: Database, id: string): void {
  db.delete(videos).where(eq(videos.id, id)).run();
}

export function replaceTags(db: Database, videoId: string, names: readonly string[]): void {
  db.delete(videoTags).where(eq(videoTags.videoId, videoId)).run();
  for (const name of names) {
    db.insert(tags).values({ name }).onConflictDoNothing().run();
    const tag = db.select({ id: tags.id }).from(tags).where(eq(tags.name, name)).get();
    if (tag) db.insert(videoTags).values({ videoId, tagId: tag.id }).onConflictDoNothing().run();
  }
  db.run(sql`DELETE FROM tags WHERE NOT EXISTS (SELECT 1 FROM video_tags WHERE video_tags.tag_id = tags.id)`);
}

export function upsertFile(db: Database, file: NewFile): void {
  db.insert(files)
    .values(file)
    .onConflictDoUpdate({ target: [files.videoId, files.kind, files.n], set: file })
    .run();
}

export function deleteFile(
  db: Database,
  { videoId, kind, n }: Pick<StoredFile, "videoId" | "kind" | "n">,
): void {
  db.delete(files)
    .where(and(eq(files.videoId, videoId), eq(files.kind, kind), eq(files.n, n)))
    .run();
}
