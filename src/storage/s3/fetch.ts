import { rm } from "node:fs/promises";
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import type { HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { AppError } from "../../lib/errors.ts";
import type { Bucket } from "./client.ts";
import { onS3, unreachable } from "./errors.ts";
import { readObject } from "./read.ts";
import { fillFile } from "./scratch.ts";
import { sumOfParts, sumOfWhole } from "./sums.ts";
import type { RunningSum, SumKind } from "./sums.ts";
import { headOf, isOfParts } from "./verify.ts";

const tries = 3;

/**
 * Writes an object's bytes to a new file, and compares them with what the server keeps of them. What was garbled on the way
 * is fetched again; `checksum_mismatch` where it stays so. With `etag` it has to be that of the object.
 */
export async function fetchToFile(
  bucket: Bucket,
  object: { key: string; etag?: string },
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  let before: string | null = null;
  for (let left = tries; left > 0; left -= 1) {
    const head = await onS3(headOf(bucket, object.key));
    const kept = await onS3(keptSum(bucket, object.key, head));
    const sum = kept?.begin() ?? nothing;
    const bytes = await readObject(bucket, object.key, undefined, object.etag);
    await fillFile(path, bytes, sum.update, signal);
    const { size } = Bun.file(path);
    // An answer that is short by its own word too ends like a whole one.
    if (size !== head.ContentLength)
      throw unreachable(new Error(`${size} of ${head.ContentLength} bytes came`));
    const came = sum.text();
    if (kept === null || came === kept.text) return;
    if (!kept.isPromised && came === before) return;
    before = came;
    await rm(path);
  }
  throw new AppError("checksum_mismatch", "What came from the storage is not what was stored there.", {
    hint: "Look at the network to the S3 server, and at its disks.",
  });
}

interface KeptSum {
  text: string;
  begin(): RunningSum;
  /**
   * False for an ETag: it is the MD5 nearly everywhere, and nobody has to keep to that. The same bytes twice are believed
   * then, since what garbles them on the way does not do it alike.
   */
  isPromised: boolean;
}

const nothing: RunningSum = { update: () => {}, text: () => "" };

/** What there is to compare with; null where that is the size alone. */
async function keptSum(bucket: Bucket, key: string, head: HeadObjectCommandOutput): Promise<KeptSum | null> {
  const { ChecksumCRC32: crc32, ETag = "", ServerSideEncryption: encryption = "AES256" } = head;
  const [kind, text]: [SumKind, string] = crc32 ? ["crc32", crc32] : ["md5", ETag.replaceAll('"', "")];
  // Amazon S3 API, Object: under other encryptions the ETag is no MD5.
  if (kind === "md5" && !(encryption === "AES256" && /^[0-9a-f]{32}(-\d+)?$/.test(text))) return null;
  const isPromised = kind === "crc32";
  if (!isOfParts(text)) return { text, begin: () => sumOfWhole(kind), isPromised };
  const partBytes = await partBytesOf(bucket, key, head, Number(text.split("-")[1]));
  return partBytes === null ? null : { text, begin: () => sumOfParts(kind, partBytes), isPromised };
}

/** How large all parts but the last are; null where the server doesn't say, or they differ. */
async function partBytesOf(
  { client, name }: Bucket,
  Key: string,
  { ContentLength: sizeBytes = 0 }: HeadObjectCommandOutput,
  count: number,
): Promise<number | null> {
  const first = await client.send(new HeadObjectCommand({ Bucket: name, Key, PartNumber: 1 }));
  const partBytes = first.ContentLength ?? 0;
  return partBytes > 0 && Math.ceil(sizeBytes / partBytes) === count ? partBytes : null;
}
