import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError, isAppError } from "../../../lib/errors.ts";
import { newId } from "../../../lib/ids.ts";
import type { ArrivedPart, PartLink } from "../../../storage/arrivals.ts";
import { goDirectly } from "../../../storage/arrivals.ts";
import { keys } from "../../../storage/keys.ts";
import { forgetRow } from "../forget.ts";
import { takeArrivalJob } from "../jobs.ts";
import { changeUploadFrom } from "../queries.ts";
import type { Upload } from "../queries.ts";
import { getUpload, keepMs, startUpload } from "../uploads.ts";
import { isBucketAway } from "../arriving/bucket-away.ts";
import { begunOf, noDirectUploads, over } from "../arriving/begun.ts";
import { checkPart, countOf, planParts, requireAll, soundParts } from "../arriving/part-rules.ts";
import type { InParts } from "../arriving/part-rules.ts";

type Needs = Pick<Deps, "arrivals" | "config" | "db" | "now">;

/** For so long an address is good to begin with a part. Whoever is slower asks for another. */
const linkSeconds = 15 * 60;
/** So often the bucket is asked what it has while parts are sent, to show it and to put off the end. */
const lookEveryMs = 10_000;

/** Writes down that a file is coming straight into the bucket, where it may. Where the bucket does not begin, nobody has begun. */
export async function startDirectUpload(
  deps: Needs & Pick<Deps, "queue" | "storageHealth">,
  user: User,
  input: { sizeBytes: number; wishes: Record<string, string | null> },
): Promise<Upload> {
  if (!goDirectly(deps.config)) throw noDirectUploads();
  // Browsers try until it is back: each time something would be left to take back there.
  if (await isBucketAway(deps)) throw bucketIsAway();
  const { partBytes } = planParts(input.sizeBytes);
  const upload = startUpload(deps, user, { ...input, id: newId(), way: "direct", partBytes });
  try {
    await begunOf(deps, upload.id);
  } catch (error) {
    deps.db.transaction(() => forgetRow(deps, upload));
    throw error;
  }
  return getUpload(deps, user, upload.id);
}

/** Addresses for parts of one's own upload, each for what has exactly this checksum. */
export async function linkParts(
  deps: Needs,
  user: User,
  id: string,
  asked: readonly { n: number; crc32: string }[],
): Promise<{ links: (PartLink & { n: number; sizeBytes: number })[]; expiresAt: number }> {
  const upload = getComing(deps, user, id);
  const parts = asked.map((part) => checkPart(upload, part));
  const { arrivals, multipartId } = await begunOf(deps, id);
  const expiresAt = deps.now() + linkSeconds * 1000;
  const links = await Promise.all(
    parts.map(async (part) => {
      const link = await arrivals.signPart(keys.arrival(id), multipartId, part, linkSeconds);
      return { n: part.n, sizeBytes: part.sizeBytes, ...link };
    }),
  );
  if (deps.now() - upload.updatedAt > lookEveryMs) await partsOf(deps, upload);
  return { links, expiresAt };
}

/** What the bucket has of one's own upload. */
export async function partsThere(
  deps: Needs,
  user: User,
  id: string,
): Promise<{ partBytes: number; parts: ArrivedPart[] }> {
  const upload = getComing(deps, user, id);
  return { partBytes: upload.partBytes, parts: await partsOf(deps, upload) };
}

/** All parts are sent: what they make is looked at by a job. Throws `conflict` where some are missing. */
export async function completeUpload(
  deps: Needs & Pick<Deps, "queue">,
  user: User,
  id: string,
): Promise<Upload> {
  const upload = getDirect(deps, user, id);
  if (upload.state !== "receiving") return upload;
  requireAll(upload, await partsOf(deps, upload));
  deps.queue.add(takeArrivalJob, { uploadId: id });
  return getUpload(deps, user, id);
}

function bucketIsAway(): AppError {
  return new AppError("storage_unreachable", "The storage can't be used right now.", {
    hint: "Try again in a minute.",
  });
}

type DirectUpload = Upload & InParts;

function getDirect(deps: Needs, user: User, id: string): DirectUpload {
  const upload = getUpload(deps, user, id);
  const { partBytes, way } = upload;
  if (way === "direct" && partBytes !== null) return { ...upload, partBytes };
  throw new AppError("conflict", "This upload comes through the server, by tus.", {
    hint: "Go on with it there, or begin a new one.",
  });
}

function getComing(deps: Needs, user: User, id: string): DirectUpload {
  const upload = getDirect(deps, user, id);
  if (upload.state === "receiving") return upload;
  throw over();
}

/** As the bucket says, and written down. What it has forgotten begins anew. */
async function partsOf(deps: Needs, upload: DirectUpload): Promise<ArrivedPart[]> {
  const { db, now } = deps;
  const { id } = upload;
  const { arrivals, multipartId } = await begunOf(deps, id);
  const key = keys.arrival(id);
  try {
    const parts = soundParts(upload, await arrivals.parts(key, multipartId));
    const storedBytes = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const time = { updatedAt: now(), expiresAt: now() + keepMs(deps) };
    changeUploadFrom(db, id, ["receiving"], { storedBytes, ...time });
    return parts;
  } catch (error) {
    if (!isAppError(error) || error.code !== "not_found") throw error;
    if (await arrivals.has(key, upload.sizeBytes)) return allParts(upload);
    changeUploadFrom(db, id, ["receiving"], { multipartId: null, storedBytes: 0 });
    return [];
  }
}

/** Of what is an object by now, and so no longer in parts. */
function allParts(upload: DirectUpload): ArrivedPart[] {
  const all = Array.from({ length: countOf(upload) }, (_, i) =>
    checkPart(upload, { n: i + 1, crc32: "AAAAAA==" }),
  );
  return all.map((part) => ({ ...part, etag: "", crc32: "" }));
}
