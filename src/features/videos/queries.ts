import { and, asc, desc, eq, inArray, lt, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { prepared } from "../../db/prepared.ts";
import { remembered } from "../../db/remembered.ts";
import { files, tags, users, videoTags, videos } from "../../db/schema.ts";
import type { FileKind, StoredFile, Video, VideoState } from "../../db/schema.ts";

export interface VideoRow {
  video: Video;
  ownerName: string;
  tags: string[];
  files: Pick<StoredFile, "kind" | "n">[];
}

export type NewFile = typeof files.$inferInsert;

export interface VideoFilter {
  /** Words that title or description hold, all of them. */
  q: string;
  /** All of them. */
  tags: string[];
  /** Any of them. */
  states?: readonly VideoState[];
  ownerId?: string;
  /** Only what this person may see; null sees everything. */
  visibleTo: string | null;
}

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

export function findVideoRow(db: Database, id: string): VideoRow | null {
  return selectRows(db, eq(videos.id, id), 1)[0] ?? null;
}

/** Newest first; `beforeSeq` is where the page before ended. */
export function pageOfVideos(
  db: Database,
  filter: VideoFilter,
  limit: number,
  beforeSeq: number | null,
): VideoRow[] {
  const tagged = withTags(db, filter.tags);
  if (tagged === null) return [];
  return selectRows(
    db,
    and(...tagged, ...conditions(filter), beforeSeq === null ? undefined : lt(videos.seq, beforeSeq)),
    limit,
  );
}

const rememberedTags = remembered<{ name: string; count: number }[]>();

/** Tags in use, with how many videos carry each, the most used first. */
export function tagsInUse(
  db: Database,
  visibleTo: string | null,
  limit: number,
): { name: string; count: number }[] {
  // All of them are counted in the index alone, and those of hidden videos, which are few, taken off again.
  const hidden = sql`SELECT video_tags.tag_id, count(*) AS n
    FROM videos CROSS JOIN video_tags ON video_tags.video_id = videos.id
    WHERE videos.visibility = 'private' AND videos.owner_id <> ${visibleTo}
    GROUP BY video_tags.tag_id`;
  return rememberedTags(db, `${limit} ${visibleTo ?? ""}`, () =>
    db.all(sql`SELECT tags.name, used.n - coalesce(hidden.n, 0) AS count
      FROM (SELECT tag_id, count(*) AS n FROM video_tags GROUP BY tag_id) used
      LEFT JOIN (${hidden}) hidden ON hidden.tag_id = used.tag_id
      JOIN tags ON tags.id = used.tag_id
      WHERE used.n > coalesce(hidden.n, 0)
      ORDER BY count DESC, tags.name LIMIT ${limit}`),
  );
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

function selectRows(db: Database, where: SQL | undefined, limit: number): VideoRow[] {
  const rows = db
    .select({ video: videos, ownerName: users.name })
    .from(videos)
    .innerJoin(users, eq(users.id, videos.ownerId))
    .where(where)
    .orderBy(desc(videos.seq))
    .limit(limit)
    .all();
  const ids = rows.map((row) => row.video.id);
  const tagsOf = Map.groupBy(tagsOfVideos(db, ids), (row) => row.videoId);
  const filesOfVideo = Map.groupBy(filesOfVideos(db, ids), (row) => row.videoId);
  return rows.map(({ video, ownerName }) => ({
    video,
    ownerName,
    tags: (tagsOf.get(video.id) ?? []).map((row) => row.name),
    files: filesOfVideo.get(video.id) ?? [],
  }));
}

function tagsOfVideos(db: Database, ids: string[]) {
  return db
    .select({ videoId: videoTags.videoId, name: tags.name })
    .from(videoTags)
    .innerJoin(tags, eq(tags.id, videoTags.tagId))
    .where(inArray(videoTags.videoId, ids))
    .orderBy(asc(tags.name))
    .all();
}

function filesOfVideos(db: Database, ids: string[]) {
  return db
    .select({ videoId: files.videoId, kind: files.kind, n: files.n })
    .from(files)
    .where(inArray(files.videoId, ids))
    .orderBy(asc(files.n))
    .all();
}

// Names inside the subqueries are written out: drizzle would bind a bare "id" to the inner table.
function conditions(filter: VideoFilter): (SQL | undefined)[] {
  return [
    visible(filter.visibleTo),
    filter.states && inArray(videos.state, [...filter.states]),
    filter.ownerId === undefined ? undefined : eq(videos.ownerId, filter.ownerId),
    ...searchWords(filter.q).map(matches),
  ];
}

/**
 * Videos that carry all of these tags; null where a tag is on none. Where few are to be expected SQLite
 * begins with the rarest tag; to find the newest of many it is quicker to walk along the videos.
 */
function withTags(db: Database, names: readonly string[]): SQL[] | null {
  const known = names.length === 0 ? [] : countTagged(db, names);
  const [rarest, ...others] = known;
  if (known.length < names.length || rarest?.n === 0) return null;
  if (!rarest) return [];
  const newestSeq = db.get<{ seq: number | null }>(sql`SELECT max(seq) AS seq FROM videos`).seq ?? 0;
  const expected = known.reduce((n, tag) => (n * tag.n) / newestSeq, newestSeq);
  if (expected * 20 > newestSeq) return known.map(({ id }) => carries(sql`videos.id`, id));
  const rest = sql.join(others.map(({ id }) => sql` AND ${carries(sql`t.video_id`, id)}`));
  return [
    sql`videos.seq IN (SELECT v.seq FROM video_tags t CROSS JOIN videos v ON v.id = t.video_id
      WHERE t.tag_id = ${rarest.id}${rest})`,
  ];
}

/** The rarest first. */
function countTagged(db: Database, names: readonly string[]): { id: number; n: number }[] {
  const list = sql.join(
    names.map((name) => sql`${name}`),
    sql`, `,
  );
  return db.all(sql`SELECT id, (SELECT count(*) FROM video_tags WHERE tag_id = tags.id) AS n
    FROM tags WHERE name IN (${list}) ORDER BY n`);
}

function carries(videoId: SQL, tagId: number): SQL {
  return sql`EXISTS (SELECT 1 FROM video_tags c WHERE c.video_id = ${videoId} AND c.tag_id = ${tagId})`;
}

function visible(userId: string | null): SQL | undefined {
  return userId === null ? undefined : sql`(videos.visibility = 'library' OR videos.owner_id = ${userId})`;
}

function searchWords(q: string): string[] {
  return q.trim().split(/\s+/).filter(Boolean).slice(0, 8);
}

/** The trigram index finds three letters or more; shorter words look through the titles. */
function matches(word: string): SQL {
  if ([...word].length < 3) {
    const pattern = `%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    return sql`videos.title LIKE ${pattern} ESCAPE '\\'`;
  }
  const phrase = `"${word.replaceAll('"', '""')}"`;
  return sql`videos.seq IN (SELECT rowid FROM videos_fts WHERE videos_fts MATCH ${phrase})`;
}
