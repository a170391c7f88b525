import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keys } from "../../src/storage/keys.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { s3Settings } from "../fixtures/minio.ts";
import type { S3Process } from "../fixtures/s3-process.ts";
import { hasOwnS3 } from "../fixtures/own-s3.ts";
import type { FaultyS3 } from "../fixtures/s3-faults.ts";
import { startSite } from "../fixtures/site.ts";
import { newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { filesByDoctor, keysInBucket, openTwoStorages, unfinished } from "../fixtures/two-storages.ts";
import type { TwoStorages } from "../fixtures/two-storages.ts";
import { clipOfSize, sha256 } from "../fixtures/uploads.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

/** The original, the poster and three thumbnails. */
const filesOfOne = 5;

describe.skipIf(!hasOwnS3)("with a bucket, killed", () => {
  const data = newDataDir();
  let two: TwoStorages;
  let s3: S3Process;
  let door: FaultyS3;
  let bucket: S3Options;
  let settings: Record<string, string>;
  let server: Server;
  beforeAll(async () => {
    two = await openTwoStorages();
    ({ s3, door } = two);
    bucket = await s3.newBucket();
    settings = s3Settings({ ...bucket, endpoint: door.endpoint });
    await start();
  });
  afterEach(() => door.setFault(null));
  afterAll(async () => {
    await server.stop();
    await two.close();
    data.remove();
  });

  test("in the middle of a part: the video becomes READY by itself, and no part is left", async () => {
    const bytes = clipOfSize(await mp4Clip(), 20_000_000);
    const film = join(data.path, "film.mp4");
    writeFileSync(film, bytes);
    const site = await startSite({ clip: film });
    try {
      const reached = hangAt((request) => request.url.includes("partNumber=2"), "before");
      // Of what is sent here the parts would be there already.
      const body = JSON.stringify({ url: site.url("/video.mp4") });
      const asked = { method: "POST", body };
      const { video_id: id } = await server.api<{ video_id: string }>("/api/v1/downloads", asked);
      await killAt(reached);
      expect(await stateOf(id)).not.toBe("FAILED");
      await untilReady(id);
      await expectSound(new Map([[id, sha256(bytes)]]));
    } finally {
      await site.stop();
    }
  });

  test("at any moment after it took a video: this becomes READY by itself, and nothing is left over", async () => {
    const sums = new Map<string, string>();
    for (let round = 0; round < 5; round++) {
      const random = Math.random();
      door.setFault(async (_, forward) => {
        await Bun.sleep(30);
        return forward();
      });
      const bytes = clipOfSize(await mp4Clip(), 40_000_000);
      const id = await send(bytes);
      sums.set(id, sha256(bytes));
      await Bun.sleep(random * 1500);
      await killAt(Promise.resolve());
      await untilReady(id).catch((error: unknown) => {
        throw new Error(`killed after ${random * 1500} ms`, { cause: error });
      });
    }
    await expectSound(sums);
  });

  test.each(["before", "after"] as const)(
    "%s the bucket deletes: what was given up goes, and nothing else",
    async (when) => {
      const bytes = clipOfSize(await mp4Clip(), 100_000);
      const staysAs = sha256(bytes);
      const [going, staying] = [await send(), await send(bytes)];
      await untilReady(going);
      await untilReady(staying);
      const before = await keysOf(staying);
      const reached = hangAt((request) => request.method === "DELETE", when);
      await server.api(`/api/v1/videos/${going}`, { method: "DELETE" });
      await killAt(reached);
      await until(async () => ((await keysOf(going)).length === 0 ? true : null));
      expect(before).toHaveLength(filesOfOne);
      expect(await keysOf(staying)).toEqual(before);
      expect(await stateOf(staying)).toBe("READY");
      await expectSound(new Map([[staying, staysAs]]));
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

  /** These have their bytes; doctor finds nothing wrong, here or there, and no upload in parts is open. */
  async function expectSound(sums: Map<string, string>): Promise<void> {
    const originals = [...sums.keys()].map((id) => keys.original(id, "mp4"));
    for (const [id, sum] of sums) {
      const stored = await openS3Storage(bucket).read(keys.original(id, "mp4"));
      expect(sha256(await new Response(stored).bytes())).toBe(sum);
    }
    const count = (await server.api<{ items: object[] }>("/api/v1/videos")).items.length * filesOfOne;
    const whole = new RegExp(`^ok: ${count} files, [\\d.]+ MB$`);
    await until(async () => ((await keysInBucket(s3, bucket)).length === count ? true : null));
    expect(await filesByDoctor(data.path, settings)).toEqual({
      disk: "ok: 0 files, 0 B",
      s3: expect.stringMatching(whole),
    });
    expect(await unfinished(s3, bucket, originals)).toEqual([]);
    await until(() => (readdirSync(join(data.path, "work")).length === 0 ? true : null));
  }

  /** What the bucket has of a video. */
  async function keysOf(id: string): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of openS3Storage(bucket).list("")) if (key.includes(id)) found.push(key);
    return found;
  }
});
