import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { checkStorage } from "../../src/features/storage/storage.ts";
import { listRefused } from "../../src/features/uploads/uploads.ts";
import { sha256OfFile } from "../../src/lib/sha256.ts";
import { openIncoming } from "../../src/storage/incoming.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";
import type { Person } from "../fixtures/cast.ts";
import { incomingSettings, openOutsider, tellsAtOnce, tellsNothing } from "../fixtures/incoming.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { hasMinio, startMinio } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { garbled, openFaultyS3 } from "../fixtures/s3-faults.ts";
import type { Fault, FaultyS3 } from "../fixtures/s3-faults.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

const owner = "owner@example.org";
const never = 24 * 3600;

describe.skipIf(!hasMinio)("what is put into incoming/ of the bucket", () => {
  let minio: Minio;
  let door: FaultyS3;
  let clip: Buffer;
  beforeAll(async () => {
    minio = await startMinio();
    door = openFaultyS3(minio.endpoint);
    clip = Buffer.from(await Bun.file(await mp4Clip()).bytes());
  });
  afterAll(async () => {
    await door.close();
    await minio.close();
  });

  let bucket: S3Options;
  let outsider: ReturnType<typeof openOutsider>;
  let app: TestApp;
  let person: Person;
  beforeEach(async () => {
    door.setFault(null);
    bucket = { ...(await minio.newBucket()), endpoint: door.endpoint };
    outsider = openOutsider(bucket);
  });
  afterEach(() => app.close());

  async function open(everySeconds: number, settings: Record<string, string> = {}): Promise<void> {
    app = openTestApp({ ...incomingSettings(bucket, owner, everySeconds), ...settings });
    person = await addPerson(app, "owner");
  }
  const videos = () => app.deps.db.query.videos.findMany().sync();
  const rows = () => app.deps.db.query.incomingObjects.findMany().sync();
  const untilReady = (count: number) =>
    until(() => (videos().filter(({ state }) => state === "READY").length === count ? videos() : null));
  const untilEmpty = () => until(async () => ((await outsider.list()).length === 0 ? true : null));

  test("becomes a video of the account that is named, with all its bytes, and goes from there", async () => {
    await open(never);
    await app.start();
    await outsider.put("incoming/Holiday/VID_20240314_153012.mp4", clip);
    // MinIO's newest server keeps back what it has to tell: it is looked through every few seconds instead.
    const [video] = await untilReady(1);
    expect(video).toMatchObject({
      ownerId: person.user.id,
      title: "2024-03-14 15:30",
      filename: "VID_20240314_153012.mp4",
      visibility: "library",
      sha256: await sha256OfFile(await mp4Clip()),
    });
    await untilEmpty();
    await until(() => (rows().length === 0 ? true : null));
    await until(() => readdirSync(join(app.dataDir, "work")).length === 0 || null);
  });

  test("is taken at once where the server tells of it", async () => {
    const telling = tellsAtOnce();
    door.setFault(telling.fault);
    await open(never);
    await app.start();
    await until(() => (telling.listeners() === 1 ? true : null));
    await Bun.sleep(300);
    await outsider.put("incoming/at once.mp4", clip);
    await untilReady(1);

    await Promise.all(Array.from({ length: 10 }, (_, i) => outsider.put(`incoming/${i}.mp4`, clip)));
    await untilReady(11);
    await untilEmpty();
    expect(videos()).toHaveLength(11);
  });

  test("is found after the connection to who tells was lost", async () => {
    const telling = tellsAtOnce();
    door.setFault(telling.fault);
    await open(never);
    await app.start();
    await until(() => (telling.listeners() === 1 ? true : null));
    telling.hangUp();
    await outsider.put("incoming/meanwhile.mp4", clip);
    await untilReady(1);
    expect(telling.listeners()).toBe(1);
  });

  test("is found by looking through it where the server has no call to tell", async () => {
    door.setFault(tellsNothing);
    await open(1);
    await app.start();
    await outsider.put("incoming/found.mp4", clip);
    await untilReady(1);
    await untilEmpty();
  });

  test("waits for a server that is down, and for a bucket that is away", async () => {
    bucket = { ...bucket, endpoint: minio.endpoint };
    outsider = openOutsider(bucket);
    await outsider.put("incoming/before.mp4", clip);
    await open(1);
    await app.start();
    await untilReady(1);
    await minio.stop();
    await Bun.sleep(1500);
    await minio.start();
    await outsider.put("incoming/after.mp4", clip);
    await untilReady(2);
    await untilEmpty();
  });

  test("is not taken as long as other bytes come than are there", async () => {
    let fetches = 0;
    const garbling = (times: number): Fault => {
      fetches = 0;
      return async (request, forward, body) => {
        const answer = await tellsNothing(request, forward, body);
        const isFetch = request.method === "GET" && request.url.includes("/incoming/");
        return isFetch && ++fetches <= times ? garbled(answer) : answer;
      };
    };
    await open(1);
    await outsider.put("incoming/garbled.mp4", clip);
    door.setFault(garbling(Infinity));
    await app.start();
    await until(() => (fetches === 3 ? true : null));
    await app.idle();
    expect(videos()).toEqual([]);
    expect(rows()).toEqual([expect.objectContaining({ state: "waiting" })]);
    // As it does by itself some minutes later.
    door.setFault(garbling(1));
    app.deps.db.$client.exec("UPDATE jobs SET run_at = 0 WHERE name = 'take-incoming'");
    const [video] = await untilReady(1);
    expect(video?.sha256).toBe(await sha256OfFile(await mp4Clip()));
    await untilEmpty();
  });

  test("and is no video stays there, and is not fetched again", async () => {
    door.setFault(tellsNothing);
    await open(1);
    await app.start();
    await outsider.put("incoming/notes.txt", "Bread, milk, eggs");
    await outsider.put("incoming/empty.mp4", "");
    await outsider.put("incoming/folder/", "");
    await until(() => (rows().filter(({ state }) => state === "refused").length === 2 ? true : null));
    door.setFault(tellsNothing);
    await Bun.sleep(2500);
    expect(door.asked.filter((what) => what.includes("/incoming/"))).toEqual([]);
    expect(await outsider.list()).toEqual(["empty.mp4", "folder/", "notes.txt"]);
    expect(videos()).toEqual([]);
    expect(rows().map(({ errorCode }) => errorCode)).toEqual(["not_a_video", "not_a_video"]);
    // Doctors see somebody else's files, which they leave alone.
    expect(await checkStorage(app.deps, "s3")).toMatchObject({ strays: { count: 0 }, lost: { count: 0 } });

    const { items, total } = listRefused(app.deps);
    expect(total).toBe(2);
    expect(items.map(({ key }) => key).toSorted()).toEqual(["incoming/empty.mp4", "incoming/notes.txt"]);

    // Another file of the same name is another thing.
    await outsider.put("incoming/notes.txt", clip);
    await untilReady(1);
    await until(async () => ((await outsider.list()).includes("notes.txt") ? null : true));
    await until(() => (rows().length === 1 ? true : null));
    expect(listRefused(app.deps).items.map(({ key }) => key)).toEqual(["incoming/empty.mp4"]);
  });

  test("waits for space that its owner has not, and is taken when there is some", async () => {
    door.setFault(tellsNothing);
    await open(1);
    const setQuota = (bytes: number) =>
      app.deps.db.$client.prepare("UPDATE users SET quota_bytes = ?").run(bytes);
    setQuota(1000);
    await app.start();
    await outsider.put("incoming/large.mp4", clip);
    await until(() => (rows()[0]?.errorCode === "quota_exceeded" ? true : null));
    expect(await outsider.list()).toEqual(["large.mp4"]);
    const [refused] = listRefused(app.deps).items;
    expect(refused?.message).toMatch(/^That is more than [^y]\w* has space for: /);
    setQuota(0);
    await untilReady(1);
    await untilEmpty();
  });

  test("may have any name", async () => {
    door.setFault(tellsNothing);
    const names = [
      "new\nline and\ttab.mp4",
      "\u202egpj.exe",
      "a+b %2F%2e%2e & <b>.mp4",
      "back\\slash\\x.mp4",
      `${"deep/".repeat(190)}é🎬.mp4`,
      "-rf.mp4",
      "x\u0001y.mp4",
      "?a=b#c.mp4",
    ];
    for (const name of names) await outsider.put(`incoming/${name}`, clip);
    await open(1);
    await app.start();
    const ready = await untilReady(names.length);
    await untilEmpty();
    expect(ready.map(({ filename }) => filename ?? "").toSorted()).toEqual(
      [
        "new line and tab.mp4",
        "gpj.exe",
        "a+b %2F%2e%2e & <b>.mp4",
        "back-slash-x.mp4",
        "é🎬.mp4",
        "-rf.mp4",
        "x y.mp4",
        "?a=b#c.mp4",
      ].toSorted(),
    );
  });

  test("is left alone where nobody is named, or nobody who may come in", async () => {
    await outsider.put("incoming/lonely.mp4", clip);
    for (const nobody of ["", "stranger@example.org"]) {
      await app?.close();
      await open(1, { HOMEREEL_STORAGE_S3_INCOMING_OWNER: nobody });
      await app.start();
      await Bun.sleep(1500);
      expect(rows()).toEqual([]);
    }
    expect(await outsider.list()).toEqual(["lonely.mp4"]);
  });

  test("stays where its video was deleted before it was ready, and is not taken again", async () => {
    door.setFault(tellsNothing);
    await open(1);
    await app.start();
    await outsider.put("incoming/unwanted.mp4", clip);
    await until(() => (videos()[0]?.state === "PROCESSING" ? true : null));
    app.deps.db.$client.exec("DELETE FROM videos");
    await until(() => (rows()[0]?.state === "refused" ? true : null));
    await Bun.sleep(1500);
    expect(videos()).toEqual([]);
    expect(await outsider.list()).toEqual(["unwanted.mp4"]);
  });

  test("MinIO's own server tells as well, once it has enough to say", async () => {
    await open(never);
    const incoming = openIncoming(app.deps.config);
    expect(await incoming?.canListen()).toBe(true);
    const stopping = new AbortController();
    let rings = 0;
    let isOpen = false;
    const bell = { opened: () => void (isOpen = true), ring: () => void (rings += 1) };
    const over = incoming?.listen(bell, stopping.signal);
    await Bun.sleep(300);
    for (let i = 0; i < 12; i += 1) await outsider.put(`incoming/${i}.mp4`, "x".repeat(i + 1));
    await until(() => (rings >= 3 ? true : null));
    expect(isOpen).toBe(true);
    stopping.abort();
    await over;
  });
});
