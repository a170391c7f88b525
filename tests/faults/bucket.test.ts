import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { keys } from "../../src/storage/keys.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { json, openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";
import type { Person } from "../fixtures/cast.ts";
import { openCuttingDoor } from "../fixtures/cutting-door.ts";
import type { CuttingDoor } from "../fixtures/cutting-door.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { s3Settings } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { hasOwnS3, startOwnS3 } from "../fixtures/own-s3.ts";
import { garbled, openFaultyS3, s3Failure, withHeaders } from "../fixtures/s3-faults.ts";
import type { Fault, FaultyS3 } from "../fixtures/s3-faults.ts";
import { addArrived } from "../fixtures/shelf.ts";
import { startSite } from "../fixtures/site.ts";
import { clipOfSize, sha256 } from "../fixtures/uploads.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

/** More than a part. */
const sizeBytes = 20_000_000;

const onHead =
  (headers: Record<string, string>): Fault =>
  async (request, forward) =>
    request.method === "HEAD" ? withHeaders(await forward(), headers) : forward();

/** What goes wrong at the door of the bucket while a video is being stored. */
const faults: [string, Fault][] = [
  ["refuses", () => s3Failure(403, "AccessDenied")],
  ["hangs", () => new Promise(() => {})],
  ["answers 500", () => s3Failure(500, "InternalError")],
  ["answers 503 SlowDown", () => s3Failure(503, "SlowDown")],
  ["says 200, and in the body that it failed", () => s3Failure(200, "InternalError")],
  ["says 200 to everything, and keeps nothing", () => new Response(null)],
  [
    "is a web site",
    () => new Response("<html>It works!</html>", { headers: { "content-type": "text/html" } }),
  ],
  [
    "fails with the last part",
    (request, forward) =>
      request.url.includes("partNumber=2") ? s3Failure(500, "InternalError") : forward(),
  ],
  [
    "says 200 at the end of the parts, and in the body that it failed",
    (request, forward) =>
      request.method === "POST" && request.url.includes("uploadId=")
        ? s3Failure(200, "InternalError")
        : forward(),
  ],
  ["has another checksum of what it stored", onHead({ "x-amz-checksum-crc32": "AAAAAA==" })],
  ["has another length of what it stored", onHead({ "content-length": "7" })],
];

