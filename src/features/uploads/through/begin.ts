import type { Deps } from "../../../deps.ts";
import { isAppError } from "../../../lib/errors.ts";
import { begunOf } from "../arriving/begun.ts";
import { planParts } from "../arriving/part-rules.ts";
import { changeUploadFrom, findUpload } from "../queries.ts";
import type { Upload } from "../queries.ts";

/**
 * In parts of how many bytes a file of at most this size goes into the bucket. Null where it comes to the disk in whole: as that is
 * its place, or as it is no larger than a part.
 */
export function partBytesInto(
  { arrivals, storage }: Pick<Deps, "arrivals" | "storage">,
  mostBytes: number,
): number | null {
  const { partBytes } = planParts(mostBytes);
  return arrivals === null || storage.name !== "s3" || mostBytes <= partBytes ? null : partBytes;
}

/** How a file of this size goes into the storage. */
export function wayInto(
  deps: Pick<Deps, "arrivals" | "storage">,
  sizeBytes: number,
): { way?: "through"; partBytes?: number } {
  const partBytes = partBytesInto(deps, sizeBytes);
  return partBytes === null ? {} : { way: "through", partBytes };
}

/** Begins it in the bucket, before the first byte. Where the bucket is away the file comes to the disk, and waits there. */
export async function beginThrough(
  deps: Pick<Deps, "arrivals" | "db" | "storageHealth">,
  upload: Upload,
): Promise<Upload> {
  const { db } = deps;
  const { id, way } = upload;
  if (way !== "through") return upload;
  if (await isBucketAway(deps)) changeUploadFrom(db, id, ["receiving"], toDisk);
  else {
    try {
      await begunOf(deps, id);
    } catch (error) {
      if (!isAppError(error) || error.code !== "storage_unreachable") throw error;
      changeUploadFrom(db, id, ["receiving"], toDisk);
    }
  }
  return findUpload(db, id) ?? upload;
}

const toDisk = { way: "disk", partBytes: null } as const;

/** Known some seconds after it went: a bucket that gives no answer at all would hold up every file for minutes. */
export async function isBucketAway({ storageHealth }: Pick<Deps, "storageHealth">): Promise<boolean> {
  const seen = await storageHealth.look();
  if (seen.problem === null) return false;
  const now = await storageHealth.lookNow();
  return now.problem !== null;
}
