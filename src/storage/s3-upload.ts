import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { kindOfKey } from "./keys.ts";
import type { Bucket } from "./s3-client.ts";

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
