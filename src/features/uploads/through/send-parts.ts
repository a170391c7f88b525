import type { Deps } from "../../../deps.ts";
import { AppError, isAppError } from "../../../lib/errors.ts";
import { removeWorkFolder } from "../../../exec/work-folder.ts";
import { workRoot } from "../arrived.ts";
import { changeUploadFrom, findUpload } from "../queries.ts";
import type { Upload } from "../queries.ts";
import { putPart } from "./put-part.ts";
import { bytesThrough, cutTail, findTail, readTail } from "./tail.ts";

type Needs = Pick<Deps, "arrivals" | "config" | "db" | "now">;

/**
 * Sends into the bucket what makes whole parts of what has arrived, and the rest when that is all. Each is written down when
 * the bucket has it; whatever stops this, it can be done again. By who has the upload for themselves.
 */
export async function sendParts(deps: Needs, id: string): Promise<void> {
  for (;;) {
    const upload = findUpload(deps.db, id);
    if (upload?.state !== "receiving" || upload.way !== "through") return;
    await cutTail(deps, upload);
    const length = nextLength(deps, upload);
    if (length === 0) return;
    await sendPart(deps, upload, length);
  }
}

/** Bytes of the part that can be sent; 0 where more has to come first. */
function nextLength(deps: Needs, upload: Upload): number {
  const { partBytes, sizeBytes, storedBytes } = upload;
  const arrived = bytesThrough(deps, upload);
  const isLast = arrived === sizeBytes;
  const waiting = arrived - storedBytes;
  if (partBytes === null || (waiting < partBytes && !isLast)) return 0;
  return Math.min(waiting, partBytes);
}

async function sendPart(deps: Needs, upload: Upload, length: number): Promise<void> {
  const { db } = deps;
  const { id, partBytes, storedBytes } = upload;
  const tail = findTail(deps, upload);
  if (tail === null || partBytes === null) return;
  const read = async () => {
    const bytes = Buffer.allocUnsafeSlow(length);
    await readTail(tail, storedBytes, bytes);
    return bytes;
  };
  try {
    await putPart(deps, id, storedBytes / partBytes + 1, read);
  } catch (error) {
    if (isAppError(error) && error.code === "not_found") await beginAnew(deps, id);
    throw error;
  }
  changeUploadFrom(db, id, ["receiving"], { storedBytes: storedBytes + length });
}

/** The bucket has cleared away what nobody went on with for days. */
async function beginAnew(deps: Needs, id: string): Promise<never> {
  await removeWorkFolder(workRoot(deps), id);
  changeUploadFrom(deps.db, id, ["receiving"], { multipartId: null, storedBytes: 0 });
  throw new AppError("conflict", "The storage has forgotten what came of this file.", {
    hint: "Send it once more from its begin.",
  });
}
