import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import type { Arrivals } from "../../../storage/arrivals.ts";
import { keys } from "../../../storage/keys.ts";
import { oneAtATime } from "../finish.ts";
import { changeUploadFrom, findUpload } from "../queries.ts";

/** Begins it in the bucket, unless that was done: a life before this one may have ended between both. */
export function begunOf(
  deps: Pick<Deps, "arrivals" | "db">,
  id: string,
): Promise<{ arrivals: Arrivals; multipartId: string }> {
  const { arrivals, db } = deps;
  if (arrivals === null) throw noDirectUploads();
  return oneAtATime(id, async () => {
    const upload = findUpload(db, id);
    // It may have been given up while this waited: what would begin now nobody would take back.
    if (upload?.state !== "receiving") throw over();
    if (upload.multipartId) return { arrivals, multipartId: upload.multipartId };
    const key = keys.arrival(id);
    const multipartId = await arrivals.begin(key);
    if (changeUploadFrom(db, id, ["receiving"], { multipartId })) return { arrivals, multipartId };
    // Its owner was deleted meanwhile, which waits for nobody, and took back what was begun until then.
    await arrivals.drop(key, multipartId);
    throw over();
  });
}

export function over(): AppError {
  return new AppError("conflict", "This upload is over.", { hint: "Ask what became of it." });
}

export function noDirectUploads(): AppError {
  return new AppError("no_direct_uploads", "Files can't be sent straight into the storage here.", {
    hint: "Send them to this server, by tus or in one request.",
  });
}
