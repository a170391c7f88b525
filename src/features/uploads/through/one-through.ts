import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import { newId } from "../../../lib/ids.ts";
import { Snooze } from "../../../queue/job.ts";
import type { Allowance, ReceivingRules } from "../../../web/receive-body.ts";
import { takeArrival } from "../arriving/take-arrival.ts";
import { forget } from "../forget.ts";
import { findUpload } from "../queries.ts";
import { startUpload } from "../uploads.ts";
import { beginThrough, wayInto } from "./begin.ts";
import { requireNotRefused } from "./finish-through.ts";
import { receiveThrough } from "./receive.ts";

const patienceMs = 60_000;

type Needs = Parameters<typeof takeArrival>[0];

/**
 * Takes the file that a request consists of on its way into the bucket. Returns the id of its video, or null where it has to
 * come to the disk: then not a byte of it was read. Of one that fails nothing stays.
 */
export async function oneThrough(
  deps: Needs & Pick<Deps, "storage">,
  user: User,
  sizeBytes: number,
  wishes: Record<string, string | null>,
  piece: { request: Request; allowance: Allowance; rules: ReceivingRules },
): Promise<string | null> {
  const way = wayInto(deps, sizeBytes);
  if (way.way === undefined) return null;
  const id = newId();
  const upload = await beginThrough(deps, startUpload(deps, user, { id, sizeBytes, wishes, ...way }));
  try {
    if (upload.way !== "through") return null;
    await receiveThrough(deps, upload, { ...piece, checksum: null });
    await takeInTurn(deps, id);
    requireNotRefused(findUpload(deps.db, id));
    return findUpload(deps.db, id)?.videoId ?? null;
  } catch (error) {
    throw error instanceof Snooze ? bucketWentAway() : error;
  } finally {
    const left = findUpload(deps.db, id);
    if (left) await forget(deps, left);
  }
}

/** Others may have to go first, and a bucket that is away for a moment comes back. */
async function takeInTurn(deps: Needs, id: string): Promise<void> {
  const endsAt = Date.now() + patienceMs;
  for (;;) {
    try {
      return await takeArrival(deps, id, new AbortController().signal);
    } catch (error) {
      if (!(error instanceof Snooze) || Date.now() > endsAt) throw error;
      await Bun.sleep(1000);
    }
  }
}

function bucketWentAway(): AppError {
  return new AppError("storage_unreachable", "The storage does not take the file right now.", {
    hint: "Nothing of it was kept: send it again.",
  });
}
