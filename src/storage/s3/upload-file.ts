import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { PutObjectCommand, UploadPartCommand } from "@aws-sdk/client-s3";
import type { CompletedPart } from "@aws-sdk/client-s3";
import type { Bucket } from "./client.ts";
import { crc32InBase64 } from "./crc32.ts";
import { inParts, objectOf } from "./upload.ts";
import type { PartsOf } from "./upload.ts";

/** Each holds a part in memory. */
const partsAtOnce = 3;

/**
 * Stores a local file; resolves to the ETag. What is larger than a part goes up in parts, some at once. The SDK's own way
 * copies each byte several times, and takes half as much processor time again (bench/s3.ts).
 */
export async function uploadFile(
  bucket: Bucket,
  key: string,
  path: string,
  sizeBytes: number,
  partBytes: number,
): Promise<string | undefined> {
  const file = await open(path);
  try {
    if (sizeBytes > partBytes) {
      const source = { file, sizeBytes, partBytes };
      const checksum = { ChecksumAlgorithm: "CRC32" } as const;
      return await inParts(bucket, key, checksum, (upload) => sendParts(bucket, upload, source));
    }
    const Body = await readPart(file, Buffer.alloc(sizeBytes), 0);
    const whole = { ...objectOf(bucket, key), Body, ChecksumCRC32: crc32InBase64(Body) };
    return (await bucket.client.send(new PutObjectCommand(whole))).ETag;
  } finally {
    await file.close();
  }
}

interface Source {
  file: FileHandle;
  sizeBytes: number;
  partBytes: number;
}

/** A few take the next part each, until there is none; the first failure stops all, and all have stopped when it is thrown. */
async function sendParts({ client }: Bucket, upload: PartsOf, source: Source): Promise<CompletedPart[]> {
  const { file, sizeBytes, partBytes } = source;
  const count = Math.ceil(sizeBytes / partBytes);
  const parts: CompletedPart[] = [];
  const stop = new AbortController();
  let next = 1;
  async function sendSome(): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(partBytes);
    while (next <= count && !stop.signal.aborted) {
      const PartNumber = next++;
      const start = (PartNumber - 1) * partBytes;
      const Body = await readPart(file, buffer.subarray(0, Math.min(partBytes, sizeBytes - start)), start);
      const ChecksumCRC32 = crc32InBase64(Body);
      const part = new UploadPartCommand({ ...upload, PartNumber, Body, ChecksumCRC32 });
      const { ETag } = await client.send(part, { abortSignal: stop.signal });
      parts[PartNumber - 1] = { PartNumber, ETag, ChecksumCRC32 };
    }
  }
  const some = Array.from({ length: Math.min(partsAtOnce, count) }, () =>
    sendSome().catch((error: unknown) => {
      stop.abort();
      throw error;
    }),
  );
  const outcomes = await Promise.allSettled(some);
  const failed = outcomes.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
  // The others only heard that they should stop.
  const first = failed.find(({ reason }) => (reason as Error).name !== "AbortError") ?? failed[0];
  if (first) throw first.reason;
  return parts;
}

async function readPart(file: FileHandle, into: Buffer, start: number): Promise<Buffer> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, start + done);
    if (bytesRead === 0) throw new Error("the file became shorter while it was being stored");
    done += bytesRead;
  }
  return into;
}
