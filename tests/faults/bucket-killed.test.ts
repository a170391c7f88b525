import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { keys } from "../../src/storage/keys.ts";
import type { S3Options } from "../../src/storage/s3-options.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { hasMinio, s3Settings, startMinio } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { openFaultyS3 } from "../fixtures/s3-faults.ts";
import type { FaultyS3 } from "../fixtures/s3-faults.ts";
import { newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { clipOfSize, sha256 } from "../fixtures/uploads.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

describe.skipIf(!hasMinio)("with a bucket, killed", () => {
  const data = newDataDir();
  let minio: Minio;
  let door: FaultyS3;
  let bucket: S3Options;
  let settings: Record<string, string>;
  let server: Server;
  beforeAll(async () => {
    minio = await startMinio();
    door = openFaultyS3(minio.endpoint);
    bucket = await minio.newBucket();
    settings = s3Settings({ ...bucket, endpoint: door.endpoint });
    await start();
  });
  afterEach(() => door.setFault(null));
  afterAll(async () => {
    await server.stop();
    await door.close();
    await minio.close();
    data.remove();
  });

  test("in the middle of a part: the video becomes READY by itself, and no part is left", async () => {
    const reached = hangAt((request) => request.url.includes("partNumber=2"), "before");
    const bytes = clipOfSize(await mp4Clip(), 20_000_000);
    const id = await send(bytes);
    await killAt(reached);
    expect(await stateOf(id)).not.toBe("FAILED");
    await untilReady(id);
    const key = keys.original(id, "mp4");
    const stored = await new Response(await openS3Storage(bucket).read(key)).bytes();
    expect(sha256(stored)).toBe(sha256(bytes));
    const ask = { Bucket: bucket.bucket, Prefix: key };
    expect((await minio.client.send(new ListMultipartUploadsCommand(ask))).Uploads ?? []).toEqual([]);
  });

  test.each(["before", "after"] as const)(
    "%s the bucket deletes: what was given up goes, and nothing else",
    async (when) => {
      const [going, staying] = [await send(), await send()];
      await untilReady(going);
      await untilReady(staying);
      const before = await keysOf(staying);
      const reached = hangAt((request) => request.method === "DELETE", when);
      await server.api(`/api/v1/videos/${going}`, { method: "DELETE" });
      await killAt(reached);
      await until(async () => ((await keysOf(going)).length === 0 ? true : null));
      expect(before).toHaveLength(5);
      expect(await keysOf(staying)).toEqual(before);
      expect(await stateOf(staying)).toBe("READY");
    },
  );

  async function start(): Promise<void> {
    server = await startServer({ dataDir: data.path, settings });
  }

  /** One request of that kind gets no answer; resolves once the bucket was asked, or has done what it was asked for. */
  function hangAt(isIt: (request: Request) => boolean, when: "before" | "after"): Promise<void> {
    const reached = Promise.withResolvers<void>();
    door.setFault(async (request, forward) => {
      if (!isIt(request)) return forward();
      if (when === "after") await forward();
      reached.resolve();
      return new Promise(() => {});
    });
    return reached.promise;
  }

  async function killAt(reached: Promise<void>): Promise<void> {
    await reached;
    await server.kill();
    door.setFault(null);
    await start();
  }

  async function send(bytes?: Buffer<ArrayBuffer>): Promise<string> {
    const body = bytes ?? clipOfSize(await mp4Clip(), 100_000);
    const headers = { "content-type": "video/mp4" };
    const sent = { method: "POST", body, headers };
    return (await server.api<{ id: string }>("/api/v1/videos?filename=clip.mp4", sent)).id;
  }

  async function stateOf(id: string): Promise<string> {
    return (await server.api<{ state: string }>(`/api/v1/videos/${id}`)).state;
  }

  async function untilReady(id: string): Promise<void> {
    await until(async () => ((await stateOf(id)) === "READY" ? true : null));
  }

  /** What the bucket has of a video. */
  async function keysOf(id: string): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of openS3Storage(bucket).list("")) if (key.includes(id)) found.push(key);
    return found;
  }
});
