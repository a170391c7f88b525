import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StorageName, User } from "../../src/db/schema.ts";
import { checkStorage, mendStorage } from "../../src/features/storage/storage.ts";
import { deleteFile, upsertFile } from "../../src/features/videos/queries.ts";
import { keys } from "../../src/storage/keys.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { openTestApp, toolSettings } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { hasMinio, s3Settings, startMinio } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { addReady } from "../fixtures/shelf.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

const day = 24 * 3_600_000;
const main = new URL("../../src/main.ts", import.meta.url).pathname;

interface Finding {
  what: string;
  ok: boolean;
  says: string;
  details?: string[];
}

async function doctor(dataDir: string, settings: Record<string, string>, ...args: string[]) {
  const child = Bun.spawn([process.execPath, main, "doctor", ...args], {
    env: {
      PATH: process.env.PATH ?? "",
      HOMEREEL_DATA_DIR: dataDir,
      HOMEREEL_LOG_LEVEL: "error",
      ...toolSettings(),
      ...settings,
    },
    stdout: "pipe",
    stderr: "inherit",
  });
  const out = await new Response(child.stdout).text();
  return { code: await child.exited, out };
}

for (const driver of ["disk", "s3"] as const satisfies StorageName[]) {
  describe.skipIf(driver === "s3" && !hasMinio)(`the doctor, of what is stored on ${driver}`, () => {
    let minio: Minio | null = null;
    let settings: Record<string, string> = {};
    let app: TestApp;
    let owner: User;
    let storage: Storage;
    let [sound, lacking, robbed]: string[] = [];
    beforeAll(async () => {
      minio = driver === "s3" ? await startMinio() : null;
      settings = minio ? s3Settings(await minio.newBucket()) : {};
      app = openTestApp(settings);
      storage = app.deps.storage;
      owner = (await addPerson(app, "owner")).user;
      const add = async (title: string) => addReady(app, owner, await mp4Clip(), { title });
      [sound, lacking, robbed] = [await add("Sound"), await add("Lacks pictures"), await add("Robbed")];
    });
    afterAll(async () => {
      await app.close();
      await minio?.close();
    });

    const check = (ms = 0) => checkStorage({ ...app.deps, now: () => Date.now() + ms }, driver);

    test("finds nothing wrong with what is as it should be", async () => {
      const report = await check(2 * day);
      expect(report).toMatchObject({ lost: { count: 0 }, damaged: { count: 0 }, strays: { count: 0 } });
      expect(report.sound.files).toBe(15);
      expect(report.sound.bytes).toBeGreaterThan(3 * Bun.file(await mp4Clip()).size);
    });

    test("names rows without bytes, and those whose bytes are others", async () => {
      await storage.delete(keys.thumbnail(lacking ?? "", "2"));
      await storage.put(keys.thumbnail(lacking ?? "", "poster"), Buffer.from("no picture"));
      await storage.delete(keys.original(robbed ?? "", "mp4"));
      const { lost, damaged, sound: still } = await check();
      const at = (id: string | undefined, title: string) => ({ of: "video", id, title, state: "READY" });
      expect(lost).toEqual({
        count: 2,
        examples: [
          {
            key: keys.thumbnail(lacking ?? "", "2"),
            named: { ...at(lacking, "Lacks pictures"), kind: "thumbnail" },
          },
          { key: keys.original(robbed ?? "", "mp4"), named: { ...at(robbed, "Robbed"), kind: "original" } },
        ] as typeof lost.examples,
      });
      expect(damaged.examples.map(({ named }) => named.kind)).toEqual(["poster"]);
      expect(still.files).toBe(12);
    });

    test("finds bytes without a row once they are a day old, and leaves alone what is not ours", async () => {
      await storage.put("videos/gone/original.mp4", Buffer.from("belongs to nothing"));
      await storage.put("somebody/elses.txt", Buffer.from("not ours"));
      expect(await check()).toMatchObject({ strays: { count: 0 }, unsettled: 1, foreign: 1 });
      expect(await check(25 * 3_600_000)).toMatchObject({
        strays: { count: 1, bytes: 18, examples: ["videos/gone/original.mp4"] },
        unsettled: 0,
        foreign: 1,
      });
    });

    test("says it in words and as JSON, and ends with 1", async () => {
      const told = await doctor(app.dataDir, settings);
      expect(told.code).toBe(1);
      expect(told.out).toContain("2 more should be there and are not");
      expect(told.out).toContain(`gone: original of the video “Robbed” (${robbed})`);
      const { out } = await doctor(app.dataDir, settings, "--json");
      const finding = (JSON.parse(out) as Finding[]).find(({ says }) => says.startsWith("12 files"));
      expect(finding).toMatchObject({
        ok: false,
        details: [expect.any(String), expect.any(String), expect.any(String)],
      });
    });

    test("mends what is safe", async () => {
      const later = { ...app.deps, now: () => Date.now() + 25 * 3_600_000 };
      const mending = await mendStorage(later, await checkStorage(later, driver));
      expect(mending).toEqual({ removed: 1, pictures: 1, mended: 2, refused: null });
      expect(await storage.find("videos/gone/original.mp4")).toBeNull();
      expect(await storage.find("somebody/elses.txt")).not.toBeNull();
      await app.start();
      await app.idle();
      const { lost, damaged } = await check();
      expect([damaged.count, lost.examples.map(({ named }) => named.title)]).toEqual([0, ["Robbed"]]);
    });

    test("names a picture that somebody sent, and can't take it again", async () => {
      const key = keys.ownPicture(sound ?? "", "1");
      const row = {
        videoId: sound ?? "",
        kind: "thumbnail",
        n: 0,
        mime: "image/jpeg",
        sizeBytes: 7,
      } as const;
      upsertFile(app.deps.db, { ...row, storage: driver, key, sha256: "", createdAt: 0 });
      const report = await check();
      expect(report.lost.examples.map(({ named }) => named.kind)).toContain("picture of one's own");
      expect((await mendStorage(app.deps, report)).pictures).toBe(0);
      deleteFile(app.deps.db, row);
    });

    test("does so by command while the program runs, whose queue makes the pictures", async () => {
      await storage.delete(keys.thumbnail(sound ?? "", "1"));
      const { out } = await doctor(app.dataDir, settings, "--fix");
      expect(out).toContain("the server takes the pictures of 1 video again");
      await until(async () => await storage.find(keys.thumbnail(sound ?? "", "1")), 30_000);
    });

    test("deletes nothing where the database seems to be another shelf's", async () => {
      for (let i = 0; i < 30; i++) await storage.put(`videos/other-${i}/original.mp4`, Buffer.from("theirs"));
      const later = { ...app.deps, now: () => Date.now() + 25 * 3_600_000 };
      const mending = await mendStorage(later, await checkStorage(later, driver));
      expect(mending).toMatchObject({ removed: 0, refused: expect.stringContaining("another shelf") });
      expect(await storage.find("videos/other-0/original.mp4")).not.toBeNull();
    });
  });
}

