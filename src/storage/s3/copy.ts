import { CopyObjectCommand, NoSuchKey, UploadPartCopyCommand } from "@aws-sdk/client-s3";
import type { CompletedPart } from "@aws-sdk/client-s3";
import type { Arrival } from "../arrivals.ts";
import type { Bucket } from "./client.ts";
import { notFound } from "./errors.ts";
import { inParts, objectOf } from "./upload.ts";
import type { PartsOf } from "./upload.ts";
import { confirmFile } from "./verify.ts";

/** More than this S3 copies in parts only (Amazon S3 API, "CopyObject"). */
const mostAtOnce = 5 * 1024 ** 3;

/** Within the bucket; then the copy is compared with the local file of the same bytes. */
export async function copyArrival(
  bucket: Bucket,
  arrival: Arrival,
  target: string,
  localPath: string,
  most = mostAtOnce,
): Promise<void> {
  const { sizeBytes, partBytes } = arrival;
  const copy = sizeBytes > most ? copyInParts : copyWhole;
  try {
    const etag = await copy(bucket, arrival, target);
    await confirmFile(bucket, { key: target, etag, sizeBytes }, localPath, partBytes);
  } catch (error) {
    throw error instanceof NoSuchKey ? notFound(error) : error;
  }
}

async function copyWhole(bucket: Bucket, { key }: Arrival, target: string): Promise<string | undefined> {
  const copy = { ...objectOf(bucket, target), CopySource: sourceOf(bucket, key) };
  const asked = new CopyObjectCommand({ ...copy, ChecksumAlgorithm: "CRC32" });
  return (await bucket.client.send(asked)).CopyObjectResult?.ETag;
}

function copyInParts(bucket: Bucket, arrival: Arrival, target: string): Promise<string | undefined> {
  // MinIO says no checksum of a part that it copied, and then asks for it: such a copy is read back instead.
  return inParts(bucket, target, {}, (upload) => copyParts(bucket, arrival, upload));
}

async function copyParts(
  bucket: Bucket,
  { key, sizeBytes, partBytes }: Arrival,
  upload: PartsOf,
): Promise<CompletedPart[]> {
  const parts: CompletedPart[] = [];
  for (let start = 0; start < sizeBytes; start += partBytes) {
    const PartNumber = parts.length + 1;
    const CopySourceRange = `bytes=${start}-${Math.min(start + partBytes, sizeBytes) - 1}`;
    const part = { ...upload, PartNumber, CopySource: sourceOf(bucket, key), CopySourceRange };
    const { CopyPartResult } = await bucket.client.send(new UploadPartCopyCommand(part));
    parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
  }
  return parts;
}

/** Nothing in a key of ours needs encoding. */
function sourceOf({ name }: Bucket, key: string): string {
  return `${name}/${key}`;
}
