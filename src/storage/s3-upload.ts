import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { kindOfKey } from "./keys.ts";
import type { Bucket } from "./s3-client.ts";

const mib = 1024 * 1024;
/** S3 takes 10,000 parts of an object at the most. */
const mostParts = 9_000;

/** Parts of whole MiB, few enough for the size. */
export function partBytesFor(sizeBytes: number, least: number): number {
  return Math.max(least, Math.ceil(sizeBytes / mostParts / mib) * mib);
}

/** Stores a local file; resolves to the ETag. What is larger than a part goes up in parts, some at once. */
export async function uploadFile(
  bucket: Bucket,
  key: string,
  path: string,
  sizeBytes: number,
  partBytes: number,
): Promise<string | undefined> {
  if (sizeBytes > partBytes) await abortLeftovers(bucket, key);
  return upload(bucket, key, createReadStream(path, { highWaterMark: mib }), partBytes);
}

/** The same for a stream of unknown length. */
export async function uploadStream(
  bucket: Bucket,
  key: string,
  body: ReadableStream<Uint8Array>,
  partBytes: number,
): Promise<string | undefined> {
  await abortLeftovers(bucket, key);
  return upload(bucket, key, body, partBytes);
}

async function upload(
  { client, name, classes }: Bucket,
  key: string,
  body: ReadableStream | Readable,
  partSize: number,
): Promise<string | undefined> {
  const StorageClass = classes?.[kindOfKey(key)] || undefined;
  const params = { Bucket: name, Key: key, Body: body, StorageClass };
  // Where anything fails it takes back the parts that it has sent.
  const { ETag } = await new Upload({ client, params, partSize, queueSize: 3 }).done();
  return ETag;
}

/**
 * Parts that an earlier life of ours sent before it was cut off: nobody sees them, but they take space until they
 * are taken back. Only while nobody else of us writes the key. MinIO lists them only by their whole key.
 */
async function abortLeftovers({ client, name }: Bucket, key: string): Promise<void> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: name, Prefix: key }));
  for (const { Key, UploadId } of Uploads) {
    if (Key === key) await client.send(new AbortMultipartUploadCommand({ Bucket: name, Key, UploadId }));
  }
}
