import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import { copiesToIngest } from "../../videos/videos.ts";

let fetchingBytes = 0;

/**
 * Room for a copy to look at, while `fetch` makes it. Its ingest keeps it until it is stored. Throws `storage_full` where others
 * have to go first; a file that is larger than all the room may have it alone.
 */
export async function inScratch<T>(
  deps: Pick<Deps, "config" | "queue">,
  sizeBytes: number,
  fetch: () => Promise<T>,
): Promise<T> {
  const taken = fetchingBytes + copiesToIngest(deps);
  if (taken > 0 && taken + sizeBytes > deps.config["storage.s3"].scratch) throw scratchTaken();
  fetchingBytes += sizeBytes;
  try {
    return await fetch();
  } finally {
    fetchingBytes -= sizeBytes;
  }
}

function scratchTaken(): AppError {
  return new AppError("storage_full", "Other uploads are being looked at.", {
    hint: "It is this one's turn as soon as they are done.",
  });
}
