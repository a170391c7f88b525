import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { User } from "../../db/schema.ts";
import { removeWorkFolder } from "../../exec/work-folder.ts";
import { newId } from "../../lib/ids.ts";
import { LocalFile } from "../../web/local-file.ts";
import { bodyLength, readBody, receiveBody } from "../../web/receive-body.ts";
import type { Allowance, ReceivingRules } from "../../web/receive-body.ts";
import { requireQuota } from "../space/space.ts";
import { receivedName, workRoot } from "./arrived.ts";
import { judge, shelve } from "./shelve.ts";
import { partBytesInto } from "./through/begin.ts";
import { openPassage } from "./through/passage.ts";
import type { Passage } from "./through/passage.ts";
import { emptyFile } from "./uploads.ts";
import type { Wishes } from "./wishes.ts";

type Needs = Parameters<typeof openPassage>[0] & Parameters<typeof shelve>[0];

/** What is said of a file before its bytes come. */
export type Said = Readonly<Record<string, string>>;

/**
 * A file of one request. It begins here, and what is no larger than a part stays; more, where its place is a bucket, goes on
 * there while it comes. Nobody goes on with it later: until it is a video, nothing of it outlives the request.
 */
export class OneFile {
  /** How much has come. */
  sizeBytes = 0;
  readonly said: Said;
  readonly allowance: Allowance;
  readonly #deps: Needs;
  readonly #user: User;
  /** Of its work folder, and of what goes on into the bucket. */
  readonly #id = newId();
  readonly #partBytes: number | null;
  #mostHere: number;
  #here: LocalFile | null = null;
  #passage: Passage | null = null;
  #isVideo = false;
  #isClosed = false;

  /** `mostBytes` is what is known of its size. */
  constructor(deps: Needs, user: User, file: { said: Said; allowance: Allowance; mostBytes: number }) {
    this.#deps = deps;
    this.#user = user;
    this.said = file.said;
    this.allowance = file.allowance;
    this.#partBytes = partBytesInto(deps, Math.min(file.mostBytes, file.allowance.mostBytes));
    this.#mostHere = this.#partBytes ?? Infinity;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Takes a body that is all of it. */
  async takeBody(request: Request, rules: ReceivingRules): Promise<void> {
    const { allowance } = this;
    if ((bodyLength(request) ?? Infinity) <= this.#mostHere) {
      await receiveBody(request, this.#path, allowance, rules);
      this.sizeBytes = Bun.file(this.#path).size;
      return;
    }
    await readBody(request, rules, (chunk) => {
      if (this.sizeBytes + chunk.length > allowance.mostBytes) throw allowance.exceeded();
      return this.take(chunk);
    });
    await this.arrived();
  }

  /** What it returns is to be waited for. */
  take(chunk: Uint8Array): void | Promise<void> {
    const room = this.#mostHere - this.sizeBytes;
    this.sizeBytes += chunk.length;
    if (this.#passage) return this.#passage.take(chunk);
    if (chunk.length <= room) return this.#write(chunk);
    this.#write(chunk.subarray(0, room));
    return this.#goOn(chunk.subarray(room));
  }

  /** That was all of it. */
  async arrived(): Promise<void> {
    this.#closeHere();
    await this.#passage?.end();
  }

  /** Makes a video of it, or lets it take the place of another's file; returns the video's id. */
  async shelve(wishes: Wishes): Promise<string> {
    if (this.sizeBytes === 0) throw emptyFile();
    if (this.#passage) return this.#passage.shelve(this.sizeBytes, wishes);
    const [deps, user, folder, sizeBytes] = [this.#deps, this.#user, this.#id, this.sizeBytes];
    const file = await judge(deps, { folder, file: receivedName });
    const videoId = deps.db.transaction(() => {
      // How much was left may have changed since the first byte.
      requireQuota(deps, user, sizeBytes);
      return shelve(deps, user, { folder, file, sizeBytes }, wishes);
    });
    this.#isVideo = true;
    return videoId;
  }

  /** Nothing of it stays that is not a video's. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeHere();
    const isVideo = this.#passage ? await this.#passage.close() : this.#isVideo;
    if (!isVideo) await removeWorkFolder(workRoot(this.#deps), this.#id);
  }

  get #folder(): string {
    return join(workRoot(this.#deps), this.#id);
  }

  get #path(): string {
    return join(this.#folder, receivedName);
  }

  /** There is a part of it by now, and more. While the bucket is away all of it comes here, and waits. */
  async #goOn(rest: Uint8Array): Promise<void> {
    this.#closeHere();
    const coming = { id: this.#id, said: this.said, partBytes: this.#partBytes ?? Infinity };
    this.#passage = await openPassage(this.#deps, this.#user, coming, this.#path);
    if (this.#passage) return this.#passage.take(rest);
    this.#mostHere = Infinity;
    this.#write(rest);
  }

  #write(chunk: Uint8Array): void {
    this.#here ??= new LocalFile(this.#path);
    this.#here.write(chunk);
  }

  #closeHere(): void {
    this.#here?.close();
    this.#here = null;
  }
}
