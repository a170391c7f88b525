import { ChecksumMode, DeleteObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import type { HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { sha256OfFile } from "../../lib/sha256.ts";
import type { Bucket } from "./client.ts";
import { unreachable } from "./errors.ts";
import { readObject } from "./read.ts";
import { sumOfFile, sumOfParts, sumOfWhole } from "./sums.ts";

export interface Sent {
  key: string;
  etag: string | undefined;
  sizeBytes: number;
}

/** What was taken of a stream while it passed: the CRC of the whole, and that of its parts. */
export interface SentSums {
  whole: string;
  parts: string;
}

/**
 * Returns once the stored object is as long as the stream that was sent, and of the same bytes; where it is not, it is
 * deleted again, and this throws.
 */
export async function confirmStream(bucket: Bucket, sent: Sent, { whole, parts }: SentSums): Promise<void> {
  const stored = await confirmSize(bucket, sent);
  const { ChecksumCRC32: kept } = stored;
  const same = kept
    ? kept === (isOfParts(kept) ? parts : whole)
    : (await crc32OfObject(bucket, sent.key)) === whole;
  if (!same) await refuse(bucket, sent, stored, "checksum");
}

/** The same for a local file, which is read once more for it. */
export async function confirmFile(
  bucket: Bucket,
  sent: Sent,
  path: string,
  partBytes: number,
): Promise<void> {
  const stored = await confirmSize(bucket, sent);
  const { ChecksumCRC32: kept } = stored;
  const like = (sum: string) => (isOfParts(sum) ? sumOfParts("crc32", partBytes) : sumOfWhole("crc32"));
  const same = kept
    ? kept === (await sumOfFile(path, like(kept)))
    : (await sha256OfObject(bucket, sent.key)) === (await sha256OfFile(path));
  if (!same) await refuse(bucket, sent, stored, "checksum");
}

async function confirmSize(bucket: Bucket, sent: Sent): Promise<HeadObjectCommandOutput> {
  const stored = await headOf(bucket, sent.key);
  if (stored.ContentLength !== sent.sizeBytes) await refuse(bucket, sent, stored, "size");
  return stored;
}

/** With the checksum that the server keeps, if it keeps any. */
export function headOf({ client, name }: Bucket, key: string): Promise<HeadObjectCommandOutput> {
  const ask = { Bucket: name, Key: key, ChecksumMode: ChecksumMode.ENABLED };
  return client.send(new HeadObjectCommand(ask));
}

export function isOfParts(sum: string): boolean {
  return sum.includes("-");
}

/** What somebody else has stored there since is not ours to delete. */
async function refuse({ client, name }: Bucket, sent: Sent, stored: HeadObjectCommandOutput, what: string) {
  const isOurs = sent.etag !== undefined && stored.ETag === sent.etag;
  if (isOurs) await client.send(new DeleteObjectCommand({ Bucket: name, Key: sent.key }));
  throw unreachable(new Error(`the ${what} of what was stored as ${sent.key} is not that of what was sent`));
}

/** For servers that keep no checksums: the bytes themselves come back. */
async function crc32OfObject(bucket: Bucket, key: string): Promise<string> {
  const sum = sumOfWhole("crc32");
  for await (const chunk of await readObject(bucket, key)) sum.update(chunk);
  return sum.text();
}

async function sha256OfObject(bucket: Bucket, key: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of await readObject(bucket, key)) hasher.update(chunk);
  return hasher.digest("hex");
}
