import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { findUserByEmail } from "../../src/features/accounts/queries.ts";
import { checkStorage } from "../../src/features/storage/storage.ts";
import { begunOf } from "../../src/features/uploads/arriving/begun.ts";
import { gaveUpArrival, takeArrival } from "../../src/features/uploads/arriving/take-arrival.ts";
import { linkParts } from "../../src/features/uploads/direct/direct.ts";
import { takeArrivalJob } from "../../src/features/uploads/jobs.ts";
import { sweepUploadsNow } from "../../src/features/uploads/sweep.ts";
import { cancelUpload, discardUploadsOf } from "../../src/features/uploads/uploads.ts";
import { AppError } from "../../src/lib/errors.ts";
import { crc32InBase64 } from "../../src/storage/s3/crc32.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import { openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { s3Settings } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { hasOwnS3, startOwnS3 } from "../fixtures/own-s3.ts";
import { clipOfSize, sha256 } from "../fixtures/uploads.ts";

setDefaultTimeout(60_000);

interface Upload {
  id: string;
  state: string;
  part_bytes: number;
  offset_bytes: number;
  video_id: string | null;
  error: { code: string } | null;
}

interface Link {
  n: number;
  size_bytes: number;
  url: string;
  headers: Record<string, string>;
}

describe.skipIf(!hasOwnS3)("straight into the bucket", () => {
  let minio: Minio;
  let bucket: S3Options;
  let app: TestApp;
  let ada: string;
  let clip: string;
  beforeAll(async () => {
    minio = await startOwnS3();
    bucket = await minio.newBucket();
    app = openTestApp({ ...s3Settings(bucket), HOMEREEL_UPLOADS_MAX_SIZE: "30MB" });
    await app.start();
    ada = await app.join("ada");
    clip = await mp4Clip();
  });
  afterAll(async () => {
    await app.close();
    await minio.close();
  });

  async function api(method: string, path: string, body?: object, as = ada) {
    const headers = { "content-type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body), headers };
    const answer = await app.request(`/api/v1/uploads${path}`, { method, as, ...sent });
    const text = await answer.text();
    return {
      status: answer.status,
      body: (text ? JSON.parse(text) : {}) as Upload & Record<string, unknown>,
    };
  }
  async function begin(sizeBytes: number, fields: object = {}): Promise<Upload> {
    const { status, body } = await api("POST", "/s3", {
      filename: "a.mp4",
      size_bytes: sizeBytes,
      ...fields,
    });
    expect(status).toBe(201);
    return body;
  }
  const partOf = (bytes: Uint8Array, { part_bytes }: Upload, n: number) =>
    bytes.subarray((n - 1) * part_bytes, n * part_bytes);
  async function linkOf({ id }: Upload, n: number, part: Uint8Array): Promise<Link> {
    const { status, body } = await api("POST", `/${id}/parts`, {
      parts: [{ n, crc32: crc32InBase64(part) }],
    });
    expect(status).toBe(200);
    return (body.parts as [Link])[0];
  }
  const put = ({ url, headers }: Link, body: Uint8Array) =>
    fetch(url, { method: "PUT", body: body as Uint8Array<ArrayBuffer>, headers });
  async function sendPart(bytes: Uint8Array, upload: Upload, n: number): Promise<number> {
    const part = partOf(bytes, upload, n);
    return (await put(await linkOf(upload, n, part), part)).status;
  }
  async function sendAll(bytes: Uint8Array, fields: object = {}): Promise<Upload> {
    const upload = await begin(bytes.length, fields);
    for (let n = 1; n <= Math.ceil(bytes.length / upload.part_bytes); n++)
      expect(await sendPart(bytes, upload, n)).toBe(200);
    return upload;
  }
  async function completed({ id }: Upload): Promise<Upload> {
    expect((await api("POST", `/${id}/complete`)).status).toBe(202);
    await app.idle();
    return (await api("GET", `/${id}`)).body;
  }
  async function arrivals(): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of openS3Storage(bucket).list("arrivals/")) found.push(key);
    return found;
  }
  /** MinIO lists them by their whole key alone. */
  async function partsLeft({ id }: Upload): Promise<number> {
    const ask = { Bucket: bucket.bucket, Prefix: `arrivals/${id}` };
    return ((await minio.client.send(new ListMultipartUploadsCommand(ask))).Uploads ?? []).length;
  }
  const nothingLeft = async (upload: Upload) => {
    expect(await arrivals()).toEqual([]);
    expect(await partsLeft(upload)).toBe(0);
    expect(readdirSync(join(app.dataDir, "work"))).toEqual([]);
  };

  test("a file goes in parts, and becomes a video with what was wished", async () => {
    const bytes = clipOfSize(clip, 20_000_000);
    const upload = await begin(bytes.length, { filename: "Holiday.mp4", tags: "sea,boats" });
    expect(upload).toMatchObject({ state: "receiving", part_bytes: 8_388_608, offset_bytes: 0 });
    for (const n of [3, 1]) expect(await sendPart(bytes, upload, n)).toBe(200);
    expect((await api("POST", `/${upload.id}/complete`)).status).toBe(409);
    const { body } = await api("GET", `/${upload.id}/parts`);
    expect(body).toEqual({
      part_bytes: 8_388_608,
      parts: [
        { n: 1, size_bytes: 8_388_608 },
        { n: 3, size_bytes: 20_000_000 - 2 * 8_388_608 },
      ],
    } as never);
    expect((await api("GET", `/${upload.id}`)).body.offset_bytes).toBe(20_000_000 - 8_388_608);
    expect(await sendPart(bytes, upload, 2)).toBe(200);
    const over = await completed(upload);
    expect(over).toMatchObject({ state: "done", offset_bytes: 20_000_000, error: null });
    const video = await app.request(`/api/v1/videos/${over.video_id}`, { as: ada });
    expect(await video.json()).toMatchObject({
      state: "READY",
      title: "Holiday",
      tags: ["boats", "sea"],
      size_bytes: 20_000_000,
      sha256: sha256(bytes),
    });
    // Said again, it stays so.
    expect((await api("POST", `/${upload.id}/complete`)).body).toMatchObject({ state: "done" });
    await nothingLeft(upload);
  });

  test("the bucket takes only the bytes that were announced, in their size, and not for ever", async () => {
    const bytes = clipOfSize(clip, 9_000_000);
    const upload = await begin(bytes.length);
    const last = partOf(bytes, upload, 2);
    const link = await linkOf(upload, 2, last);
    const garbled = Uint8Array.from(last);
    garbled[5] = (garbled[5] ?? 0) ^ 1;
    expect((await put(link, garbled)).status).toBe(400);
    expect((await put(link, bytes)).status).toBe(403);
    expect((await put({ ...link, headers: {} }, last)).status).toBeGreaterThanOrEqual(400);
    const other = { ...link, headers: { "x-amz-checksum-crc32": crc32InBase64(garbled) } };
    expect((await put(other, garbled)).status).toBe(403);
    const elsewhere = { ...link, url: link.url.replace("partNumber=2", "partNumber=1") };
    expect((await put(elsewhere, last)).status).toBe(403);
    const { arrivals: door } = app.deps;
    const part = { n: 2, sizeBytes: last.length, crc32: crc32InBase64(last) };
    const multipart = new URL(link.url).searchParams.get("uploadId") ?? "";
    const short = await door?.signPart(`arrivals/${upload.id}`, multipart, part, 1);
    await Bun.sleep(2100);
    expect(
      (await put({ n: 2, size_bytes: 0, ...(short as Pick<Link, "url" | "headers">) }, last)).status,
    ).toBe(403);
    expect((await api("GET", `/${upload.id}/parts`)).body.parts).toEqual([]);
    expect(new URL(link.url).searchParams.get("X-Amz-Expires")).toBe("900");
    expect((await api("DELETE", `/${upload.id}`)).status).toBe(204);
    await app.idle();
    await nothingLeft(upload);
  });

  test("it is nobody else's, and has no parts but its own", async () => {
    const upload = await begin(9_000_000);
    const bob = await app.join("bob");
    const part = { parts: [{ n: 1, crc32: "AAAAAA==" }] };
    expect((await api("POST", `/${upload.id}/parts`, part, bob)).status).toBe(404);
    expect((await api("GET", `/${upload.id}/parts`, undefined, bob)).status).toBe(404);
    expect((await api("POST", `/${upload.id}/complete`, undefined, bob)).status).toBe(404);
    expect((await api("DELETE", `/${upload.id}`, undefined, bob)).status).toBe(404);
    for (const wrong of [
      { n: 0, crc32: "AAAAAA==" },
      { n: 3, crc32: "AAAAAA==" },
      { n: 1, crc32: "?" },
    ])
      expect((await api("POST", `/${upload.id}/parts`, { parts: [wrong] })).status).toBe(422);
    const tus = { "tus-resumable": "1.0.0", "upload-offset": "0" };
    const headers = { ...tus, "content-type": "application/offset+octet-stream" };
    const path = `/api/v1/uploads/${upload.id}`;
    expect((await app.request(path, { method: "PATCH", as: ada, headers, body: "x" })).status).toBe(409);
    expect((await api("DELETE", `/${upload.id}`)).status).toBe(204);
    await app.idle();
  });

  test("what may not come is refused before it is begun", async () => {
    const refused = async (fields: object) => {
      const { status, body } = await api("POST", "/s3", { filename: "a.mp4", size_bytes: 10, ...fields });
      return [status, body.code];
    };
    expect(await refused({ size_bytes: 30_000_001 })).toEqual([413, "too_large"]);
    expect(await refused({ size_bytes: 0 })).toEqual([422, "not_a_video"]);
    expect(await refused({ filename: "../a.mp4" })).toEqual([422, "invalid_input"]);
    expect(await refused({ replaces: "nothing" })).toEqual([404, "not_found"]);
    expect((await api("GET", "?limit=200")).body.items).not.toContainEqual(
      expect.objectContaining({ state: "receiving" }),
    );
  });

  test("what is no video is refused, and nothing of it stays", async () => {
    const upload = await sendAll(new TextEncoder().encode("Nothing but words. ".repeat(1000)));
    const over = await completed(upload);
    expect(over).toMatchObject({ state: "refused", error: { code: "not_a_video" }, video_id: null });
    await nothingLeft(upload);
  });

  test("given up or left alone for too long, nothing of it stays", async () => {
    const bytes = clipOfSize(clip, 9_000_000);
    const [cancelled, forgotten] = [await begin(bytes.length), await begin(bytes.length)];
    for (const upload of [cancelled, forgotten]) {
      expect(await sendPart(bytes, upload, 1)).toBe(200);
      expect(await partsLeft(upload)).toBe(1);
    }
    expect((await api("DELETE", `/${cancelled.id}`)).status).toBe(204);
    app.deps.db.$client.exec(`UPDATE uploads SET expires_at = 1 WHERE id = '${forgotten.id}'`);
    await sweepUploadsNow(app.deps).catch(() => {});
    await app.idle();
    for (const upload of [cancelled, forgotten]) {
      await nothingLeft(upload);
      expect((await api("GET", `/${upload.id}`)).status).toBe(404);
    }
  });

  test("a bucket that forgot the parts gets them again", async () => {
    const bytes = clipOfSize(clip, 9_000_000);
    const upload = await begin(bytes.length);
    expect(await sendPart(bytes, upload, 1)).toBe(200);
    await app.deps.arrivals?.drop(`arrivals/${upload.id}`, null);
    expect((await api("GET", `/${upload.id}/parts`)).body.parts).toEqual([]);
    for (const n of [1, 2]) expect(await sendPart(bytes, upload, n)).toBe(200);
    expect(await completed(upload)).toMatchObject({ state: "done" });
    await nothingLeft(upload);
  });

  test("what has arrived and is not taken yet belongs to somebody, until nobody waits for it", async () => {
    const upload = await sendAll(clipOfSize(clip, 9_000_000));
    const { arrivals: door, db } = app.deps;
    const key = `arrivals/${upload.id}`;
    const row = db.query.uploads
      .findMany()
      .sync()
      .find(({ id }) => id === upload.id);
    const multipartId = row?.multipartId ?? "";
    await door?.complete(key, multipartId, (await door?.parts(key, multipartId)) ?? []);
    const later = { ...app.deps, now: () => Date.now() + 3 * 86_400_000 };
    expect(await checkStorage(later, "s3")).toMatchObject({ strays: { count: 0 }, unsettled: 1 });
    // Said once more that all is there, as after an answer that was lost.
    expect((await api("GET", `/${upload.id}/parts`)).body.parts).toHaveLength(2);
    db.$client.exec(`DELETE FROM uploads WHERE id = '${upload.id}'`);
    expect(await checkStorage(later, "s3")).toMatchObject({ strays: { count: 1, examples: [key] } });
    await door?.drop(key, multipartId);
  });

  test("while the bucket is away that is said, nothing is begun, and what was goes on afterwards", async () => {
    const bytes = clipOfSize(clip, 9_000_000);
    const upload = await sendAll(bytes);
    const { storageHealth } = app.deps;
    await storageHealth.lookNow();
    await minio.stop();
    const { status, body } = await api("GET", `/${upload.id}/parts`);
    expect([status, body.code]).toEqual([503, "storage_unreachable"]);
    // Before that is known by itself, and after.
    for (const know of [() => {}, () => storageHealth.lookNow()]) {
      await know();
      const another = await api("POST", "/s3", { filename: "b.mp4", size_bytes: 9_000_000 });
      expect([another.status, another.body.code]).toEqual([503, "storage_unreachable"]);
    }
    // Whoever tries until the bucket is back would have no space by then.
    const known = (await api("GET", "")).body.items as Upload[];
    expect(known.filter(({ state }) => state === "receiving").map(({ id }) => id)).toEqual([upload.id]);
    await minio.start();
    expect(await completed(upload)).toMatchObject({ state: "done" });
    await nothingLeft(upload);
  });

  test("complete, it waits for a bucket that stays away longer than an unfinished one is kept", async () => {
    const { db, queue } = app.deps;
    const upload = await sendAll(clipOfSize(clip, 9_000_000));
    await minio.stop();
    // As `complete` does while the bucket is still there.
    queue.add(takeArrivalJob, { uploadId: upload.id });
    await app.idle();
    db.$client.exec(`UPDATE uploads SET expires_at = 1 WHERE id = '${upload.id}'`);
    await sweepUploadsNow(app.deps).catch(() => {});
    expect((await api("GET", `/${upload.id}`)).body.state).toBe("receiving");
    await minio.start();
    db.$client.exec("UPDATE jobs SET run_at = 0 WHERE state = 'ready'");
    queue.lookAgain(["media"]);
    await app.idle();
    expect((await api("GET", `/${upload.id}`)).body.state).toBe("done");
    await nothingLeft(upload);
  });

  test("given up while its begin in the bucket is waited for, nothing is begun any more", async () => {
    const upload = await begin(9_000_000);
    app.deps.db.$client.exec(`UPDATE uploads SET multipart_id = NULL WHERE id = '${upload.id}'`);
    const { deps } = app;
    const user = findUserByEmail(deps.db, "ada@example.org");
    if (!user) throw new Error("nobody is there");
    const link = () => linkParts(deps, user, upload.id, [{ n: 1, crc32: "AAAAAA==" }]).then(() => "linked");
    const ends = [link(), cancelUpload(deps, user, upload.id), link().catch((error: AppError) => error.code)];
    expect(await Promise.all(ends)).toEqual(["linked", undefined, "conflict"]);
    await app.idle();
    await nothingLeft(upload);
  });

  test("its owner deleted while it is begun in the bucket, it stays begun nowhere", async () => {
    const { deps } = app;
    const fay = await app.join("fay");
    const user = findUserByEmail(deps.db, "fay@example.org");
    const { body: upload } = await api("POST", "/s3", { filename: "a.mp4", size_bytes: 9_000_000 }, fay);
    deps.db.$client.exec(`UPDATE uploads SET multipart_id = NULL WHERE id = '${upload.id}'`);
    const arrivals = deps.arrivals && {
      ...deps.arrivals,
      begin: async (key: string) => {
        discardUploadsOf(deps, user?.id ?? "")();
        await app.idle();
        return (await deps.arrivals?.begin(key)) ?? "";
      },
    };
    const ends = begunOf({ ...deps, arrivals }, upload.id).catch((error: AppError) => error.code);
    expect(await ends).toBe("conflict");
    await nothingLeft(upload);
  });

  test("given up where the database can't say so, that is tried again, and ends nothing else", async () => {
    const { deps } = app;
    const upload = await begin(9_000_000);
    const loss = { why: "failed", error: new AppError("took_too_long", "It took too long.") } as const;
    deps.db.$client.exec(
      "CREATE TEMP TRIGGER full BEFORE UPDATE ON uploads BEGIN SELECT RAISE(ABORT, 'no space'); END",
    );
    const giveUp = () => gaveUpArrival(deps, { uploadId: upload.id }, loss);
    expect(giveUp).toThrow("no space");
    deps.db.$client.exec("DROP TRIGGER full");
    giveUp();
    expect((await api("GET", `/${upload.id}`)).body).toMatchObject({
      state: "refused",
      error: { code: "took_too_long" },
    });
    await app.idle();
    await nothingLeft(upload);
  });

  test("made whole by the bucket although it was given up meanwhile, it goes as well", async () => {
    const { deps } = app;
    const bytes = clipOfSize(clip, 9_000_000);
    const upload = await sendAll(bytes);
    const arrivals = deps.arrivals && {
      ...deps.arrivals,
      complete: async (key: string) => {
        expect((await api("DELETE", `/${upload.id}`)).status).toBe(204);
        await app.idle();
        await openS3Storage(bucket).put(key, bytes);
      },
    };
    await takeArrival({ ...deps, arrivals }, upload.id, new AbortController().signal);
    await app.idle();
    await nothingLeft(upload);
  });

  test("when it is whole, its addresses change nothing any more", async () => {
    const bytes = clipOfSize(clip, 9_000_000);
    const upload = await begin(bytes.length);
    const other = Uint8Array.from(partOf(bytes, upload, 2)).toReversed();
    const late = await linkOf(upload, 2, other);
    for (const n of [1, 2]) expect(await sendPart(bytes, upload, n)).toBe(200);
    const over = await completed(upload);
    expect((await put(late, other)).status).toBe(404);
    const asked = { parts: [{ n: 2, crc32: crc32InBase64(other) }] };
    expect((await api("POST", `/${upload.id}/parts`, asked)).status).toBe(409);
    const video = await app.request(`/api/v1/videos/${over.video_id}`, { as: ada });
    expect(await video.json()).toMatchObject({ state: "READY", sha256: sha256(bytes) });
    await nothingLeft(upload);
  });

  test("a part that is on its way when its upload is given up stays nowhere", async () => {
    const bytes = clipOfSize(clip, 9_000_000);
    const upload = await begin(bytes.length);
    const part = partOf(bytes, upload, 1);
    const link = await linkOf(upload, 1, part);
    const halfway = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow = async function* () {
      yield part.subarray(0, 4_000_000);
      halfway.resolve();
      await goOn.promise;
      yield part.subarray(4_000_000);
    };
    const sending = request(link.url, {
      method: "PUT",
      headers: { ...link.headers, "content-length": String(part.length) },
    });
    // What is refused is not read to its end.
    sending.on("error", () => {});
    const answer = once(sending, "response") as Promise<[IncomingMessage]>;
    Readable.from(slow()).pipe(sending);
    await halfway.promise;
    expect((await api("DELETE", `/${upload.id}`)).status).toBe(204);
    await app.idle();
    goOn.resolve();
    expect((await answer)[0].statusCode).toBe(404);
    await nothingLeft(upload);
  });

  test("what a person may have is held to what all of their uploads announce, to the end", async () => {
    const eve = await app.join("quinn");
    app.deps.db.$client.exec("UPDATE users SET quota_bytes = 20000000 WHERE email = 'quinn@example.org'");
    const announce = (size_bytes: number) => api("POST", "/s3", { filename: "a.mp4", size_bytes }, eve);
    const first = await announce(15_000_000);
    expect(first.status).toBe(201);
    expect(await announce(6_000_000)).toMatchObject({ status: 507, body: { code: "quota_exceeded" } });
    expect((await api("DELETE", `/${first.body.id}`, undefined, eve)).status).toBe(204);
    expect((await announce(6_000_000)).status).toBe(201);
  });

  test("a shelf on the disk, and one whose bucket browsers can't reach, say that it can't be", async () => {
    const settings = [{}, { ...s3Settings(bucket), HOMEREEL_STORAGE_S3_PROXY: "true" }];
    for (const other of settings.map((one) => openTestApp(one))) {
      const as = await other.join("eve");
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ filename: "a.mp4", size_bytes: 10 });
      const answer = await other.request("/api/v1/uploads/s3", { method: "POST", as, body, headers });
      expect(answer.status).toBe(409);
      expect(await answer.json()).toMatchObject({ code: "no_direct_uploads" });
      const page = await other.request("/", { as, headers: { cookie: `homereel=${as}` } });
      expect(page.headers.get("content-security-policy")).toContain("connect-src 'self';");
      expect(await page.text()).not.toContain("data-direct");
      await other.close();
    }
    const page = await app.request("/", { headers: { cookie: `homereel=${ada}` } });
    expect(page.headers.get("content-security-policy")).toContain(`connect-src 'self' ${minio.endpoint};`);
    expect(await page.text()).toContain("data-direct");
  });
});
