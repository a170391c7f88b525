import { and, asc, desc, eq, inArray, lt, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { remembered } from "../../db/remembered.ts";
import { files, tags, users, videoTags, videos } from "../../db/schema.ts";
import type { StoredFile, Video, VideoState } from "../../db/schema.ts";

export interface VideoRow {
  video: Video;
  ownerName: string;
  tags: string[];
  files: Pick<StoredFile, "kind" | "n">[];
}

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
