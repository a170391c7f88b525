import { lstat, unlink } from "node:fs/promises";
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { keyLock } from "../../lib/key-lock.ts";
import { partBytesFor } from "../../lib/part-size.ts";
import { semaphore } from "../../lib/semaphore.ts";
import { checkKey, checkPrefix, isKey, kindOfKey } from "../keys.ts";
import { connectBucket } from "./client.ts";
import type { Bucket } from "./client.ts";
import { notFound, onS3, unreachable } from "./errors.ts";
import { fetchToFile } from "./fetch.ts";
import { linkSigner } from "./link.ts";
import type { S3Options } from "./options.ts";
import { readObject } from "./read.ts";
import { withScratchCopy } from "./scratch.ts";
import { sumOfParts, sumOfWhole } from "./sums.ts";
import { uploadFile } from "./upload-file.ts";
import { abortLeftovers, uploadStream } from "./upload.ts";
import { confirmFile, confirmStream } from "./verify.ts";
import type { LinkOptions, Storage, StoredObject } from "../storage.ts";

/** `Storage` once it is connected; `openS3Storage` is its door. */
export interface BucketStorage extends Omit<Storage, "name" | "delivery" | "freeBytes"> {
  sign(key: string, options: LinkOptions): Promise<string>;
}

const copiesAtOnce = 3;

export function openBucket(options: S3Options): BucketStorage {
  const bucket = connectBucket(options);
  const leastPart = options.partBytes ?? 16 * 1024 * 1024;
  const oneWriter = keyLock();
  const fewCopies = semaphore(copiesAtOnce);
  const sign = linkSigner(bucket);
  const write = async (key: string, task: () => Promise<void>) => onS3(oneWriter(checkKey(key), task));

  async function putFile(key: string, localPath: string, keep = false): Promise<void> {
    const source = await lstat(localPath);
    const sizeBytes = source.size;
    // A link would let whoever made it choose a file of this machine.
    if (!source.isFile()) throw new Error(`${localPath} is not a regular file`);
    const partBytes = partBytesFor(sizeBytes, leastPart);
    const etag = await uploadFile(bucket, key, localPath, sizeBytes, partBytes);
    await confirmFile(bucket, { key, etag, sizeBytes }, localPath, partBytes);
    if (!keep) await unlink(localPath);
  }

  async function put(key: string, body: Uint8Array | ReadableStream<Uint8Array>): Promise<void> {
    let sizeBytes = 0;
    const [whole, parts] = [sumOfWhole("crc32"), sumOfParts("crc32", leastPart)];
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        sizeBytes += chunk.length;
        for (const sum of [whole, parts]) sum.update(chunk);
        controller.enqueue(chunk);
      },
    });
    const stream = body instanceof Uint8Array ? new Blob([body as Uint8Array<ArrayBuffer>]).stream() : body;
    const etag = await uploadStream(bucket, key, stream.pipeThrough(counter), leastPart);
    const sums = { whole: whole.text(), parts: parts.text() };
    await confirmStream(bucket, { key, etag, sizeBytes }, sums);
  }

  async function remove(key: string): Promise<void> {
    await deleteObject(bucket, key);
    // Of a video that was given up halfway. Pictures go up in one piece.
    if (kindOfKey(key) !== "picture") await abortLeftovers(bucket, key);
  }

  return {
    putFile: (key, localPath, how) => write(key, () => putFile(key, localPath, how?.keep)),
    put: (key, body) => write(key, () => put(key, body)),
    find: async (key) => onS3(findObject(bucket, checkKey(key))),
    read: async (key, range) => readObject(bucket, checkKey(key), range),
    delete: (key) => write(key, () => remove(key)),
    list: (prefix) => listObjects(bucket, checkPrefix(prefix)),
    withLocalFile: async (key, use) => {
      const found = await onS3(findObject(bucket, checkKey(key)));
      if (!found) throw notFound();
      const { workRoot } = options;
      // Whichever it is by then: what comes is compared with what the server keeps of that one.
      const { sizeBytes } = found;
      const copy = { sizeBytes, workRoot, fetch: (path: string) => fetchToFile(bucket, { key }, path) };
      return fewCopies(() => withScratchCopy(copy, use));
    },
    check: (signal) => onS3(checkBucket(bucket, signal)),
    sign: (key, link) => onS3(sign(key, link)),
  };
}

/** The shortest of lists: it says what is wrong, which the answer to a HEAD can't. */
async function checkBucket({ client, name }: Bucket, abortSignal: AbortSignal): Promise<void> {
  const command = new ListObjectsV2Command({ Bucket: name, MaxKeys: 1 });
  const { Name } = await client.send(command, { abortSignal });
  if (Name === undefined) throw unreachable(new Error("what came is no list of objects"));
}

async function findObject({ client, name }: Bucket, key: string): Promise<StoredObject | null> {
  try {
    const found = await client.send(new HeadObjectCommand({ Bucket: name, Key: key }));
    const { ContentLength: sizeBytes = 0, LastModified: modifiedAt = new Date(0), ETag: etag } = found;
    return { key, sizeBytes, modifiedAt, etag };
  } catch (error) {
    // The answer to HEAD has no body that could say more, e.g. that the whole bucket is missing.
    if (error instanceof NotFound) return null;
    throw error;
  }
}

async function deleteObject({ client, name }: Bucket, key: string): Promise<void> {
  try {
    await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }));
  } catch (error) {
    // S3 itself has nothing against deleting what is not there; some that speak like it do.
    if (!(error instanceof NoSuchKey)) throw error;
  }
}

/** S3 lists in the order of the keys' bytes, a thousand at a time. What is not named like a key is not ours. */
async function* listObjects({ client, name }: Bucket, prefix: string): AsyncGenerator<StoredObject> {
  const pages = paginateListObjectsV2({ client }, { Bucket: name, Prefix: prefix })[Symbol.asyncIterator]();
  for (let page = await onS3(pages.next()); !page.done; page = await onS3(pages.next())) {
    // Whatever else answers with 200 and is no list must not look like an empty bucket.
    if (page.value.Name === undefined) throw unreachable(new Error("what came is no list of objects"));
    for (const { Key = "", Size = 0, LastModified = new Date(0) } of page.value.Contents ?? []) {
      if (isKey(Key)) yield { key: Key, sizeBytes: Size, modifiedAt: LastModified };
    }
  }
}
