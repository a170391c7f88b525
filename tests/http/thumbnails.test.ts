import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { queueAllPicturesNow } from "../../src/features/videos/all-pictures.ts";
import { JobInterrupt } from "../../src/queue/job.ts";
import { form, json } from "../fixtures/app.ts";
import { openAdministration } from "../fixtures/administration.ts";
import type { Administration, EventJson, List } from "../fixtures/administration.ts";
import { mp4Clip, makeClip, tone } from "../fixtures/media.ts";
import { addReady, addWaiting } from "../fixtures/shelf.ts";

setDefaultTimeout(60_000);

let house: Administration;
let folder: string;
beforeEach(async () => {
  house = await openAdministration();
  folder = mkdtempSync(join(tmpdir(), "homereel-odd-"));
});
afterEach(async () => {
  await house.app.close();
  rmSync(folder, { recursive: true, force: true });
});

interface VideoJson {
  state: string;
  thumbnails: { n: number }[];
  poster_url: string | null;
  thumbnail_error: string | null;
}

async function video(id: string, as = house.ben.token): Promise<VideoJson> {
  return (await (await house.app.request(`/api/v1/videos/${id}`, { as })).json()) as VideoJson;
}

/** An MP4 whose tables promise frames that are not there: every byte of its media is zero. */
async function oddClip(): Promise<string> {
  const bytes = readFileSync(await mp4Clip({ seconds: 4 }));
  bytes.fill(0, bytes.indexOf("mdat") + 4);
  const path = join(folder, "odd.mp4");
  writeFileSync(path, bytes);
  return path;
}

describe("a video that no picture can be taken from", () => {
  test("becomes ready, with a drawn one in its place, and its owner is told", async () => {
    const { app, ben } = house;
    const id = await addReady(app, ben.user, await oddClip(), { title: "Odd" });
    expect(await video(id)).toMatchObject({
      state: "READY",
      thumbnails: [],
      poster_url: null,
      thumbnail_error: "No picture could be taken from this video.",
    });
    const gallery = await (await house.visit("/", {}, ben.token)).text();
    expect(gallery).toContain('class="placeholder"');
    expect(gallery).toContain("No picture");
    const own = await (await house.visit(`/videos/${id}`, {}, ben.token)).text();
    expect(own).toContain("No picture could be taken from this video.");
    expect(own).toContain("Make the pictures again");
    // What ffmpeg said names files of the server.
    expect(own + gallery).not.toContain(app.dataDir);
  });

  test("is told so again when they are made again, and is none that is music", async () => {
    const { app, ben } = house;
    const odd = await addReady(app, ben.user, await oddClip(), { title: "Odd" });
    const music = await makeClip("m4a", ...tone(2), "-c:a", "aac");
    const song = await addReady(app, ben.user, music, { title: "Song" });
    expect(await (await house.call("/thumbnails", json({ only: "missing" }))).json()).toEqual({ queued: 1 });
    await app.start();
    await app.idle();
    expect((await video(odd)).thumbnail_error).toBe("No picture could be taken from this video.");
    const gallery = await (await house.visit(`/?q=Song`, {}, ben.token)).text();
    expect(gallery).toContain('class="placeholder"');
    expect(gallery).not.toContain("No picture");
    expect((await video(song)).state).toBe("READY");
  });
});

