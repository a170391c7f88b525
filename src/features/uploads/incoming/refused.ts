import type { Deps } from "../../../deps.ts";
import { parseCursor } from "../../../lib/cursor.ts";
import type { RefusedItem } from "../item.ts";
import { secondChance } from "./rules.ts";
import { countRefused, pageOfRefused } from "./queries.ts";

/**
 * What lies in incoming/ of the bucket and could not become a video, newest first. None where it is nobody's, or new files
 * go to the disk: then nobody looks whether it is still there.
 */
export function listRefused(
  { config, db }: Pick<Deps, "config" | "db">,
  query: { limit?: number; cursor?: string | null } = {},
): { items: RefusedItem[]; nextCursor: string | null; total: number } {
  const isWatched = config.storage.driver === "s3" && config["storage.s3"].incoming_owner !== "";
  if (!isWatched) return { items: [], nextCursor: null, total: 0 };
  const limit = Math.min(Math.max(query.limit ?? 50, 1), 200);
  const rows = pageOfRefused(db, limit + 1, parseCursor(query.cursor));
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(({ key, sizeBytes, errorCode, errorMessage, errorHint, createdAt }) => ({
      key,
      sizeBytes,
      code: errorCode ?? "internal",
      message: errorMessage ?? "",
      hint: errorHint ?? "",
      again: secondChance(errorCode ?? ""),
      since: createdAt,
    })),
    nextCursor: rows.length > limit && last ? String(last.rowid) : null,
    total: countRefused(db),
  };
}
