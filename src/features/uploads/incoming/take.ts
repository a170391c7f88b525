import { join } from "node:path";
import type { z } from "zod";
import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { dropWorkFolder, keepWorkFolder, removeWorkFolder } from "../../../exec/work-folder.ts";
import { AppError, isAppError } from "../../../lib/errors.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { cleanText } from "../../../lib/text.ts";
import type { JobLoss } from "../../../queue/binding.ts";
import { Snooze } from "../../../queue/job.ts";
import type { JobContext } from "../../../queue/job.ts";
import type { Incoming } from "../../../storage/incoming.ts";
import { requireQuota } from "../../space/space.ts";
import { receivedName, workRoot } from "../arrived.ts";
import { isRefusal } from "../admit.ts";
import { ownerOfIncoming } from "./owner.ts";
import { filenameOfKey, hasAddress } from "./rules.ts";
import type { takeIncomingJob } from "../jobs.ts";
import { requireMayUpload, requireSpaceFor } from "../limits.ts";
import { changeIncomingFrom, deleteIncoming, findIncoming } from "./queries.ts";
import type { IncomingRow } from "./queries.ts";
import { judge, shelve } from "../shelve.ts";
import { emptyFile } from "../uploads.ts";

type Needs = Pick<Deps, "config" | "db" | "events" | "from" | "incoming" | "log" | "now" | "queue" | "tools">;
type Payload = z.infer<typeof takeIncomingJob.payload>;

const awayMs = 30_000;
/** All of it was fetched several times, and it may be the bucket's own disk. */
const garbledMs = 10 * 60_000;

/**
 * Fetches an object and makes a video of it, by the way of all uploads. The object itself stays until that video is READY
 * (`settleIncoming`), and where it is refused it stays for good. It can stop anywhere and run again.
 */
export async function takeIncomingNow(deps: Needs, payload: Payload, { signal }: JobContext): Promise<void> {
  const { db, incoming } = deps;
  const row = findIncoming(db, payload.incomingId);
  const owner = ownerOfIncoming(deps);
  // Without an owner it waits; whoever is named later gets it from the next look through all.
  if (row?.state !== "waiting" || incoming === null || owner === null) return;
  try {
    requireTakeable(deps, owner, row);
    becomeVideo(deps, owner, row, await fetchAndJudge(deps, incoming, row, signal));
  } catch (error) {
    await removeWorkFolder(workRoot(deps), row.id);
    if (!isAppError(error)) throw error;
    if (error.code === "storage_unreachable") throw new Snooze(awayMs);
    if (error.code === "checksum_mismatch") throw new Snooze(garbledMs);
    if (error.code === "not_found") deleteIncoming(db, row.id);
    else if (isRefusal(error) || isNoFit(error)) refuseIncoming(deps, row, error);
    else throw error;
  }
}

/** Before its bytes come. */
function requireTakeable(deps: Needs, owner: User, { key, sizeBytes }: IncomingRow): void {
  if (!hasAddress(key)) {
    throw new AppError("invalid_input", "A name with . or .. as a part of it has no address.", {
      hint: "Give it another name.",
    });
  }
  requireMayUpload(owner, null);
  if (sizeBytes === 0) throw emptyFile();
  requireSpaceFor(deps, owner, sizeBytes, null);
}

function isNoFit({ code }: AppError): boolean {
  return code === "too_large" || code === "storage_full" || code === "invalid_input";
}

async function fetchAndJudge(
  deps: Needs,
  incoming: Incoming,
  row: IncomingRow,
  signal: AbortSignal,
): Promise<string> {
  // What an attempt before this one left.
  await removeWorkFolder(workRoot(deps), row.id);
  const folder = await keepWorkFolder(workRoot(deps), row.id);
  await incoming.fetch(row, join(folder, receivedName), signal);
  failpoint("incoming-fetched");
  return judge(deps, { folder: row.id, file: receivedName });
}

function becomeVideo(deps: Needs, owner: User, row: IncomingRow, file: string): void {
  const { config, db, now } = deps;
  const { id, key, sizeBytes } = row;
  const { visibility } = config.uploads;
  const said = { filename: filenameOfKey(key), title: null, tags: [], visibility };
  db.transaction(() => {
    // How much was left may have changed since the first byte.
    requireQuota(deps, owner, sizeBytes, null);
    const arrived = { folder: id, file, sizeBytes };
    const videoId = shelve(deps, owner, arrived, { ...said, recordedAt: null, replaces: null });
    const change = { state: "taken", videoId, updatedAt: now(), ...noError } as const;
    if (!changeIncomingFrom(db, id, "waiting", change)) throw gone();
  });
  failpoint("incoming-taken");
}

const noError = { errorCode: null, errorMessage: null, errorHint: null };

function gone(): AppError {
  return new AppError("not_found", "It is not there any more.");
}

/** It stays where it is, and that is said once. */
export function refuseIncoming(
  { db, log, now }: Pick<Deps, "db" | "log" | "now">,
  row: IncomingRow,
  { code, message, hint }: Pick<AppError, "code" | "message" | "hint">,
): void {
  const words = { errorCode: code, errorMessage: message, errorHint: hint };
  const isNew = changeIncomingFrom(db, row.id, row.state, { state: "refused", ...words, updatedAt: now() });
  if (!isNew || row.errorCode === code) return;
  log.warn({ key: cleanText(row.key, 300), code }, `A file stays in incoming/: ${message} ${hint}`.trim());
}

/** Tried often enough; once more at the next start. */
export function gaveUpIncoming(deps: Needs, { incomingId }: Payload, { error, why }: JobLoss): void {
  dropWorkFolder(workRoot(deps), incomingId);
  const row = findIncoming(deps.db, incomingId);
  if (row?.state !== "waiting" || why === "cancelled") return;
  refuseIncoming(deps, row, isAppError(error) ? error : couldNotTake());
}

function couldNotTake(): AppError {
  return new AppError("internal", "It could not be fetched.", {
    hint: "It is tried again at the next start; if it stays, the log says more.",
  });
}
