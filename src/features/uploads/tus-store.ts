import { join } from "node:path";
import type { Readable } from "node:stream";
import { DataStore, Upload as TusUpload } from "@tus/server";
import type { Server } from "bun";
import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { keepWorkFolder } from "../../exec/work-folder.ts";
import { AppError } from "../../lib/errors.ts";
import { freeBytes, headroomBytes, storageFull } from "../../storage/free-space.ts";
import { bodyLength, receiveBody } from "../../web/receive-body.ts";
import {
  arrivedBytes,
  distrustFrom,
  dropDistrusted,
  flushSome,
  receivedName,
  relyOnArrived,
  workRoot,
} from "./arrived.ts";
import { parseChecksum, verifyChecksum } from "./checksum.ts";
import { finishUploadLater } from "./finish.ts";
import { changeUploadFrom } from "./queries.ts";
import type { Upload } from "./queries.ts";
import type { Turn } from "./turns.ts";
import { cancelUpload, getUpload, keepMs, offsetOf, startUpload } from "./uploads.ts";

const putOffEveryMs = 60_000;

/** What one request wants of the store, and whose it is. */
interface Asked {
  deps: Deps;
  user: User;
  request: Request;
  server: Server<unknown> | undefined;
  turn: Turn;
}

/**
 * Where tus keeps what it receives: a row, and a file in a work folder whose size is the offset. One store
 * answers one request, since it takes the bytes from there (docs/decisions/0009-a-store-of-our-own-for-tus.md).
 */
export class UploadStore extends DataStore {
  override extensions = ["creation", "creation-with-upload", "termination", "expiration", "checksum"];
  readonly #asked: Asked;
  /** As it was handed to tus, which reads from it when it expires. */
  #shown: TusUpload | null = null;
  #lingers = false;

  constructor(asked: Asked) {
    super();
    this.#asked = asked;
  }

  override async create(upload: TusUpload): Promise<TusUpload> {
    const { deps, user } = this.#asked;
    const { id, size = 0, metadata: wishes = {} } = upload;
    const row = startUpload(deps, user, { id, sizeBytes: size, wishes });
    return this.#show(Object.assign(upload, { creation_date: this.#creationOf(row) }));
  }

  /** In somebody's turn, and so nobody writes meanwhile. */
  override async getUpload(id: string): Promise<TusUpload> {
    const { deps, user } = this.#asked;
    const row = getUpload(deps, user, id);
    dropDistrusted(deps, id);
    const { sizeBytes: size, metadata } = row;
    const creation_date = this.#creationOf(row);
    return this.#show(new TusUpload({ id, size, offset: offsetOf(deps, row), metadata, creation_date }));
  }

  /** tus hands over a stream that is empty: the bytes come from the request itself, past all its pipes. */
  override async write(empty: Readable, id: string, offset: number): Promise<number> {
    empty.resume();
    const { deps, user, request } = this.#asked;
    const upload = getUpload(deps, user, id);
    const { sizeBytes, state } = upload;
    if (state !== "receiving") return offset;
    const checksum = parseChecksum(request.headers.get("upload-checksum"));
    if (freeBytes(deps) < headroomBytes + (bodyLength(request) ?? 0)) throw storageFull();
    const path = join(await keepWorkFolder(workRoot(deps), id), receivedName);
    try {
      if (checksum) distrustFrom(deps, id, offset);
      await this.#receive(path, sizeBytes - offset);
      if (checksum) {
        await verifyChecksum(path, offset, checksum);
        relyOnArrived(deps, id);
      }
      await flushSome(deps, upload, offset, arrivedBytes(deps, id));
    } catch (error) {
      // Who has the turn next does it, where bytes still come.
      if (!this.#lingers) dropDistrusted(deps, id);
      // With the very last byte a connection may break too, and then nobody has anything left to send.
      if (arrivedBytes(deps, id) === sizeBytes) finishUploadLater(deps, id);
      throw error;
    } finally {
      this.#putOffExpiry(upload);
    }
    return arrivedBytes(deps, id);
  }

  override async remove(id: string): Promise<void> {
    const { deps, user } = this.#asked;
    await cancelUpload(deps, user, id);
  }

  override getExpiration(): number {
    return keepMs(this.#asked.deps);
  }

  async #receive(path: string, mostBytes: number): Promise<void> {
    const { deps, request, server, turn } = this.#asked;
    const bytesPerSecond = deps.config.uploads.min_rate;
    const { signal } = turn;
    const allowance = { mostBytes, exceeded: moreThanAnnounced };
    const lingers = (rest: Promise<void>) => {
      this.#lingers = true;
      turn.endsWith(rest);
    };
    await receiveBody(request, path, allowance, { server, bytesPerSecond, signal, lingers });
  }

  /** Not for each of many pieces: a commit waits until the disk has them all. */
  #putOffExpiry({ id, expiresAt: before }: Upload): void {
    const { db, now } = this.#asked.deps;
    const expiresAt = now() + this.getExpiration();
    if (expiresAt - before < putOffEveryMs) return;
    changeUploadFrom(db, id, ["receiving"], { expiresAt, updatedAt: now() });
    if (this.#shown) this.#shown.creation_date = new Date(now()).toISOString();
  }

  #show(upload: TusUpload): TusUpload {
    this.#shown = upload;
    return upload;
  }

  /** tus adds how long an upload is kept to when it was made; ours is put off with every piece. */
  #creationOf({ expiresAt }: Upload): string {
    return new Date(expiresAt - this.getExpiration()).toISOString();
  }
}

function moreThanAnnounced(): AppError {
  return new AppError("too_large", "That is more than the size that was announced.");
}
