import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getUserByEmail } from "../../src/features/accounts/accounts.ts";
import { addPendingVideo, ingestLater } from "../../src/features/videos/videos.ts";
import { sha256OfFile } from "../../src/lib/sha256.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import { json, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { encode, fourCorners, toPng } from "../fixtures/pictures.ts";
import { s3Settings } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { hasOwnS3, startOwnS3 } from "../fixtures/own-s3.ts";
import { sendReplacement } from "../fixtures/replacement.ts";
import { until } from "../fixtures/until.ts";

const day = 24 * 3600;

describe.skipIf(!hasOwnS3)("with a bucket", () => {
  let minio: Minio;
  let bucket: S3Options;
  beforeAll(async () => {
    minio = await startOwnS3();
    bucket = await minio.newBucket();
  });
  afterAll(() => minio.close());

  const keysBelow = async (prefix: string) => {
    const keys: string[] = [];
    for await (const { key } of openS3Storage(bucket).list(prefix)) keys.push(key);
    return keys;
  };

  describe("new videos", () => {
    let app: TestApp;
    let owner: string;
    let id: string;
    beforeAll(async () => {
      app = openTestApp(s3Settings(bucket));
      await app.start();
      owner = await app.join("owner");
      id = await addVideo(app, await mp4Clip());
    });
    afterAll(() => app.close());

    test("end READY with their bytes in the bucket, and none here", async () => {
      expect(videoRow(app, id)?.state).toBe("READY");
      expect(await keysBelow("")).toEqual([
        ...["1", "2", "3", "poster"].map((name) => `thumbnails/${id}/${name}.jpg`),
        `videos/${id}/original.mp4`,
      ]);
      expect(existsSync(join(app.dataDir, "storage/videos"))).toBe(false);
      await until(() => readdirSync(join(app.dataDir, "work")).length === 0 || null);
    });

    test("are played from the bucket, by an address that is good for a quarter of an hour", async () => {
      const answer = await app.request(`/videos/${id}/stream`, { as: owner });
      expect(answer.status).toBe(302);
      expect(answer.headers.get("cache-control")).toBe("private, no-store");
      const url = new URL(answer.headers.get("location") ?? "");
      expect(url.origin).toBe(minio.endpoint);
      expect(url.searchParams.get("X-Amz-Expires")).toBe("900");

      const part = await fetch(url, { headers: { range: "bytes=10-19" } });
      expect(part.status).toBe(206);
      expect(part.headers.get("content-type")).toBe("video/mp4");
      const whole = await (await fetch(url)).bytes();
      expect(await part.bytes()).toEqual(whole.slice(10, 20));
      expect(new Bun.CryptoHasher("sha256").update(whole).digest("hex")).toBe(
        await sha256OfFile(await mp4Clip()),
      );
    });

    test("can be saved under the names that they came with", async () => {
      const answer = await app.request(`/videos/${id}/file`, { as: owner });
      const saved = await fetch(answer.headers.get("location") ?? "");
      expect(saved.headers.get("content-disposition")).toBe('attachment; filename="clip.mp4"');
    });

    test("have addresses of the bucket for players beside the browser, that end when they say", async () => {
      const asked = Date.now();
      const answer = await app.request(`/api/v1/videos/${id}/stream-url?expires_in=7200`, { as: owner });
      const { url, expires_at } = (await answer.json()) as { url: string; expires_at: string };
      const query = new URL(url).searchParams;
      const [, day, time] = /^(\d{8})T(\d{6})Z$/.exec(query.get("X-Amz-Date") ?? "") ?? [];
      const signedAt = Date.parse(
        `${day?.replace(/(....)(..)(..)/, "$1-$2-$3")}T${time?.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`,
      );
      expect(signedAt + Number(query.get("X-Amz-Expires")) * 1000).toBe(Date.parse(expires_at));
      expect(Date.parse(expires_at) - asked).toBeGreaterThan(7_198_000);
      const part = await fetch(url, { headers: { range: "bytes=4-7" } });
      expect([part.status, await part.text()]).toEqual([206, "ftyp"]);
    });

    test("have pictures, whose addresses browsers may use again", async () => {
      for (const name of ["1", "2", "3", "poster"]) {
        const path = `/thumbnails/${id}/${name}.jpg`;
        const answer = await app.request(path, { as: owner });
        expect(answer.status).toBe(302);
        expect(answer.headers.get("cache-control")).toBe("private, max-age=1800");
        const location = answer.headers.get("location") ?? "";
        expect(new URL(location).searchParams.get("X-Amz-Expires")).toBe("3600");
        const picture = await fetch(location);
        expect(picture.headers.get("content-type")).toBe("image/jpeg");
        expect(picture.headers.get("cache-control")).toContain("immutable");
      }
    });

    test("as pictures that people send have", async () => {
      const body = await encode(fourCorners(400, 300), ...toPng);
      const init = { method: "POST", body: Buffer.from(body), headers: { "content-type": "image/png" } };
      const sent = await app.request("/api/v1/images", { ...init, as: owner });
      const image = (await sent.json()) as {
        id: string;
        mime: string;
        url: string;
        sizes: { url: string }[];
      };
      expect(await keysBelow("images/")).toHaveLength(2);
      for (const url of [image.url, ...image.sizes.map((size) => size.url)]) {
        const answer = await app.request(url, { as: owner });
        expect([answer.status, answer.headers.get("cache-control")]).toEqual([302, "private, max-age=1800"]);
        const picture = await fetch(answer.headers.get("location") ?? "");
        expect(picture.headers.get("content-type")).toStartWith("image/");
        expect(picture.headers.get("content-disposition")).toStartWith("inline");
      }
      const svg = { ...init, body: "<svg/>", headers: { "content-type": "image/svg+xml" } };
      const kept = await app.request("/api/v1/images?filename=a.svg", { ...svg, as: owner });
      const { url } = (await kept.json()) as { url: string };
      const answer = await app.request(url, { as: owner });
      const drawing = await fetch(answer.headers.get("location") ?? "");
      expect(drawing.headers.get("content-type")).toBe("application/octet-stream");
      expect(drawing.headers.get("content-disposition")).toBe('attachment; filename="a.svg"');
      await app.request(`/api/v1/images/${image.id}`, { method: "DELETE", as: owner });
      await app.idle();
      expect(await keysBelow(`images/${image.id}`)).toEqual([]);
    });

    test("say to HEAD what they are", async () => {
      const { status, headers } = await app.request(`/videos/${id}/stream`, { as: owner, method: "HEAD" });
      expect(status).toBe(200);
      expect(headers.get("content-length")).toBe(String(Bun.file(await mp4Clip()).size));
    });

    test("are for those who may watch, and for nobody else", async () => {
      const stranger = await app.join("stranger");
      await app.request(`/api/v1/videos/${id}`, { ...json({ visibility: "private" }, "PATCH"), as: owner });
      for (const path of [`/videos/${id}/stream`, `/thumbnails/${id}/2.jpg`]) {
        const answer = await app.request(path, { as: stranger });
        expect(answer.status).toBe(404);
        expect(answer.headers.get("location")).toBeNull();
      }
    });

    test("may be shown by pages: the policy names the bucket", async () => {
      const policy = (await app.request("/", { as: owner })).headers.get("content-security-policy") ?? "";
      for (const directive of ["img-src", "media-src", "connect-src"]) {
        expect(policy).toMatch(new RegExp(`${directive} [^;]*${minio.endpoint}(;|$)`));
      }
      expect(policy).toContain("script-src 'self' 'nonce-");
    });

    test("get new pictures from a copy that goes afterwards", async () => {
      const before = videoRow(app, id)?.updatedAt ?? 0;
      await app.request(`/api/v1/videos/${id}/thumbnails`, { method: "POST", as: owner });
      await until(async () => ((videoRow(app, id)?.updatedAt ?? 0) > before ? true : null));
      await until(() => (readdirSync(join(app.dataDir, "work")).length === 0 ? true : null));
    });

    test("are never put together of two files where somebody goes on with a download", async () => {
      const user = getUserByEmail(app.deps, "owner@example.org");
      const other = await addVideo(app, await mp4Clip());
      const file = (headers: Record<string, string> = {}) =>
        app.request(`/videos/${other}/file`, { as: owner, headers });
      const goOn = async (ifRange: string) => file({ range: "bytes=1000-", "if-range": ifRange });
      const begun = await fetch((await file()).headers.get("location") ?? "");
      const [etag = "", date = ""] = ["etag", "last-modified"].map((name) => begun.headers.get(name) ?? "");
      const own = (await app.request(`/videos/${other}/file`, { as: owner, method: "HEAD" })).headers.get(
        "etag",
      );
      const before = await begun.bytes();
      for (const validator of [etag, date, own ?? ""]) {
        const answer = await goOn(validator);
        expect([validator, answer.status]).toEqual([validator, 302]);
        const headers = { range: "bytes=1000-", "if-range": etag };
        const rest = await fetch(answer.headers.get("location") ?? "", { headers });
        expect([rest.status, await rest.bytes()]).toEqual([206, before.slice(1000)]);
      }

      const longer = await mp4Clip({ seconds: 3 });
      await sendReplacement(app, user, other, longer, "longer.mp4");
      await app.idle();
      const after = await Bun.file(longer).bytes();
      for (const validator of [etag, own ?? "", "Sat, 01 Jan 2000 00:00:00 GMT"]) {
        const answer = await goOn(validator);
        expect([validator, answer.status]).toEqual([validator, 200]);
        expect(answer.headers.get("content-disposition")).toContain("attachment");
        expect(await answer.bytes()).toEqual(after);
      }
      // Without a condition it is what was asked for.
      expect((await file({ range: "bytes=1000-" })).status).toBe(302);
    });

    test("leave the bucket when they are deleted", async () => {
      const other = await addVideo(app, await mp4Clip());
      expect(await keysBelow(`videos/${other}/`)).not.toEqual([]);
      const answer = await app.request(`/api/v1/videos/${other}`, { method: "DELETE", as: owner });
      expect(answer.status).toBe(204);
      await until(async () => {
        const left = [...(await keysBelow(`videos/${other}/`)), ...(await keysBelow(`thumbnails/${other}/`))];
        return left.length === 0 ? true : null;
      });
      expect(await keysBelow(`videos/${id}/`)).toHaveLength(1);
    });
  });

  describe("a shelf that began on the disk", () => {
    const dataDir = mkdtempSync(join(tmpdir(), "homereel-mixed-"));
    const onData = (settings: Record<string, string>) =>
      openTestApp({ ...settings, HOMEREEL_DATA_DIR: dataDir });
    let app: TestApp;
    let owner: string;
    let onDisk: string;
    let inBucket: string;
    beforeAll(async () => {
      const before = onData({});
      await before.start();
      await before.join("owner");
      onDisk = await addVideo(before, await mp4Clip(), dataDir);
      await before.close();

      app = onData({ ...s3Settings(bucket), HOMEREEL_STORAGE_S3_PROXY: "true" });
      await app.start();
      owner = await logIn(app);
      inBucket = await addVideo(app, await mp4Clip(), dataDir);
    });
    afterAll(async () => {
      await app.close();
      rmSync(dataDir, { recursive: true, force: true });
    });

    const asked: [string, RequestInit][] = [
      ["everything", {}],
      ["HEAD", { method: "HEAD" }],
      ["the first bytes", { headers: { range: "bytes=0-99" } }],
      ["the last bytes", { headers: { range: "bytes=-100" } }],
      ["the rest", { headers: { range: "bytes=1000-" } }],
      ["the rest, by a player", { headers: { range: "bytes=0-", "sec-fetch-dest": "video" } }],
      ["more than there is", { headers: { range: "bytes=5-99999999" } }],
      ["what is not there", { headers: { range: "bytes=99999999-" } }],
      ["several ranges", { headers: { range: "bytes=0-1,5-6" } }],
      ["a range of something else", { headers: { range: "bytes=0-1", "if-range": '"old"' } }],
      ["a range to HEAD", { method: "HEAD", headers: { range: "bytes=0-1" } }],
      ["something else", { headers: { "if-match": '"old"' } }],
    ];
    test.each(asked)("is asked for %s, and answers from both alike", async (_, init) => {
      const [fromDisk, fromBucket] = await Promise.all([ask(onDisk, init), ask(inBucket, init)]);
      expect(fromBucket).toEqual(fromDisk);
    });

    test("knows from both what a browser has already, and what it has a part of", async () => {
      const etag = (await ask(onDisk, {})).headers.etag ?? "";
      expect(await ask(inBucket, { headers: { "if-none-match": etag } })).toMatchObject({ status: 304 });
      const rest = await ask(inBucket, { headers: { range: "bytes=7-", "if-range": etag } });
      expect(rest.status).toBe(206);
      expect(rest).toEqual(await ask(onDisk, { headers: { range: "bytes=7-", "if-range": etag } }));
    });

    test("signs addresses of our own, behind which the bucket stays hidden", async () => {
      const answer = await app.request(`/api/v1/videos/${inBucket}/stream-url`, { as: owner });
      const { pathname, search } = new URL(((await answer.json()) as { url: string }).url);
      expect(pathname).toBe(`/signed/${inBucket}/stream.mp4`);
      const part = await app.request(pathname + search, { headers: { range: "bytes=4-7" } });
      expect([part.status, await part.text()]).toEqual([206, "ftyp"]);
    });

    async function ask(id: string, init: RequestInit) {
      const answer = await app.request(`/videos/${id}/stream`, { ...init, as: owner });
      const {
        "last-modified": _when,
        "content-security-policy": policy = "",
        ...headers
      } = answer.headers.toJSON();
      expect(policy).not.toContain(minio.endpoint);
      const body = new Bun.CryptoHasher("sha256").update(await answer.arrayBuffer()).digest("hex");
      return { status: answer.status, headers: headers as Record<string, string>, body };
    }

    test("plays both too where browsers go to the bucket, and says so where the bucket is no longer set up", async () => {
      await app.stop();
      app = onData(s3Settings(bucket));
      expect((await app.request(`/videos/${onDisk}/stream`, { as: owner })).status).toBe(200);
      expect((await app.request(`/videos/${inBucket}/stream`, { as: owner })).status).toBe(302);
      await app.stop();
      app = onData({});
      expect((await app.request(`/videos/${onDisk}/stream`, { as: owner })).status).toBe(200);
      const gone = await app.request(`/videos/${inBucket}/stream`, { as: owner });
      expect(gone.status).toBe(503);
      expect(await gone.text()).toContain("not set up");
    });
  });

  test("addresses lead to where browsers reach the bucket", async () => {
    const app = openTestApp({
      ...s3Settings(bucket),
      HOMEREEL_STORAGE_S3_PUBLIC_ENDPOINT: "https://s3.example.org",
    });
    const delivery = app.deps.storage.delivery("videos/x/original.mp4");
    const url =
      delivery.way === "link" ? await delivery.sign({ expiresSeconds: day, mime: "video/mp4" }) : "";
    expect(url).toStartWith(`https://s3.example.org/${bucket.bucket}/videos/x/original.mp4?`);
    const page = await app.request("/login");
    expect(page.headers.get("content-security-policy")).toContain(
      "media-src 'self' blob: https://s3.example.org;",
    );
    await app.close();
  });

  describe("that is out of reach", () => {
    let app: TestApp;
    let owner: string;
    let id: string;
    beforeAll(async () => {
      app = openTestApp({
        ...s3Settings(bucket),
        HOMEREEL_STORAGE_S3_PROXY: "true",
        HOMEREEL_LOG_LEVEL: "error",
      });
      await app.start();
      owner = await app.join("owner");
      id = await addVideo(app, await mp4Clip());
      await minio.stop();
    });
    afterAll(() => app.close());

    test("a video says so in a sentence", async () => {
      const answer = await app.request(`/videos/${id}/stream`, { as: owner });
      expect(answer.status).toBe(503);
      expect(await answer.text()).toContain("The storage can&#39;t be used right now.");
    });

    test("pages still come", async () => {
      const gallery = await app.request("/", { as: owner });
      expect(gallery.status).toBe(200);
      expect(await gallery.text()).toContain(`id="video-${id}"`);
      expect((await app.request(`/videos/${id}`, { as: owner })).status).toBe(200);
    });

    test("a new video waits with all its bytes", async () => {
      const waiting = await addVideo(app, await mp4Clip(), app.dataDir, () => isPutOff(app));
      expect(videoRow(app, waiting)?.state).toBe("PROCESSING");
      expect(await sha256OfFile(join(app.dataDir, "work", waiting, "original.mp4"))).toBe(
        await sha256OfFile(await mp4Clip()),
      );
      await minio.start();
      app.deps.db.$client.exec("UPDATE jobs SET run_at = 0 WHERE state = 'ready'");
      await until(async () => (videoRow(app, waiting)?.state === "READY" ? true : null));
    }, 60_000);
  });
});

