import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { semaphore } from "../../src/lib/semaphore.ts";
import { sha256OfFile } from "../../src/lib/sha256.ts";
import { incomingSettings, openOutsider } from "../fixtures/incoming.ts";
import { mp4Clip } from "../fixtures/media.ts";
import type { Minio } from "../fixtures/minio.ts";
import { hasOwnS3, startOwnS3 } from "../fixtures/own-s3.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(240_000);

describe.skipIf(!hasOwnS3)("a file in incoming/", () => {
  let minio: Minio;
  beforeAll(async () => void (minio = await startOwnS3()));
  afterAll(() => minio.close());

  const steps = [
    "incoming-fetched",
    "upload-admitted",
    "incoming-taken",
    "ingest-before-move",
    "ingest-after-move",
    "incoming-removed",
  ];
  /** Each has servers of its own, which wait for most of their time. */
  const inTurn = semaphore(2);
  test.concurrent.each(steps)(
    "is one video, and gone from there, where the server was killed at %s",
    (step) => inTurn(() => killAt(step)),
  );

  async function killAt(step: string): Promise<void> {
    const bucket = await minio.newBucket();
    const outsider = openOutsider(bucket);
    const data = newDataDir();
    const settings = incomingSettings(bucket, adminEmail, 1);
    let server: Server | null = null;
    try {
      await outsider.put("incoming/one.mp4", await Bun.file(await mp4Clip()).bytes());
      const doomed = await startServer({
        dataDir: data.path,
        settings: { ...settings, HOMEREEL_TEST_FAILPOINT: step },
      });
      await doomed.exited;
      server = await startServer({ dataDir: data.path, settings });
      const list = () => server?.api<{ items: object[] }>("/api/v1/videos") as Promise<{ items: object[] }>;
      await until(async () => ((await outsider.list()).length === 0 ? true : null), 90_000);
      await until(() => (readdirSync(join(data.path, "work")).length === 0 ? true : null));
      const sha256 = await sha256OfFile(await mp4Clip());
      expect((await list()).items).toEqual([expect.objectContaining({ state: "READY", sha256 })]);
      // Looking through it again finds nothing.
      await Bun.sleep(1500);
      expect((await list()).items).toHaveLength(1);
    } finally {
      await server?.stop();
      data.remove();
    }
  }
});
