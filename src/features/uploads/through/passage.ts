import { rmSync } from "node:fs";
import { join } from "node:path";
import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError, isAppError } from "../../../lib/errors.ts";
import { Snooze } from "../../../queue/job.ts";
import { LocalFile } from "../../../web/local-file.ts";
import { requireQuota } from "../../space/space.ts";
import { workRoot } from "../arrived.ts";
import { isBucketAway } from "../arriving/bucket-away.ts";
import { isAway, takeArrival } from "../arriving/take-arrival.ts";
import { gone } from "../finish.ts";
import { forget, forgetRow } from "../forget.ts";
import { changeUploadFrom, findUpload } from "../queries.ts";
import { startUpload } from "../uploads.ts";
import type { Wishes } from "../wishes.ts";
import { requireNotRefused } from "./finish-through.ts";
import { putPart } from "./put-part.ts";

type Needs = Parameters<typeof takeArrival>[0] & Pick<Deps, "storage" | "storageHealth">;

/** A file whose end nobody knows yet. */
interface Coming {
  id: string;
  partBytes: number;
  said: Record<string, string>;
}

/** So long its sender waits for a bucket that is away, and so long for its turn. Tests have less. */
const awayMs = () => Number(process.env.HOMEREEL_TEST_AWAY_MS ?? 60_000);
const turnMs = 15 * 60_000;

/**
 * Begins in the bucket what came of a file so far, which makes its first part. Null where the bucket does not take that:
 * then all of it is still here.
 */
export async function openPassage(
  deps: Needs,
  user: User,
  coming: Coming,
  firstPart: string,
): Promise<Passage | null> {
  const { id, partBytes, said } = coming;
  if (await isBucketAway(deps)) return null;
  // How large it becomes its end says. Until then so much is announced as has come, which nobody else can have then.
  const wishes = { ...said, replaces: null };
  startUpload(deps, user, { id, sizeBytes: partBytes, wishes, way: "once", partBytes });
  try {
    await sendPart(deps, coming, 1, firstPart);
  } catch (error) {
    deps.db.transaction(() => forgetRow(deps, getRow(deps, id)));
    if (isAppError(error) && isAway(error)) return null;
    throw error;
  }
  return new Passage(deps, user, coming);
}

/** The way of a file of one request into the bucket: while a part is sent, the next is filled here. */
export class Passage {
  readonly #deps: Needs;
  readonly #user: User;
  readonly #coming: Coming;
  /** That which is being filled, from 1; how much of it is here, and where. */
  #part = 2;
  #length = 0;
  #here: LocalFile | null = null;
  /** The one before. */
  #sending: Promise<void> = Promise.resolve();

  constructor(deps: Needs, user: User, coming: Coming) {
    this.#deps = deps;
    this.#user = user;
    this.#coming = coming;
  }

  take(chunk: Uint8Array): void | Promise<void> {
    const fits = chunk.subarray(0, this.#coming.partBytes - this.#length);
    this.#here ??= new LocalFile(this.#path);
    this.#here.write(fits);
    this.#length += fits.length;
    if (this.#length < this.#coming.partBytes) return;
    const rest = chunk.subarray(fits.length);
    return this.#sendFilled().then(() => (rest.length > 0 ? this.take(rest) : undefined));
  }

  /** The bucket has all of it, in parts. */
  async end(): Promise<void> {
    if (this.#length > 0) await this.#sendFilled();
    await this.#sending;
  }

  /** Makes a video of it, of what was wished by now. Others may have to go first, and a bucket that is away for a moment comes back. */
  async shelve(sizeBytes: number, wishes: Wishes): Promise<string> {
    const { id } = this.#coming;
    this.#settle(sizeBytes, wishes);
    await takeInTurn(this.#deps, id);
    const upload = getRow(this.#deps, id);
    requireNotRefused(upload);
    if (upload.videoId === null) throw gone();
    return upload.videoId;
  }

  /** Nothing of it stays that is not a video's; says whether that is so. */
  async close(): Promise<boolean> {
    await this.#sending.catch(() => {});
    this.#here?.close();
    const upload = findUpload(this.#deps.db, this.#coming.id);
    if (upload) await forget(this.#deps, upload);
    return upload?.state === "done";
  }

  get #path(): string {
    return partPath(this.#deps, this.#coming, this.#part);
  }

  async #sendFilled(): Promise<void> {
    this.#here?.close();
    this.#here = null;
    await this.#sending;
    this.#sending = sendPart(this.#deps, this.#coming, this.#part, this.#path).catch((error: unknown) => {
      throw isAppError(error) && isLost(error) ? bucketWentAway(error) : error;
    });
    // Whoever waits for it hears of it.
    this.#sending.catch(() => {});
    [this.#part, this.#length] = [this.#part + 1, 0];
  }

  /** How large it is is known now, and how much is left may have changed since its first byte. */
  #settle(sizeBytes: number, { replaces: replacesVideoId, ...wishes }: Wishes): void {
    const [deps, user, { id }] = [this.#deps, this.#user, this.#coming];
    const change = (row: Parameters<typeof changeUploadFrom>[3]) => {
      if (!changeUploadFrom(deps.db, id, ["receiving"], row)) throw gone();
    };
    deps.db.transaction(() => {
      change({ sizeBytes: 0 });
      requireQuota(deps, user, sizeBytes);
      change({ ...wishes, replacesVideoId, sizeBytes });
    });
  }
}

function partPath(deps: Needs, { id }: Coming, n: number): string {
  return join(workRoot(deps), id, `part-${n}`);
}

async function sendPart(deps: Needs, coming: Coming, n: number, path: string): Promise<void> {
  const { id, partBytes } = coming;
  const file = Bun.file(path);
  // Whoever it belongs to may be gone by now, and their bytes with them.
  if (findUpload(deps.db, id)?.state !== "receiving") throw gone();
  await putPart(deps, id, n, () => file.bytes());
  const storedBytes = (n - 1) * partBytes + file.size;
  const known = { storedBytes, sizeBytes: storedBytes, updatedAt: deps.now() };
  if (!changeUploadFrom(deps.db, id, ["receiving"], known)) throw gone();
  rmSync(path, { force: true });
}

async function takeInTurn(deps: Needs, id: string): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    try {
      return await takeArrival(deps, id, new AbortController().signal);
    } catch (error) {
      if (!(error instanceof Snooze)) throw error;
      const isFull = isAppError(error.cause) && error.cause.code === "storage_full";
      if (performance.now() - startedAt > (isFull ? turnMs : awayMs())) throw bucketWentAway(error);
      await Bun.sleep(1000);
    }
  }
}

function getRow({ db }: Needs, id: string) {
  const upload = findUpload(db, id);
  if (!upload) throw gone();
  return upload;
}

/** The bucket is away, or has forgotten what it had. */
function isLost({ code }: AppError): boolean {
  return code === "storage_unreachable" || code === "not_found";
}

function bucketWentAway(cause: unknown): AppError {
  return new AppError("storage_unreachable", "The storage does not take the file right now.", {
    hint: "Nothing of it was kept: send it again.",
    cause,
  });
}