/** Puts bytes into a work folder and lets the one way lead them to an end, or as far as `until` says. */
async function addVideo(
  app: TestApp,
  clip: string,
  dataDir = app.dataDir,
  isThere = async (id: string) => /READY|FAILED/.test(videoRow(app, id)?.state ?? ""),
): Promise<string> {
  const user = app.deps.db.query.users.findFirst({ where: (row, { eq }) => eq(row.name, "owner") }).sync();
  if (!user) throw new Error("no owner");
  const video = { title: "A clip", sourceUrl: null, sourceSite: null, tags: [] };
  const id = app.deps.db.transaction(() => addPendingVideo(app.deps, user, video));
  mkdirSync(join(dataDir, "work", id), { recursive: true });
  writeFileSync(join(dataDir, "work", id, "original.mp4"), await Bun.file(clip).bytes());
  app.deps.db.transaction(() =>
    ingestLater(
      app.deps,
      { id, ownerId: user.id },
      { folder: id, file: "original.mp4", filename: "clip.mp4" },
    ),
  );
  await until(async () => ((await isThere(id)) ? true : null));
  return id;
}

function videoRow(app: TestApp, id: string) {
  return app.deps.db.query.videos.findFirst({ where: (row, { eq }) => eq(row.id, id) }).sync();
}

/** Whether the newest ingest waits to be tried later, with no attempt used up. */
async function isPutOff(app: TestApp): Promise<boolean> {
  const newest = app.deps.db.query.jobs.findFirst({
    where: (row, { eq }) => eq(row.name, "ingest"),
    orderBy: (row, { desc }) => desc(row.id),
  });
  const job = newest.sync();
  return job?.state === "ready" && job.runAt > Date.now() && job.attempts === 0;
}

async function logIn(app: TestApp): Promise<string> {
  const body = { email: "owner@example.org", password };
  const response = await app.request("/api/v1/auth/login", json(body));
  return ((await response.json()) as { token: string }).token;
}
