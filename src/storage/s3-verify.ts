import { createReadStream } from "node:fs";
import { crc32 } from "node:zlib";
import { ChecksumMode, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import type { HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { sha256OfFile } from "../lib/sha256.ts";
import type { Bucket } from "./s3-client.ts";
import { bytesOfCrc, crc32InBase64 } from "./s3-crc32.ts";
import { unreachable } from "./s3-errors.ts";

export interface Sent {
  key: string;
  etag: string | undefined;
  sizeBytes: number;
}

/** Returns once the stored object is as long as what was sent; where it is not, it is deleted again, and this throws. */
export async function confirmSize(bucket: Bucket, sent: Sent): Promise<void> {
  const stored = await headOf(bucket, sent.key);
  if (stored.ContentLength !== sent.sizeBytes) await refuse(bucket, sent, stored, "size");
}

/** The same, and that the stored bytes are those of the local file, which is read once more for it. */
export async function confirmFile(
  bucket: Bucket,
  sent: Sent,
  path: string,
  partBytes: number,
): Promise<void> {
  const stored = await headOf(bucket, sent.key);
  if (stored.ContentLength !== sent.sizeBytes) await refuse(bucket, sent, stored, "size");
  const same = stored.ChecksumCRC32
    ? stored.ChecksumCRC32 === (await crc32LikeS3(path, stored.ChecksumCRC32, sent.sizeBytes, partBytes))
    : (await sha256OfObject(bucket, sent.key)) === (await sha256OfFile(path));
  if (!same) await refuse(bucket, sent, stored, "checksum");
}

function headOf({ client, name }: Bucket, key: string): Promise<HeadObjectCommandOutput> {
  const ask = { Bucket: name, Key: key, ChecksumMode: ChecksumMode.ENABLED };
  return client.send(new HeadObjectCommand(ask));
}

/** What somebody else has stored there since is not ours to delete. */
async function refuse({ client, name }: Bucket, sent: Sent, stored: HeadObjectCommandOutput, what: string) {
  const isOurs = sent.etag !== undefined && stored.ETag === sent.etag;
  if (isOurs) await client.send(new DeleteObjectCommand({ Bucket: name, Key: sent.key }));
  throw unreachable(new Error(`the ${what} of what was stored as ${sent.key} is not that of what was sent`));
}

/**
 * In the form of the one to compare with: base64 of the whole file's CRC, or with "-N" behind it the CRC of the N
 * parts' CRCs (Amazon S3 User Guide, "Checking object integrity": full object and composite checksums).
 */
async function crc32LikeS3(
  path: string,
  sample: string,
  sizeBytes: number,
  partBytes: number,
): Promise<string> {
  if (!sample.includes("-")) return bytesOfCrc(await crc32OfFile(path)).toString("base64");
  const parts: Buffer[] = [];
  for (let start = 0; start < sizeBytes; start += partBytes) {
    parts.push(bytesOfCrc(await crc32OfFile(path, { start, end: start + partBytes - 1 })));
  }
  return `${crc32InBase64(Buffer.concat(parts))}-${parts.length}`;
}

async function crc32OfFile(path: string, range: { start?: number; end?: number } = {}): Promise<number> {
  let crc = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, ...range })) {
    crc = crc32(chunk as Buffer, crc);
  }
  return crc;
}

/** For servers that keep no checksums: the bytes themselves come back. */
async function sha256OfObject({ client, name }: Bucket, key: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
  for await (const chunk of Body as unknown as ReadableStream<Uint8Array>) hasher.update(chunk);
  return hasher.digest("hex");
}