describe.skipIf(!hasOwnS3)("while a video is being stored, the bucket", () => {
  let minio: Minio;
  let bucket: S3Options;
  let storage: Storage;
  let door: FaultyS3;
  let wire: CuttingDoor;
  let app: TestApp;
  let owner: Person;
  beforeAll(async () => {
    minio = await startOwnS3();
    bucket = await minio.newBucket();
    storage = openS3Storage(bucket);
    door = openFaultyS3(minio.endpoint);
    wire = await openCuttingDoor(door.endpoint);
    process.env.HOMEREEL_TEST_PATIENCE_MS = "500";
    app = openTestApp({
      ...s3Settings({ ...bucket, endpoint: wire.endpoint }),
      HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32",
    });
    await app.start();
    owner = await addPerson(app, "owner");
  });
  afterEach(() => {
    door.setFault(null);
    wire.cutAfter = null;
  });
  afterAll(async () => {
    delete process.env.HOMEREEL_TEST_PATIENCE_MS;
    await app.close();
    await door.close();
    await wire.close();
    await minio.close();
  });

  test.each(faults)("%s", async (_, fault) => {
    door.setFault(fault);
    const bytes = clipOfSize(await mp4Clip(), sizeBytes);
    const id = await arrive(bytes);
    await expectWaiting(id, bytes);
    door.setFault(null);
    await expectReady(id, bytes);
  });

  test("breaks off in the middle of a part", async () => {
    wire.cutAfter = 3_000_000;
    const bytes = clipOfSize(await mp4Clip(), sizeBytes);
    const id = await arrive(bytes);
    await expectWaiting(id, bytes);
    expect(wire.cuts).toBeGreaterThan(1);
    wire.cutAfter = null;
    await expectReady(id, bytes);
  });

  test("gets other bytes than were sent, and has to notice", async () => {
    door.setFault((request, forward, body) => {
      if (request.method !== "PUT" || !body) return forward();
      const changed = body.slice();
      changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
      const { pathname, search } = new URL(request.url);
      return fetch(minio.endpoint + pathname + search, {
        method: "PUT",
        headers: request.headers,
        body: changed,
      });
    });
    const bytes = clipOfSize(await mp4Clip(), sizeBytes);
    const id = await arrive(bytes);
    await expectWaiting(id, bytes);
    door.setFault(null);
    await expectReady(id, bytes);
  });

  test("is away while a download arrives, as it is with an upload", async () => {
    const site = await startSite();
    try {
      door.setFault(() => s3Failure(503, "SlowDown"));
      const answer = await app.request("/api/v1/downloads", {
        ...json({ url: site.url("/video.mp4") }),
        as: owner.token,
      });
      const { video_id: id } = (await answer.json()) as { video_id: string };
      const bytes = Buffer.from(await Bun.file(site.clip).arrayBuffer());
      await expectWaiting(id, bytes);
      door.setFault(null);
      await expectReady(id, bytes);
    } finally {
      await site.stop();
    }
  });

  const spoilt: [string, (answer: Response) => Response | Promise<Response>][] = [
    // Whole, and playable, as far as the answer itself says.
    ["cuts short", async (answer) => new Response((await answer.bytes()).slice(0, 1_000_000))],
    ["garbles", garbled],
  ];
  test.each(spoilt)("has the original already, and %s what is read of it", async (_, spoil) => {
    door.setFault((request, forward) =>
      request.method === "PUT" && request.url.includes("/thumbnails/")
        ? s3Failure(500, "InternalError")
        : forward(),
    );
    const bytes = clipOfSize(await mp4Clip(), sizeBytes);
    const id = await arrive(bytes);
    await expectPutOff(id);
    expect(await storage.find(keys.original(id, "mp4"))).toMatchObject({ sizeBytes: bytes.length });

    door.setFault(async (request, forward) =>
      request.method === "GET" && request.url.includes("/videos/") ? spoil(await forward()) : forward(),
    );
    tryAgain();
    await expectPutOff(id);
    door.setFault(null);
    await expectReady(id, bytes);
  });

  /** Of what is sent here so much would go into the bucket at once; this is here in whole, as what was downloaded. */
  async function arrive(bytes: Buffer): Promise<string> {
    const clip = join(app.dataDir, "clip.mp4");
    writeFileSync(clip, bytes);
    return (await addArrived(app, owner.user, clip)).id;
  }

  function videoState(id: string): string | undefined {
    return app.deps.db.query.videos.findFirst({ where: (row, { eq }) => eq(row.id, id) }).sync()?.state;
  }

  function ingestOf(id: string) {
    const newest = app.deps.db.query.jobs.findFirst({
      where: (row, { and, eq, like }) => and(eq(row.name, "ingest"), like(row.payload, `%${id}%`)),
      orderBy: (row, { desc }) => desc(row.id),
    });
    return newest.sync();
  }

  /** Not READY, not FAILED, and no try used up. */
  async function expectPutOff(id: string): Promise<{ folder: string; file: string }> {
    const job = await until(() => {
      const now = ingestOf(id);
      if (!now) return null;
      const isPutOff = now.state === "ready" && now.runAt > Date.now();
      return isPutOff || now.state === "failed" || now.state === "done" ? now : null;
    });
    expect(job).toMatchObject({ state: "ready", attempts: 0 });
    expect(videoState(id)).toBe("PROCESSING");
    return JSON.parse(job.payload) as { folder: string; file: string };
  }

  /** And all of its bytes are still here. */
  async function expectWaiting(id: string, bytes: Buffer): Promise<void> {
    const { folder, file } = await expectPutOff(id);
    expect(sha256(await Bun.file(join(app.dataDir, "work", folder, file)).bytes())).toBe(sha256(bytes));
  }

  /** As it does by itself half a minute later. */
  function tryAgain(): void {
    app.deps.db.$client.exec("UPDATE jobs SET run_at = 0 WHERE state = 'ready'");
    app.deps.queue.lookAgain(["media"]);
  }

  async function expectReady(id: string, bytes: Buffer): Promise<void> {
    tryAgain();
    await until(() => (videoState(id) === "READY" ? true : null));
    const row = app.deps.db.query.videos.findFirst({ where: (video, { eq }) => eq(video.id, id) }).sync();
    expect(row).toMatchObject({ sha256: sha256(bytes), sizeBytes: bytes.length });
    const key = keys.original(id, "mp4");
    expect(sha256(await new Response(await storage.read(key)).bytes())).toBe(sha256(bytes));
    const { Uploads = [] } = await minio.client.send(
      new ListMultipartUploadsCommand({ Bucket: bucket.bucket, Prefix: key }),
    );
    expect(Uploads).toEqual([]);
    const work = join(app.dataDir, "work");
    await until(() => (!existsSync(work) || readdirSync(work).length === 0 ? true : null));
  }
});
