import type { Deps } from "../../../deps.ts";
import { isAppError } from "../../../lib/errors.ts";
import { begunOf } from "../arriving/begun.ts";
import { planParts } from "../arriving/part-rules.ts";
import { changeUploadFrom, findUpload } from "../queries.ts";
import type { Upload } from "../queries.ts";

/** What is no larger lies here in whole before any of it goes on: that is quick, and it can be checked. */
export const mostHereBytes = 64 * 1024 * 1024;

/** How a file of this size goes into the storage. */
export function wayInto(
  { arrivals, storage }: Pick<Deps, "arrivals" | "storage">,
  sizeBytes: number,
): { way?: "through"; partBytes?: number } {
  if (arrivals === null || storage.name !== "s3" || sizeBytes <= mostHereBytes) return {};
  return { way: "through", partBytes: planParts(sizeBytes).partBytes };
}

/** Begins it in the bucket, before the first byte. Where the bucket is away the file comes to the disk, and waits there. */
export async function beginThrough(deps: Pick<Deps, "arrivals" | "db">, upload: Upload): Promise<Upload> {
  const { db } = deps;
  const { id, way } = upload;
  if (way !== "through") return upload;
  try {
    await begunOf(deps, id);
  } catch (error) {
    if (!isAppError(error) || error.code !== "storage_unreachable") throw error;
    changeUploadFrom(db, id, ["receiving"], { way: "disk", partBytes: null });
  }
  return findUpload(db, id) ?? upload;
}
