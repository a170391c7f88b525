import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HeadObjectCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import type { Arrivals } from "../../src/storage/arrivals.ts";
import { keys } from "../../src/storage/keys.ts";
import { connectBucket } from "../../src/storage/s3/client.ts";
import { copyArrival } from "../../src/storage/s3/copy.ts";
import { openArrivalsBucket } from "../../src/storage/s3/arrivals.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { namedEndpoint, openNamedS3 } from "../fixtures/any-s3.ts";
import type { AnyS3 } from "../fixtures/any-s3.ts";
import { hasOwnS3, startOwnS3 } from "../fixtures/own-s3.ts";
import { bytesOf, codeOf, noise } from "./storage.ts";

const partBytes = 5 * 1024 * 1024;
const bytes = noise(12_000_000);
const arrival = { key: keys.arrival("one"), sizeBytes: bytes.length, partBytes };

describe.skipIf(!hasOwnS3 && namedEndpoint === null)("what comes into the bucket in parts", () => {
  let server: AnyS3;
  let options: S3Options;
  let arrivals: Arrivals;
  let storage: Storage;
  const folder = mkdtempSync(join(tmpdir(), "arrivals-"));
  const local = join(folder, "local");
  beforeAll(async () => {
    writeFileSync(local, bytes);
    server = namedEndpoint === null ? await startOwnS3() : openNamedS3(namedEndpoint);
    options = { ...(await server.newBucket()), partBytes };
    arrivals = openArrivalsBucket(options);
    storage = openS3Storage(options);
  }, 60_000);
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const partOf = (n: number) => bytes.subarray((n - 1) * partBytes, n * partBytes);

  async function sendAll(key: string): Promise<void> {
    const id = await arrivals.begin(key);
    // Out of order, and one of them twice.
    for (const n of [3, 1, 2, 1]) await arrivals.putPart(key, id, n, partOf(n));
    const parts = await arrivals.parts(key, id);
    expect(parts.map(({ n, sizeBytes }) => [n, sizeBytes])).toEqual([
      [1, partBytes],
      [2, partBytes],
      [3, bytes.length - 2 * partBytes],
    ]);
    await arrivals.complete(key, id, parts);
  }

  async function unfinished(prefix: string): Promise<number> {
    const { Uploads = [] } = await server.client.send(
      new ListMultipartUploadsCommand({ Bucket: options.bucket, Prefix: prefix }),
    );
    return Uploads.length;
  }

  test("is an object when it is complete, and not before", async () => {
    await sendAll(arrival.key);
    expect(await arrivals.has(arrival.key, bytes.length)).toBe(true);
    expect(bytes.equals(await bytesOf(storage, arrival.key))).toBe(true);
    expect(await unfinished(arrival.key)).toBe(0);
  });

  test("is copied within the bucket, and the copy is compared with the file", async () => {
    const target = keys.original("video", "mp4");
    await arrivals.copy(arrival, target, local);
    expect(bytes.equals(await bytesOf(storage, target))).toBe(true);
    // Again, as after a kill.
    await arrivals.copy(arrival, target, local);
    const head = new HeadObjectCommand({ Bucket: options.bucket, Key: target });
    expect((await server.client.send(head)).ContentLength).toBe(bytes.length);
  });

  test("what is more than S3 copies at once is copied in parts", async () => {
    const target = keys.original("long", "mp4");
    await copyArrival(connectBucket(options), arrival, target, local, 6_000_000);
    expect(bytes.equals(await bytesOf(storage, target))).toBe(true);
    expect(await unfinished(target)).toBe(0);
  });

  test("a copy that is not the file's bytes is thrown away", async () => {
    const other = join(folder, "other");
    writeFileSync(other, bytes.toReversed());
    const target = keys.original("other", "mp4");
    expect(await codeOf(arrivals.copy(arrival, target, other))).toBe("storage_unreachable");
    expect(await storage.find(target)).toBeNull();
  });

  test("of what is gone there is no copy", async () => {
    const gone = { ...arrival, key: keys.arrival("gone") };
    expect(await codeOf(arrivals.copy(gone, keys.original("gone", "mp4"), local))).toBe("not_found");
  });

  test("a part of what was dropped is not taken", async () => {
    const key = keys.arrival("dropped");
    const id = await arrivals.begin(key);
    await arrivals.putPart(key, id, 1, partOf(1));
    await arrivals.drop(key, id);
    await arrivals.drop(key, id);
    expect(await codeOf(arrivals.putPart(key, id, 2, partOf(2)))).toBe("not_found");
    expect(await unfinished(key)).toBe(0);
  });

  test("begun again, only the last is there", async () => {
    const key = keys.arrival("again");
    const first = await arrivals.begin(key);
    await arrivals.putPart(key, first, 1, partOf(1));
    const second = await arrivals.begin(key);
    expect(await codeOf(arrivals.parts(key, first))).toBe("not_found");
    expect(await arrivals.parts(key, second)).toEqual([]);
    await arrivals.drop(key, null);
    expect(await unfinished(key)).toBe(0);
  });
});
