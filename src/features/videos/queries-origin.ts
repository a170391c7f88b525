import { and, desc, eq, inArray, ne, or, sql } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { videos } from "../../db/schema.ts";
import type { Video } from "../../db/schema.ts";

/** What came from one of these addresses, or is this very video of its site; the newest first, of failed ones none. */
export function findByOrigin(
  db: Database,
  visibleTo: string | null,
  origin: { extractor: string; siteVideoId: string } | null,
  urls: readonly string[],
): Pick<Video, "id" | "title" | "state" | "sourceUrl">[] {
  const byId =
    origin && and(eq(videos.extractor, origin.extractor), eq(videos.siteVideoId, origin.siteVideoId));
  const visible =
    visibleTo === null ? undefined : or(eq(videos.visibility, "library"), eq(videos.ownerId, visibleTo));
  return db
    .select({ id: videos.id, title: videos.title, state: videos.state, sourceUrl: videos.sourceUrl })
    .from(videos)
    .where(
      and(
        // Each side by its own index.
        sql`${videos.seq} IN (SELECT seq FROM videos WHERE ${or(byId ?? undefined, inArray(videos.sourceUrl, [...urls]))})`,
        ne(videos.state, "FAILED"),
        visible,
      ),
    )
    .orderBy(desc(videos.seq))
    .limit(1000)
    .all();
}
