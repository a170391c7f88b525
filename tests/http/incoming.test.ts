import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { checkStorage } from "../../src/features/storage/storage.ts";
import { listRefused } from "../../src/features/uploads/uploads.ts";
import { semaphore } from "../../src/lib/semaphore.ts";
import { sha256OfFile } from "../../src/lib/sha256.ts";
import { openIncoming } from "../../src/storage/s3/open-incoming.ts";
import { openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";
import type { Person } from "../fixtures/cast.ts";
import { incomingSettings, openOutsider, tellsAtOnce, tellsNothing } from "../fixtures/incoming.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { hasMinio, startMinio } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { garbled, openFaultyS3 } from "../fixtures/s3-faults.ts";
import type { Fault } from "../fixtures/s3-faults.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

const owner = "owner@example.org";
const never = 24 * 3600;

describe.skipIf(!hasMinio)("what is put into incoming/ of the bucket", () => {
  let minio: Minio;
  let clip: Buffer;
  beforeAll(async () => {
    minio = await startMinio();
    clip = Buffer.from(await Bun.file(await mp4Clip()).bytes());
  });
  afterAll(() => minio.close());

  /** A bucket with a door before it, somebody who has its keys, and an app that takes what is put there, once it is opened. */
  async function enter(server: Minio, hasDoor: boolean) {
    const door = openFaultyS3(server.endpoint);
    const bucket = await server.newBucket();
    if (hasDoor) bucket.endpoint = door.endpoint;
    const outsider = openOutsider(bucket);
    let app: TestApp | undefined;
    const opened = () => {
      if (!app) throw new Error("the app is not open");
      return app;
    };
    const videos = () => opened().deps.db.query.videos.findMany().sync();
    return {
      door,
      outsider,
      get app() {
        return opened();
      },
      async open(everySeconds: number, settings: Record<string, string> = {}): Promise<Person> {
        await app?.close();
        app = openTestApp({ ...incomingSettings(bucket, owner, everySeconds), ...settings });
        return addPerson(app, "owner");
      },
      videos,
      rows: () => opened().deps.db.query.incomingObjects.findMany().sync(),
      untilReady: (count: number) =>
        until(() => (videos().filter(({ state }) => state === "READY").length === count ? videos() : null)),
      untilEmpty: () => until(async () => ((await outsider.list()).length === 0 ? true : null)),
      async [Symbol.asyncDispose]() {
        await app?.close();
        await door.close();
      },
    };
  }
  type Room = Awaited<ReturnType<typeof enter>>;

  /** They wait for most of their time; so many at once are enough for two cores. */
  const inTurn = semaphore(4);
  function testInRoom(name: string, work: (room: Room) => Promise<void>): void {
    test.concurrent(name, () =>
      inTurn(async () => {
        await using room = await enter(minio, true);
        await work(room);
      }),
    );
  }

  testInRoom(
    "becomes a video of the account that is named, with all its bytes, and goes from there",
    async (room) => {
      const person = await room.open(never);
      await room.app.start();
      await room.outsider.put("incoming/Holiday/VID_20240314_153012.mp4", clip);
      // MinIO's newest server keeps back what it has to tell: it is looked through every few seconds instead.
      const [video] = await room.untilReady(1);
      expect(video).toMatchObject({
        ownerId: person.user.id,
        title: "2024-03-14 15:30",
        filename: "VID_20240314_153012.mp4",
        visibility: "library",
        sha256: await sha256OfFile(await mp4Clip()),
      });
      await room.untilEmpty();
      await until(() => (room.rows().length === 0 ? true : null));
      await until(() => readdirSync(join(room.app.dataDir, "work")).length === 0 || null);
    },
  );

  testInRoom("is taken at once where the server tells of it", async (room) => {
    const telling = tellsAtOnce();
    room.door.setFault(telling.fault);
    await room.open(never);
    await room.app.start();
    await until(() => (telling.listeners() === 1 ? true : null));
    await Bun.sleep(300);
    await room.outsider.put("incoming/at once.mp4", clip);
    await room.untilReady(1);

    await Promise.all(Array.from({ length: 10 }, (_, i) => room.outsider.put(`incoming/${i}.mp4`, clip)));
    await room.untilReady(11);
    await room.untilEmpty();
    expect(room.videos()).toHaveLength(11);
  });

  testInRoom("is found after the connection to who tells was lost", async (room) => {
    const telling = tellsAtOnce();
    room.door.setFault(telling.fault);
    await room.open(never);
    await room.app.start();
    await until(() => (telling.listeners() === 1 ? true : null));
    telling.hangUp();
    await room.outsider.put("incoming/meanwhile.mp4", clip);
    await room.untilReady(1);
    expect(telling.listeners()).toBe(1);
  });

  testInRoom("is found by looking through it where the server has no call to tell", async (room) => {
    room.door.setFault(tellsNothing);
    await room.open(1);
    await room.app.start();
    await room.outsider.put("incoming/found.mp4", clip);
    await room.untilReady(1);
    await room.untilEmpty();
  });

  test.concurrent("waits for a server that is down, and for a bucket that is away", () =>
    inTurn(async () => {
      const server = await startMinio();
      try {
        await using room = await enter(server, false);
        await room.outsider.put("incoming/before.mp4", clip);
        await room.open(1);
        await room.app.start();
        await room.untilReady(1);
        await server.stop();
        await Bun.sleep(1500);
        await server.start();
        await room.outsider.put("incoming/after.mp4", clip);
        await room.untilReady(2);
        await room.untilEmpty();
      } finally {
        await server.close();
      }
    }));

  testInRoom("is not taken as long as other bytes come than are there", async (room) => {
    let fetches = 0;
    const garbling = (times: number): Fault => {
      fetches = 0;
      return async (request, forward, body) => {
        const answer = await tellsNothing(request, forward, body);
        const isFetch = request.method === "GET" && request.url.includes("/incoming/");
        return isFetch && ++fetches <= times ? garbled(answer) : answer;
      };
    };
    await room.open(1);
    await room.outsider.put("incoming/garbled.mp4", clip);
    room.door.setFault(garbling(Infinity));
    await room.app.start();
    await until(() => (fetches === 3 ? true : null));
    await room.app.idle();
    expect(room.videos()).toEqual([]);
    expect(room.rows()).toEqual([expect.objectContaining({ state: "waiting" })]);
    // As it does by itself some minutes later.
    room.door.setFault(garbling(1));
    room.app.deps.db.$client.exec("UPDATE jobs SET run_at = 0 WHERE name = 'take-incoming'");
    const [video] = await room.untilReady(1);
    expect(video?.sha256).toBe(await sha256OfFile(await mp4Clip()));
    await room.untilEmpty();
  });

  testInRoom("and is no video stays there, and is not fetched again", async (room) => {
    room.door.setFault(tellsNothing);
    await room.open(1);
    await room.app.start();
    await room.outsider.put("incoming/notes.txt", "Bread, milk, eggs");
    await room.outsider.put("incoming/empty.mp4", "");
    await room.outsider.put("incoming/folder/", "");
    await until(() => (room.rows().filter(({ state }) => state === "refused").length === 2 ? true : null));
    room.door.setFault(tellsNothing);
    await Bun.sleep(2500);
    expect(room.door.asked.filter((what) => what.includes("/incoming/"))).toEqual([]);
    expect(await room.outsider.list()).toEqual(["empty.mp4", "folder/", "notes.txt"]);
    expect(room.videos()).toEqual([]);
    expect(room.rows().map(({ errorCode }) => errorCode)).toEqual(["not_a_video", "not_a_video"]);
    // Doctors see somebody else's files, which they leave alone.
    expect(await checkStorage(room.app.deps, "s3")).toMatchObject({
      strays: { count: 0 },
      lost: { count: 0 },
    });

    const { items, total } = listRefused(room.app.deps);
    expect(total).toBe(2);
    expect(items.map(({ key }) => key).toSorted()).toEqual(["incoming/empty.mp4", "incoming/notes.txt"]);

    // Another file of the same name is another thing.
    await room.outsider.put("incoming/notes.txt", clip);
    await room.untilReady(1);
    await until(async () => ((await room.outsider.list()).includes("notes.txt") ? null : true));
    await until(() => (room.rows().length === 1 ? true : null));
    expect(listRefused(room.app.deps).items.map(({ key }) => key)).toEqual(["incoming/empty.mp4"]);
  });

  testInRoom("waits for space that its owner has not, and is taken when there is some", async (room) => {
    room.door.setFault(tellsNothing);
    await room.open(1);
    const setQuota = (bytes: number) =>
      room.app.deps.db.$client.prepare("UPDATE users SET quota_bytes = ?").run(bytes);
    setQuota(1000);
    await room.app.start();
    await room.outsider.put("incoming/large.mp4", clip);
    await until(() => (room.rows()[0]?.errorCode === "quota_exceeded" ? true : null));
    expect(await room.outsider.list()).toEqual(["large.mp4"]);
    const [refused] = listRefused(room.app.deps).items;
    expect(refused?.message).toMatch(/^That is more than [^y]\w* has space for: /);
    setQuota(0);
    await room.untilReady(1);
    await room.untilEmpty();
  });

  testInRoom("may have any name", async (room) => {
    room.door.setFault(tellsNothing);
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
    for (const name of names) await room.outsider.put(`incoming/${name}`, clip);
    await room.open(1);
    await room.app.start();
    const ready = await room.untilReady(names.length);
    await room.untilEmpty();
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

  testInRoom("is left alone where nobody is named, or nobody who may come in", async (room) => {
    await room.outsider.put("incoming/lonely.mp4", clip);
    for (const nobody of ["", "stranger@example.org"]) {
      await room.open(1, { HOMEREEL_STORAGE_S3_INCOMING_OWNER: nobody });
      await room.app.start();
      await Bun.sleep(1500);
      expect(room.rows()).toEqual([]);
    }
    expect(await room.outsider.list()).toEqual(["lonely.mp4"]);
  });

  testInRoom(
    "stays where its video was deleted before it was ready, and is not taken again",
    async (room) => {
      room.door.setFault(tellsNothing);
      await room.open(1);
      await room.app.start();
      await room.outsider.put("incoming/unwanted.mp4", clip);
      await until(() => (room.videos()[0]?.state === "PROCESSING" ? true : null));
      room.app.deps.db.$client.exec("DELETE FROM videos");
      await until(() => (room.rows()[0]?.state === "refused" ? true : null));
      await Bun.sleep(1500);
      expect(room.videos()).toEqual([]);
      expect(await room.outsider.list()).toEqual(["unwanted.mp4"]);
    },
  );

  testInRoom("MinIO's own server tells as well, once it has enough to say", async (room) => {
    await room.open(never);
    const incoming = openIncoming(room.app.deps.config);
    expect(await incoming?.canListen()).toBe(true);
    const stopping = new AbortController();
    let rings = 0;
    let isOpen = false;
    const bell = { opened: () => void (isOpen = true), ring: () => void (rings += 1) };
    const over = incoming?.listen(bell, stopping.signal);
    await Bun.sleep(300);
    for (let i = 0; i < 12; i += 1) await room.outsider.put(`incoming/${i}.mp4`, "x".repeat(i + 1));
    await until(() => (rings >= 3 ? true : null));
    expect(isOpen).toBe(true);
    stopping.abort();
    await over;
  });
});
