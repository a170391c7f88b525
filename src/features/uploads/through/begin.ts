import type { Deps } from "../../../deps.ts";
import { isAppError } from "../../../lib/errors.ts";
import { begunOf } from "../arriving/begun.ts";
import { isBucketAway } from "../arriving/bucket-away.ts";
import { planParts } from "../arriving/part-rules.ts";
import { forgetRow } from "../forget.ts";
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
  deps: Pick<Deps, "arrivals" | "db" | "queue" | "storageHealth">,
  upload: Upload,
): Promise<Upload> {
  const { db } = deps;
  const { id, way } = upload;
  if (way !== "through") return upload;
  try {
    const isBegun = !(await isBucketAway(deps)) && (await isTaken(begunOf(deps, id)));
    if (!isBegun) changeUploadFrom(db, id, ["receiving"], { way: "disk", partBytes: null });
  } catch (error) {
    // Its sender hears of no upload: there is none.
    db.transaction(() => forgetRow(deps, upload));
    throw error;
  }
  return findUpload(db, id) ?? upload;
}

/** False where the bucket was not reached. */
async function isTaken(begun: Promise<unknown>): Promise<boolean> {
  try {
    await begun;
    return true;
  } catch (error) {
    if (isAppError(error) && error.code === "storage_unreachable") return false;
    throw error;
  }
}
