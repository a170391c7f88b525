import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
} from "@aws-sdk/client-s3";
import type { CompletedPart } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { kindOfKey } from "../keys.ts";
import type { Bucket } from "./client.ts";
import { unreachable } from "./errors.ts";

/** Stores a stream of unknown length; resolves to the ETag. What is larger than a part goes up in parts, some at once. */
export async function uploadStream(
  bucket: Bucket,
  key: string,
  body: ReadableStream<Uint8Array>,
  partSize: number,
): Promise<string | undefined> {
  await abortLeftovers(bucket, key);
  const params = { ...objectOf(bucket, key), Body: body };
  // Where anything fails it takes back the parts that it has sent.
  const { ETag } = await new Upload({ client: bucket.client, params, partSize, queueSize: 3 }).done();
  return ETag;
}

export type PartsOf = { Bucket: string; Key: string; UploadId: string };

/** Makes an object of the parts that `send` brings there, or leaves nothing of them; resolves to the ETag. */
export async function inParts(
  bucket: Bucket,
  key: string,
  checksum: { ChecksumAlgorithm?: "CRC32" },
  send: (upload: PartsOf) => Promise<CompletedPart[]>,
): Promise<string | undefined> {
  const { client, name } = bucket;
  await abortLeftovers(bucket, key);
  const start = { ...objectOf(bucket, key), ...checksum };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(start));
  if (!UploadId) throw unreachable(new Error("what came is no begin of an upload"));
  const upload = { Bucket: name, Key: key, UploadId };
  try {
    const all = { ...upload, MultipartUpload: { Parts: await send(upload) } };
    return (await client.send(new CompleteMultipartUploadCommand(all))).ETag;
  } catch (error) {
    // What stays where this fails too is cleared away by the next try, or the lifecycle rule.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => {});
    throw error;
  }
}

/** The object to be, and how it is to be kept. */
export function objectOf({ name, classes }: Bucket, key: string) {
  return { Bucket: name, Key: key, StorageClass: classes?.[kindOfKey(key)] || undefined };
}

/**
 * Parts that an earlier life of ours sent before it was cut off: nobody sees them, but they take space until they
 * are taken back. Only while nobody else of us writes the key. MinIO lists them only by their whole key.
 */
export async function abortLeftovers({ client, name }: Bucket, key: string): Promise<void> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: name, Prefix: key }));
  for (const { Key, UploadId } of Uploads) {
    if (Key === key) await client.send(new AbortMultipartUploadCommand({ Bucket: name, Key, UploadId }));
  }
}
