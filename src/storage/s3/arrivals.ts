import { dirname } from "node:path";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  NotFound,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { Part } from "@aws-sdk/client-s3";
import type { ArrivedPart, Arrivals, PartLink, PartToCome } from "../arrivals.ts";
import { connectBucket } from "./client.ts";
import { copyArrival } from "./copy.ts";
import { crc32InBase64 } from "./crc32.ts";
import type { Bucket } from "./client.ts";
import { notFound, onS3, unreachable } from "./errors.ts";
import { fetchToFile } from "./fetch.ts";
import { addressSigner } from "./link.ts";
import type { S3Options } from "./options.ts";
import { requireScratch } from "./scratch.ts";
import { abortLeftovers } from "./upload.ts";

/** Connected; `openArrivals` is its door. */
export function openArrivalsBucket(options: S3Options): Arrivals {
  const bucket = connectBucket(options);
  const sign = addressSigner(bucket);

  /** Both stand in headers that are signed: MinIO refuses a checksum in the address. */
  async function signPart(
    key: string,
    uploadId: string,
    part: PartToCome,
    expiresSeconds: number,
  ): Promise<PartLink> {
    const headers = { "x-amz-checksum-crc32": part.crc32 };
    const signed = { ...headers, "content-length": String(part.sizeBytes) };
    const life = { date: new Date(), expiresSeconds };
    const request = { method: "PUT", headers: signed } as const;
    return { url: await sign(key, { partNumber: String(part.n), uploadId }, life, request), headers };
  }

  return {
    begin: (key) => onS3(begin(bucket, key)),
    signPart: (key, id, part, expiresSeconds) => onS3(signPart(key, id, part, expiresSeconds)),
    putPart: (key, id, n, bytes) => onS3(putPart(bucket, key, id, n, bytes)),
    parts: (key, id) => onS3(partsOf(bucket, key, id)),
    has: (key, sizeBytes) => onS3(has(bucket, key, sizeBytes)),
    complete: (key, id, parts) => onS3(complete(bucket, key, id, parts)),
    async fetch(key, sizeBytes, path, signal) {
      await requireScratch(dirname(path), sizeBytes);
      await fetchToFile(bucket, { key }, path, signal);
      const { size } = Bun.file(path);
      if (size !== sizeBytes) throw unreachable(new Error(`${size} of ${sizeBytes} bytes are there`));
    },
    copy: (arrival, target, path) => onS3(copyArrival(bucket, arrival, target, path)),
    drop: (key, id) => onS3(drop(bucket, key, id)),
  };
}

async function begin(bucket: Bucket, key: string): Promise<string> {
  await abortLeftovers(bucket, key);
  // Of the whole: for one of the parts' checksums, these have to be said again at the end, and SeaweedFS doesn't list them.
  const sum = { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" } as const;
  const start = { Bucket: bucket.name, Key: key, ...sum };
  const { UploadId } = await bucket.client.send(new CreateMultipartUploadCommand(start));
  if (!UploadId) throw unreachable(new Error("what came is no begin of an upload"));
  return UploadId;
}

async function putPart(
  { client, name }: Bucket,
  key: string,
  UploadId: string,
  n: number,
  bytes: Uint8Array,
): Promise<ArrivedPart> {
  const crc32 = crc32InBase64(bytes);
  const part = { Bucket: name, Key: key, UploadId, PartNumber: n, Body: bytes, ChecksumCRC32: crc32 };
  try {
    const { ETag } = await client.send(new UploadPartCommand(part));
    if (!ETag) throw unreachable(new Error("what came is no word on a part"));
    return { n, sizeBytes: bytes.length, etag: ETag, crc32 };
  } catch (error) {
    throw isGone(error) ? notFound(error) : error;
  }
}

async function partsOf({ client, name }: Bucket, key: string, UploadId: string): Promise<ArrivedPart[]> {
  const parts: Part[] = [];
  try {
    // By hand: the SDK asks for another page as long as one names a marker, which MinIO does on the last one too.
    for (let after: string | undefined, isMore = true; isMore;) {
      const ask = { Bucket: name, Key: key, UploadId, PartNumberMarker: after };
      const page = await client.send(new ListPartsCommand(ask));
      if (page.UploadId === undefined) throw unreachable(new Error("what came is no list of parts"));
      parts.push(...(page.Parts ?? []));
      [after, isMore] = [page.NextPartNumberMarker, page.IsTruncated === true];
    }
  } catch (error) {
    throw isGone(error) ? notFound(error) : error;
  }
  return newestOfEach(parts).map(({ PartNumber = 0, Size = 0, ETag = "", ChecksumCRC32 = "" }) => {
    return { n: PartNumber, sizeBytes: Size, etag: ETag, crc32: ChecksumCRC32 };
  });
}

/** SeaweedFS lists a part that was sent again once for each time. */
function newestOfEach(parts: readonly Part[]): Part[] {
  const newest = new Map<number | undefined, Part>();
  for (const part of parts) {
    const known = newest.get(part.PartNumber)?.LastModified;
    if (!known || !part.LastModified || part.LastModified >= known) newest.set(part.PartNumber, part);
  }
  return [...newest.values()];
}

async function has({ client, name }: Bucket, key: string, sizeBytes: number): Promise<boolean> {
  try {
    const found = await client.send(new HeadObjectCommand({ Bucket: name, Key: key }));
    return found.ContentLength === sizeBytes;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}

async function complete(
  { client, name }: Bucket,
  key: string,
  UploadId: string,
  parts: readonly ArrivedPart[],
): Promise<void> {
  const Parts = parts.map(({ n, etag, crc32 }) => {
    return { PartNumber: n, ETag: etag, ...(crc32 ? { ChecksumCRC32: crc32 } : {}) };
  });
  const all = { Bucket: name, Key: key, UploadId, MultipartUpload: { Parts } };
  await client.send(new CompleteMultipartUploadCommand(all));
}

async function drop(bucket: Bucket, key: string, UploadId: string | null): Promise<void> {
  const { client, name } = bucket;
  if (UploadId === null) await abortLeftovers(bucket, key);
  else {
    const abort = new AbortMultipartUploadCommand({ Bucket: name, Key: key, UploadId });
    await client.send(abort).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
  }
  await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }));
}

/** It was completed, aborted, or cleared away as too old. */
function isGone(error: unknown): boolean {
  return error instanceof Error && error.name === "NoSuchUpload";
}