describe("pictures of all", () => {
  async function addThree(): Promise<[bare: string, half: string, whole: string]> {
    const { app, ben } = house;
    const clip = await mp4Clip({ seconds: 4 });
    const ids = await Promise.all(
      ["Bare", "Half", "Whole"].map((title) => addReady(app, ben.user, clip, { title })),
    );
    const remove = app.deps.db.$client.prepare(
      "DELETE FROM files WHERE video_id = ? AND kind IN ('thumbnail', 'poster') AND n <= ?",
    );
    remove.run(ids[0], 3);
    remove.run(ids[1], 0);
    addWaiting(app, ben.user, { title: "Not there yet" });
    return ids as [string, string, string];
  }

  test("or of those that lack one are made again, by call, and it is written down", async () => {
    const { app, call, get } = house;
    const [bare, half] = await addThree();
    expect((await video(bare)).thumbnails).toEqual([]);
    const missing = await call("/thumbnails", json({ only: "missing" }));
    expect([missing.status, await missing.json()]).toEqual([202, { queued: 2 }]);
    await app.start();
    await app.idle();
    for (const id of [bare, half]) {
      const { thumbnails, poster_url } = await video(id);
      expect([thumbnails.map(({ n }) => n), poster_url === null]).toEqual([[1, 2, 3], false]);
    }
    expect(await (await call("/thumbnails", json({ only: "missing" }))).json()).toEqual({ queued: 0 });
    expect(await (await call("/thumbnails", json({ only: "all" }))).json()).toEqual({ queued: 3 });
    const { items } = await get<List<EventJson>>("/audit?action=thumbnails.remake");
    expect(items.map(({ actor, detail }) => [actor?.name, detail])).toEqual([
      ["ada", "3 videos, all"],
      ["ada", "2 videos, missing"],
    ]);
  });

  test("by button, which says of how many; what is neither is refused", async () => {
    await addThree();
    const sent = await house.visit("/admin/tools/thumbnails", form({ only: "missing" }));
    expect([sent.status, sent.headers.get("location")]).toEqual([303, "/admin/tools?queued=2"]);
    const html = await (await house.visit("/admin/tools?queued=2")).text();
    expect(html).toContain("The pictures of 2 videos are made again");
    expect(html).toContain("2 videos lack a picture.");
    expect(html).toContain("Make all again (3)");
    for (const only of ["", "some"]) {
      expect((await house.call("/thumbnails", json({ only }))).status).toBe(422);
      expect((await house.visit("/admin/tools/thumbnails", form({ only }))).status).toBe(422);
    }
  });

  test("are queued behind all that is new, others get the database in between, and it can stop", async () => {
    const { app, ben } = house;
    const { $client } = app.deps.db;
    const many = 3000;
    const [id] = await addThree();
    $client.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${many})
      INSERT INTO videos (id, owner_id, title, state, video_codec, created_at, updated_at)
      SELECT 'many-' || i, '${ben.user.id}', 'Video ' || i, 'READY', 'h264', 0, 0 FROM n`);
    const stop = new AbortController();
    const context = { jobId: 0, attempt: 1, maxAttempts: 1, signal: stop.signal };
    const count = () =>
      $client.prepare("SELECT count(*) FROM jobs WHERE name = 'pictures'").pluck().get() as number;
    const seen = new Set<number>();
    const look = setInterval(() => seen.add(count()), 0);
    const queueing = queueAllPicturesNow(app.deps, { only: "all" }, context);
    await queueing.finally(() => clearInterval(look));
    expect(count()).toBe(many + 3);
    expect(seen.size).toBeGreaterThan(3);
    const priorities = $client.prepare("SELECT DISTINCT priority FROM jobs WHERE name = 'pictures'").pluck();
    expect(priorities.all()).toEqual([-10]);
    // Twice is not two jobs each.
    stop.abort(new JobInterrupt("stopping"));
    const stopped: unknown = await queueAllPicturesNow(app.deps, { only: "all" }, context).catch(
      (error: unknown) => error,
    );
    expect(stopped).toBeInstanceOf(JobInterrupt);
    expect(count()).toBe(many + 3);
    expect((await video(id)).state).toBe("READY");
  });
});

describe("homereel thumbnails", () => {
  const main = new URL("../../src/main.ts", import.meta.url).pathname;

  async function homereel(...args: string[]) {
    const child = Bun.spawn([process.execPath, main, "thumbnails", ...args], {
      env: {
        PATH: process.env.PATH ?? "",
        HOMEREEL_DATA_DIR: house.app.dataDir,
        HOMEREEL_LOG_LEVEL: "error",
      },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    return { code: await child.exited, out, err };
  }

  test("regenerate queues them, and the server that runs does them", async () => {
    const { app, ben } = house;
    const id = await addReady(app, ben.user, await mp4Clip({ seconds: 4 }), { title: "One" });
    app.deps.db.$client.prepare("DELETE FROM files WHERE kind <> 'original'").run();
    expect(await homereel("regenerate", "--missing", "--json")).toMatchObject({
      code: 0,
      out: '{"queued":1}\n',
    });
    const one = await homereel("regenerate", id);
    expect(one).toMatchObject({ code: 0, err: "" });
    expect(one.out).toContain("the thumbnails of 1 video again");
    await app.start();
    await app.idle();
    expect((await video(id)).thumbnails).toHaveLength(3);
    expect((await homereel("regenerate", "--missing")).out).toContain("nothing to make");
  });

  test("does nothing where a video is not there, or nothing clear was asked for", async () => {
    const { app, ben } = house;
    const id = await addReady(app, ben.user, await mp4Clip({ seconds: 4 }), { title: "One" });
    const gone = await homereel("regenerate", id, "nobody");
    expect([gone.code, gone.err]).toEqual([1, 'There is no video "nobody".\n']);
    expect(
      app.deps.db.$client.prepare("SELECT count(*) FROM jobs WHERE name = 'pictures'").pluck().get(),
    ).toBe(0);
    for (const args of [["regenerate"], ["regenerate", id, "--all"], ["draw", id]])
      expect((await homereel(...args)).code).toBe(2);
  });
});
