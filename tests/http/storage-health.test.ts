import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { StorageHealth } from "../../src/storage/health.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import { openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";
import type { Person } from "../fixtures/cast.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { hasMinio, s3Settings, startMinio } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { openFaultyS3 } from "../fixtures/s3-faults.ts";
import type { FaultyS3 } from "../fixtures/s3-faults.ts";
import { addReady } from "../fixtures/shelf.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

interface HealthJson {
  healthy: boolean;
  driver: string;
  bucket: string | null;
  region: string | null;
  latency_ms: number | null;
  problem: string | null;
}

async function ask(app: TestApp) {
  const answer = await app.request("/api/v1/health/storage");
  const text = await answer.text();
  return { status: answer.status, text, ...(JSON.parse(text) as HealthJson) };
}

const banner = "The storage can&#39;t be reached right now.";

test("the disk is well, or its folder is gone, which is told to everybody without saying where it is", async () => {
  const app = openTestApp();
  const well = await ask(app);
  expect(well).toMatchObject({
    status: 200,
    healthy: true,
    driver: "disk",
    bucket: null,
    region: null,
    problem: null,
  });
  expect(well.latency_ms).toBeGreaterThanOrEqual(0);
  renameSync(join(app.dataDir, "storage"), join(app.dataDir, "elsewhere"));
  await app.deps.storageHealth.lookNow();
  const gone = await ask(app);
  expect(gone).toMatchObject({
    status: 503,
    healthy: false,
    latency_ms: null,
    problem: "The storage can't be used right now.",
  });
  expect(gone.text).not.toContain(app.dataDir);
  expect(gone.text).not.toContain("mounted");
  renameSync(join(app.dataDir, "elsewhere"), join(app.dataDir, "storage"));
  await app.close();
});

describe.skipIf(!hasMinio)("a bucket", () => {
  let minio: Minio;
  let door: FaultyS3;
  let bucket: S3Options;
  let app: TestApp;
  let admin: Person;
  let user: Person;
  let id: string;
  beforeAll(async () => {
    minio = await startMinio();
    door = openFaultyS3(minio.endpoint);
    bucket = await minio.newBucket();
    app = openTestApp({ ...s3Settings(bucket), HOMEREEL_STORAGE_S3_PROXY: "true" });
    [admin, user] = [await addPerson(app, "ada", "admin"), await addPerson(app, "ben")];
    id = await addReady(app, user.user, await mp4Clip(), { title: "A clip" });
  });
  afterAll(async () => {
    await app.close();
    await door.close();
    await minio.close();
  });

  const page = async (path: string, person = user) => {
    const answer = await app.request(path, { as: person.token, headers: { accept: "text/html" } });
    return { status: answer.status, text: await answer.text() };
  };

  test("says that it is well, which, where, and how quick, and no secret", async () => {
    const well = await ask(app);
    expect(well).toMatchObject({
      status: 200,
      healthy: true,
      driver: "s3",
      bucket: bucket.bucket,
      region: "us-east-1",
    });
    expect(well.latency_ms).toBeGreaterThan(0);
    expect(Object.keys(JSON.parse(well.text) as object).toSorted()).toEqual([
      "bucket",
      "checked_at",
      "driver",
      "healthy",
      "latency_ms",
      "problem",
      "region",
    ]);
    for (const secret of [bucket.accessKeyId, bucket.secretAccessKey, bucket.endpoint])
      expect(well.text).not.toContain(secret);
  });

  test("is asked once, however many strangers ask", async () => {
    const other = openTestApp(s3Settings({ ...bucket, endpoint: door.endpoint }));
    await Promise.all(Array.from({ length: 200 }, () => ask(other)));
    expect(door.asked).toHaveLength(1);
    await other.close();
  });

  test("that is away leaves all pages, with a plain word on them, and nothing marked lost", async () => {
    expect((await page("/")).text).not.toContain(banner);
    await minio.stop();
    await app.deps.storageHealth.lookNow();
    expect(await ask(app)).toMatchObject({ status: 503, healthy: false, latency_ms: null });
    for (const path of ["/", `/videos/${id}`, "/downloads", "/account"]) {
      const { status, text } = await page(path);
      expect([path, status, text.includes(banner)]).toEqual([path, 200, true]);
    }
    // Who is not in is told nothing.
    expect(await (await app.request("/login")).text()).not.toContain(banner);
    expect((await page(`/videos/${id}/stream`)).status).toBe(503);
    const row = app.deps.db.query.videos.findFirst({ where: (one, { eq }) => eq(one.id, id) }).sync();
    expect(row).toMatchObject({ state: "READY", errorCode: null });

    const overview = await page("/admin", admin);
    expect(overview.text).toContain("Away");
    expect(overview.text).toContain("Check that the S3 server runs and can be reached.");
    expect(overview.text).toContain('class="away"');

    await minio.start();
    await app.deps.storageHealth.lookNow();
    expect(await ask(app)).toMatchObject({ status: 200, healthy: true });
    expect((await page("/")).text).not.toContain(banner);
    expect((await page("/admin", admin)).text).toMatch(/[\d.]+ ms<\/strong><span>storage/);
    expect((await page(`/videos/${id}/stream`)).status).toBe(200);
  });

  test("that never answers is given up in time", async () => {
    door.setFault(() => new Promise(() => {}));
    const lines: string[] = [];
    const note = (_: unknown, line?: string) => void lines.push(line ?? String(_));
    const storages = [openS3Storage({ ...bucket, endpoint: door.endpoint })];
    const log = { warn: note, info: note } as never;
    const told: boolean[] = [];
    const changed = (isAway: boolean) => void told.push(isAway);
    const health = new StorageHealth({ storages, log, now: Date.now, patienceMs: 200, changed });
    const startedAt = performance.now();
    expect((await health.look()).problem?.message).toBe("The storage can't be used right now.");
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    await health.lookNow();
    door.setFault(null);
    expect((await health.lookNow()).problem).toBeNull();
    // Said when it changes, and not each time.
    expect(lines).toEqual([
      "The storage can't be used right now. It gave no answer in time.",
      "the storage can be used again",
    ]);
    // Whoever would hear of it is going as well: nobody is told of what is seen after that.
    door.setFault(() => new Promise<Response>(() => {}));
    const last = health.lookNow();
    health.close();
    expect((await last).problem).not.toBeNull();
    expect(told).toEqual([true, false]);
  });

  test("is looked at by itself while the program runs", async () => {
    const watched = openTestApp({ ...s3Settings(bucket), HOMEREEL_LOG_LEVEL: "error" });
    await watched.start();
    await until(() => watched.deps.storageHealth.last);
    expect(watched.deps.storageHealth.last?.problem).toBeNull();
    await watched.close();
  });
});
