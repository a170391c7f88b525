import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { canSeeAll } from "./access.ts";
import { findByOrigin } from "./queries-origin.ts";
import { findByFilename } from "./queries-same.ts";

export interface ShelfFind {
  videoId: string;
  title: string;
  isReady: boolean;
}

/**
 * The newest video that this person may see and that came from there: by the site's own id, or by the address.
 * The generic extractor's ids are file names, and say nothing.
 */
export function findOnShelf(
  { db }: Pick<Deps, "db">,
  user: User,
  origin: { extractor: string; siteVideoId: string; urls: readonly string[] },
): ShelfFind | null {
  const { extractor, siteVideoId, urls } = origin;
  const isTelling = siteVideoId !== "" && !/^(generic|html5|)$/i.test(extractor);
  const known = isTelling ? { extractor, siteVideoId } : null;
  const [newest] = findByOrigin(db, canSeeAll(user) ? null : user.id, known, urls);
  if (!newest) return null;
  return { videoId: newest.id, title: newest.title, isReady: newest.state === "READY" };
}

/** The ids of the videos that came from these addresses, as far as this person may see them. */
export function findUrlsOnShelf(
  { db }: Pick<Deps, "db">,
  user: User,
  urls: readonly string[],
): Map<string, string> {
  const found = findByOrigin(db, canSeeAll(user) ? null : user.id, null, urls);
  return new Map(found.reverse().map((video) => [video.sourceUrl ?? "", video.id]));
}

/** The newest video that this person may see and that came as a file of this name and size. */
export function findSameName(
  { db }: Pick<Deps, "db">,
  user: User,
  filename: string,
  sizeBytes: number,
): { id: string; title: string } | null {
  return findByFilename(db, filename, sizeBytes, canSeeAll(user) ? null : user.id);
}
