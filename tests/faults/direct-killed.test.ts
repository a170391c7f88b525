import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { crc32InBase64 } from "../../src/storage/s3/crc32.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { s3Settings } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { hasOwnS3, startOwnS3 } from "../fixtures/own-s3.ts";
import { openFaultyS3 } from "../fixtures/s3-faults.ts";
import type { FaultyS3 } from "../fixtures/s3-faults.ts";
import { newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { clipOfSize, sha256 } from "../fixtures/uploads.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

interface Upload {
  id: string;
  state: string;
  part_bytes: number;
  video_id: string;
}

describe.skipIf(!hasOwnS3)("straight into the bucket, and the server is killed", () => {
  const data = newDataDir();
  const root = "/api/v1/uploads";
  let minio: Minio;
  /** The server's way to the bucket. */
  let door: FaultyS3;
  let bucket: S3Options;
  let server: Server;
  let bytes: Buffer<ArrayBuffer>;
  beforeAll(async () => {
    minio = await startOwnS3();
    door = openFaultyS3(minio.endpoint);
    bucket = await minio.newBucket();
    bytes = clipOfSize(await mp4Clip(), 9_000_000);
    await start();
  });
  afterEach(() => door.setFault(null));
  afterAll(async () => {
    await server.stop();
    await door.close();
    await minio.close();
    data.remove();
  });

  async function start(more: Record<string, string> = {}): Promise<void> {
    const settings = {
      ...s3Settings({ ...bucket, endpoint: door.endpoint }),
      HOMEREEL_STORAGE_S3_PUBLIC_ENDPOINT: minio.endpoint,
      ...more,
    };
    server = await startServer({ dataDir: data.path, settings });
  }

  const post = <T>(path: string, body: object) =>
    server.api<T>(root + path, { method: "POST", body: JSON.stringify(body) });

  const begin = () => post<Upload>("/s3", { filename: "clip.mp4", size_bytes: bytes.length });

  async function sendPart({ id, part_bytes }: Upload, n: number): Promise<void> {
    const body = bytes.subarray((n - 1) * part_bytes, n * part_bytes);
    const asked = { parts: [{ n, crc32: crc32InBase64(body) }] };
    const { parts } = await post<{ parts: { url: string; headers: Record<string, string> }[] }>(
      `/${id}/parts`,
      asked,
    );
    const [link] = parts;
    if (!link) throw new Error("no address");
    const answer = await fetch(link.url, { method: "PUT", body, headers: link.headers });
    expect(answer.status).toBe(200);
  }

  async function becomesVideo({ id }: Upload): Promise<void> {
    const over = await until(async () => {
      const upload = await server.api<Upload>(`${root}/${id}`);
      return upload.state === "receiving" ? null : upload;
    });
    expect(over.state).toBe("done");
    const video = await until(async () => {
      const one = await server.api<{ state: string; sha256: string }>(`/api/v1/videos/${over.video_id}`);
      return one.state === "READY" ? one : null;
    });
    expect(video.sha256).toBe(sha256(bytes));
    await until(async () => ((await left(id)) === 0 ? true : null));
  }

  async function left(id: string): Promise<number> {
    let count = 0;
    for await (const _ of openS3Storage(bucket).list(`arrivals/${id}`)) count += 1;
    const ask = { Bucket: bucket.bucket, Prefix: `arrivals/${id}` };
    return count + ((await minio.client.send(new ListMultipartUploadsCommand(ask))).Uploads ?? []).length;
  }

  test("while it begins there: the file that was announced can still be sent", async () => {
    const reached = Promise.withResolvers<void>();
    door.setFault(async (request, forward) => {
      if (request.method !== "POST" || !request.url.includes("uploads")) return forward();
      await forward();
      reached.resolve();
      return new Promise(() => {});
    });
    void begin().catch(() => {});
    await reached.promise;
    await server.kill();
    door.setFault(null);
    await start();
    const { items } = await server.api<{ items: Upload[] }>(root);
    const upload = items.find(({ state }) => state === "receiving");
    if (!upload) throw new Error("it is forgotten");
    for (const n of [1, 2]) await sendPart(upload, n);
    await post(`/${upload.id}/complete`, {});
    await becomesVideo(upload);
  });

  test("between two parts: the first stays, and it goes on", async () => {
    const upload = await begin();
    await sendPart(upload, 1);
    await server.kill();
    await start();
    const { parts } = await server.api<{ parts: { n: number }[] }>(`${root}/${upload.id}/parts`);
    expect(parts.map(({ n }) => n)).toEqual([1]);
    await sendPart(upload, 2);
    await post(`/${upload.id}/complete`, {});
    await becomesVideo(upload);
  });

  test.each(["arrival-completed", "arrival-fetched", "upload-admitted", "arrival-taken"])(
    "at %s: it becomes a video by itself, once",
    async (step) => {
      await server.stop();
      await start({ HOMEREEL_TEST_FAILPOINT: step });
      const before = (await videos()).length;
      const upload = await begin();
      for (const n of [1, 2]) await sendPart(upload, n);
      await post(`/${upload.id}/complete`, {}).catch(() => {});
      await server.exited;
      await start();
      await becomesVideo(upload);
      expect(await videos()).toHaveLength(before + 1);
    },
  );

  test("while it is given up: nothing stays", async () => {
    const upload = await begin();
    await sendPart(upload, 1);
    const reached = Promise.withResolvers<void>();
    door.setFault((request, forward) => {
      if (request.method !== "DELETE") return forward();
      reached.resolve();
      return new Promise(() => {});
    });
    await server.api(`${root}/${upload.id}`, { method: "DELETE" });
    await reached.promise;
    await server.kill();
    door.setFault(null);
    await start();
    await until(async () => ((await left(upload.id)) === 0 ? true : null));
  });

  async function videos(): Promise<unknown[]> {
    return (await server.api<{ items: unknown[] }>("/api/v1/videos")).items;
  }
});
