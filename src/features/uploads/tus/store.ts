import type { Readable } from "node:stream";
import { DataStore, Upload as TusUpload } from "@tus/server";
import type { Server } from "bun";
import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import type { ReceivingRules } from "../../../web/receive-body.ts";
import { parseChecksum } from "./checksum.ts";
import { finishTusLater } from "./finish.ts";
import { inletOf } from "./inlets.ts";
import { changeUploadFrom } from "../queries.ts";
import type { Upload } from "../queries.ts";
import { beginThrough, wayInto } from "../through/begin.ts";
import type { Turn } from "./turns.ts";
import { cancelUpload, getUpload, keepMs, offsetOf, startUpload } from "../uploads.ts";

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
    const started = startUpload(deps, user, { id, sizeBytes: size, wishes, ...wayInto(deps, size) });
    const row = await beginThrough(deps, started);
    return this.#show(Object.assign(upload, { creation_date: this.#creationOf(row) }));
  }

  /** In somebody's turn, and so nobody writes meanwhile. */
  override async getUpload(id: string): Promise<TusUpload> {
    const { deps, user } = this.#asked;
    const row = getUpload(deps, user, id);
    inletOf(row).dropDistrusted(deps, row);
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
    const inlet = inletOf(upload);
    const allowance = { mostBytes: sizeBytes - offset, exceeded: moreThanAnnounced };
    try {
      await inlet.receive(deps, upload, { request, checksum, allowance, rules: this.#rules() });
    } catch (error) {
      // Who has the turn next does it, where bytes still come.
      if (!this.#lingers) inlet.dropDistrusted(deps, getUpload(deps, user, id));
      // With the very last byte a connection may break too, and then nobody has anything left to send.
      if (offsetOf(deps, getUpload(deps, user, id)) === sizeBytes) finishTusLater(deps, upload);
      throw error;
    } finally {
      this.#putOffExpiry(upload);
    }
    return offsetOf(deps, getUpload(deps, user, id));
  }

  override async remove(id: string): Promise<void> {
    const { deps, user } = this.#asked;
    await cancelUpload(deps, user, id);
  }

  override getExpiration(): number {
    return keepMs(this.#asked.deps);
  }

  #rules(): ReceivingRules {
    const { deps, server, turn } = this.#asked;
    const lingers = (rest: Promise<void>) => {
      this.#lingers = true;
      turn.endsWith(rest);
    };
    return { server, bytesPerSecond: deps.config.uploads.min_rate, signal: turn.signal, lingers };
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
