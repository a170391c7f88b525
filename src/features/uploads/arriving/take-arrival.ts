import { join } from "node:path";
import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { dropWorkFolder, keepWorkFolder, removeWorkFolder } from "../../../exec/work-folder.ts";
import { AppError, isAppError } from "../../../lib/errors.ts";
import { keyLock } from "../../../lib/key-lock.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import type { JobLoss } from "../../../queue/binding.ts";
import { Snooze } from "../../../queue/job.ts";
import type { JobContext } from "../../../queue/job.ts";
import type { Arrivals } from "../../../storage/arrivals.ts";
import { keys } from "../../../storage/keys.ts";
import { findUserById } from "../../accounts/accounts.ts";
import { isRefusal } from "../admit.ts";
import { receivedName, workRoot } from "../arrived.ts";
import { becomeVideo, refuse, refuseRow } from "../finish.ts";
import { findUpload } from "../queries.ts";
import type { Upload } from "../queries.ts";
import { judge } from "../shelve.ts";
import { sendParts } from "../through/send-parts.ts";
import { dropArrivalLater } from "./drop-arrival.ts";
import { inScratch } from "./scratch.ts";
import { requireAll, soundParts } from "./part-rules.ts";

type Needs = Pick<Deps, "arrivals" | "config" | "db" | "events" | "from" | "log" | "now" | "queue" | "tools">;
type Payload = { uploadId: string };

const awayMs = 15_000;

const oneAtATime = keyLock();

export function takeArrivalNow(deps: Needs, { uploadId }: Payload, { signal }: JobContext): Promise<void> {
  return takeArrival(deps, uploadId, signal);
}

/**
 * Makes an object of the parts that came into the bucket, fetches it to look at it, and makes a video of it, by the way of
 * all uploads. It can stop anywhere and run again.
 */
export function takeArrival(deps: Needs, uploadId: string, signal: AbortSignal): Promise<void> {
  return oneAtATime(uploadId, async () => {
    const { arrivals, db } = deps;
    if (arrivals === null) return;
    try {
      // Of what comes through us the last part is still here, and stays until the bucket has it.
      await sendParts(deps, uploadId);
    } catch (error) {
      throw isAppError(error) && isAway(error) ? new Snooze(awayMs, error) : error;
    }
    const upload = findUpload(db, uploadId);
    const owner: User | null = upload && findUserById(db, upload.userId);
    if (upload?.state !== "receiving" || !owner) return;
    try {
      await completeArrival(arrivals, upload);
      await inScratch(deps, upload.sizeBytes, async () => {
        becomeVideo(deps, owner, upload, await fetchAndJudge(deps, arrivals, upload, signal));
      });
    } catch (error) {
      // What became of it is in the row; its folder is a video's only where all went well.
      await removeWorkFolder(workRoot(deps), uploadId);
      const { state } = findUpload(db, uploadId) ?? { state: "gone" };
      // Given up meanwhile: what was made whole after its parts were taken back goes as well.
      if (state === "gone" || state === "refused") dropArrivalLater(deps, upload);
      if (state !== "receiving") return;
      if (!isAppError(error)) throw error;
      if (isAway(error)) throw new Snooze(awayMs, error);
      if (!isRefusal(error)) throw error;
      await refuse(deps, upload, error);
    }
    failpoint("arrival-taken");
  });
}

/** Or garbles what it says: what was sent is there all the same. */
export function isAway({ code }: AppError): boolean {
  return ["storage_unreachable", "storage_full", "checksum_mismatch"].includes(code);
}

/** Tried often enough. */
export function gaveUpArrival(deps: Needs, { uploadId }: Payload, { error, why }: JobLoss): void {
  const upload = findUpload(deps.db, uploadId);
  if (upload?.state !== "receiving" || why === "cancelled") return;
  if (!isAppError(error)) deps.log.error({ err: error, uploadId }, "an upload could not be looked at");
  refuseRow(deps, upload, isAppError(error) ? error : couldNotLook());
  dropWorkFolder(workRoot(deps), uploadId);
}

/** Done once, there are no parts any more, but the object. */
async function completeArrival(arrivals: Arrivals, upload: Upload): Promise<void> {
  const { id, multipartId, partBytes, sizeBytes } = upload;
  const key = keys.arrival(id);
  if (multipartId === null || partBytes === null) throw lost();
  if (!(await arrivals.has(key, sizeBytes))) {
    const parts = await arrivals.parts(key, multipartId).catch((error: unknown) => {
      throw isAppError(error) && error.code === "not_found" ? lost() : error;
    });
    requireAll({ sizeBytes, partBytes }, parts);
    await arrivals.complete(key, multipartId, soundParts({ sizeBytes, partBytes }, parts));
  }
  failpoint("arrival-completed");
}

async function fetchAndJudge(
  deps: Needs,
  arrivals: Arrivals,
  { id, sizeBytes }: Upload,
  signal: AbortSignal,
): Promise<string> {
  // What an attempt before this one left.
  await removeWorkFolder(workRoot(deps), id);
  const folder = await keepWorkFolder(workRoot(deps), id);
  await arrivals.fetch(keys.arrival(id), sizeBytes, join(folder, receivedName), signal);
  failpoint("arrival-fetched");
  return judge(deps, { folder: id, file: receivedName });
}

function lost(): AppError {
  return new AppError("conflict", "What was sent of this file is no longer in the storage.", {
    hint: "Send it again.",
  });
}

function couldNotLook(): AppError {
  return new AppError("internal", "The file arrived, but could not be looked at.", {
    hint: "Send it again; if it stays, the log says more.",
  });
}