test("a hundred thousand keys are held against each other in little memory", async () => {
  const app = openTestApp();
  const { user } = await addPerson(app, "owner");
  const count = 100_000;
  const { $client } = app.deps.db;
  const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
  $client.exec(`INSERT INTO videos (id, owner_id, title, state, created_at, updated_at)
    ${numbers} SELECT printf('v%06d', i), '${user.id}', 'Video', 'READY', 0, 0 FROM n`);
  $client.exec(`INSERT INTO files (video_id, kind, storage, key, mime, size_bytes, sha256, created_at)
    ${numbers} SELECT printf('v%06d', i), 'original', 'disk', printf('videos/v%06d/original.mp4', i), 'video/mp4', 7, '', 0 FROM n`);
  // Every thousandth is not there, and as many have no row.
  const listing = {
    async *list() {
      for (let i = 1; i <= count; i++) {
        const name = `v${String(i).padStart(6, "0")}`;
        if (i % 1000 > 0) yield { key: keys.original(name, "mp4"), sizeBytes: 7, modifiedAt: new Date(0) };
        else yield { key: keys.original(`${name}x`, "mp4"), sizeBytes: 7, modifiedAt: new Date(0) };
      }
    },
    find: async () => null,
  } as unknown as Storage;
  Bun.gc(true);
  const before = process.memoryUsage().heapUsed;
  const report = await checkStorage({ ...app.deps, storageOf: () => listing }, "disk");
  Bun.gc(true);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
  expect([report.sound.files, report.lost.count, report.strays.count]).toEqual([99_900, 100, 100]);
  await app.close();
});

test("a data folder without its files is told from one without a sound database", async () => {
  const app = openTestApp();
  const { user } = await addPerson(app, "owner");
  await addReady(app, user, await mp4Clip(), { title: "A clip" });
  rmSync(join(app.dataDir, "storage"), { recursive: true });
  const gone = await doctor(app.dataDir, {}, "--fix");
  expect([gone.code, gone.out]).toEqual([1, expect.stringContaining("5 more should be there and are not")]);
  await app.stop();
  const path = join(app.dataDir, "homereel.sqlite");
  const bytes = await Bun.file(path).bytes();
  writeFileSync(path, bytes.fill(7, 4096, 40_000));
  const { code, out } = await doctor(app.dataDir, {}, "--json").catch(() => ({ code: 1, out: "[]" }));
  expect([code, out.includes("files on the disk")]).toEqual([1, false]);
  expect(existsSync(path)).toBe(true);
  rmSync(app.dataDir, { recursive: true });
});
