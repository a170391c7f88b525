import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { findDownload } from "../../src/features/downloads/queries.ts";
import { form, json, openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let site: Site;
let app: TestApp;
let ada: string;
let bob: string;
let admin: string;
beforeAll(async () => {
  site = await startSite();
  app = openTestApp({
    HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32",
    HOMEREEL_DOWNLOADS_PER_SITE_CONCURRENCY: "1",
  });
  await app.start();
  ada = await app.join("ada");
  bob = await app.join("bob");
  admin = await app.join("admin", "admin");
});
afterAll(async () => {
  await app.close();
  await site.stop();
});

interface Download {
  id: string;
  video_id: string | null;
  state: string;
  paused: boolean;
  waits_for: string;
  lane: string;
  progress: { bytes_done: number | null } | null;
}

const ask = async (path: string, as: string, body?: unknown) =>
  app.request(`/api/v1${path}`, body === undefined ? { as } : { ...json(body), as });
const post = async (path: string, as: string, body: unknown = {}): Promise<Download> =>
  (await ask(path, as, body)).json() as Promise<Download>;
const start = (path: string, as = ada) => post("/downloads", as, { url: site.url(path) });
const look = async (id: string): Promise<Download> =>
  (await ask(`/downloads/${id}`, admin)).json() as Promise<Download>;
const reaches = (id: string, state: string, limitMs?: number) =>
  until(async () => {
    const download = await look(id);
    return download.state === state ? download : null;
  }, limitMs);
const isUnderWay = (id: string) => until(async () => ((await look(id)).progress?.bytes_done ? true : null));
/** In the very moment. */
const isHandedOver = (id: string) =>
  new Promise<void>((resolve) => {
    const deaf = app.deps.events.on("video.changed", () => {
      if (findDownload(app.deps.db, id)?.state !== "ingesting") return;
      deaf();
      resolve();
    });
  });
/** Five seconds are, where nothing else is at work on the machine. */
const promisedMs = 15_000;
const workFolder = (id: string) => join(app.dataDir, "work", id);
const partOf = (id: string): string | undefined =>
  existsSync(workFolder(id)) ? readdirSync(workFolder(id)).find((name) => name.endsWith(".part")) : undefined;
const isGone = (id: string) => until(() => (existsSync(workFolder(id)) ? null : true), promisedMs);
/** Gone in the time that is promised: from the queue, and from the disk. */
const cancel = async (id: string) => {
  expect((await post(`/downloads/${id}/cancel`, ada)).state).toBe("cancelled");
  await isGone(id);
  await until(() => {
    const { short, media } = app.deps.queue.depth();
    return short.running + media.running === 0 ? true : null;
  }, promisedMs);
};
const queuePage = async (as = ada) => (await app.request("/downloads", { as })).text();
const order = (html: string, ids: string[]) =>
  ids.toSorted((a, b) => html.indexOf(`id="download-${a}"`) - html.indexOf(`id="download-${b}"`));

describe("a running download", () => {
  test("that is paused stops and keeps its part of the file; resumed, it goes on from there", async () => {
    const { id } = await start("/slow.mp4?rate=15000");
    await isUnderWay(id);
    expect(await post(`/downloads/${id}/pause`, ada)).toMatchObject({ paused: true });
    // As soon as is promised.
    const paused = await reaches(id, "waiting", promisedMs);
    expect(paused).toMatchObject({ paused: true, waits_for: "Paused" });
    const part = join(workFolder(id), partOf(id) ?? "nothing");
    const size = statSync(part).size;
    expect(size).toBeGreaterThan(0);
    await app.idle();
    expect(statSync(part).size).toBe(size);
    expect(await queuePage()).toContain("Resume");

    const before = site.requests.length;
    await post(`/downloads/${id}/resume`, ada);
    await until(() => {
      const ranges = site.requests.slice(before).map((request) => request.headers.range ?? "");
      return ranges.some((range) => Number(/^bytes=(\d+)-/.exec(range)?.[1] ?? 0) >= size) ? true : null;
    });
    await cancel(id);
  });

  test("that is cancelled and started again is for no more eyes than before", async () => {
    const hidden = { url: site.url("/never"), visibility: "private", tags: ["secret"] };
    const { id } = await post("/downloads", ada, hidden);
    await cancel(id);
    const { video_id: again } = await post(`/downloads/${id}/retry`, ada);
    const video = await (await ask(`/videos/${again}`, ada)).json();
    expect(video).toMatchObject({ visibility: "private", tags: ["secret"] });
    expect((await ask(`/videos/${again}`, bob)).status).toBe(404);
    await cancel(id);
  });

  test.each([
    ["while the page is looked at", "/never", (id: string) => reaches(id, "probing")],
    ["in mid-file", "/slow.mp4?rate=15000", isUnderWay],
    [
      "while it is paused",
      "/slow.mp4?rate=15000",
      async (id: string) => {
        await isUnderWay(id);
        await post(`/downloads/${id}/pause`, ada);
        await reaches(id, "waiting");
      },
    ],
    ["before it begins", "/slow.mp4?rate=15000", async () => {}],
    ["when its bytes have come", "/video.mp4", isHandedOver],
    [
      "while its pictures are made",
      "/video.mp4",
      async (id: string) => {
        await isHandedOver(id);
        // ffprobe alone takes longer.
        await Bun.sleep(30);
      },
    ],
  ])("cancelled %s is gone, and leaves nothing behind", async (_, path, comesSoFar) => {
    const { id, video_id } = await start(path);
    await comesSoFar(id);
    await cancel(id);
    expect((await ask(`/videos/${video_id}`, ada)).status).toBe(404);
    await app.idle();
    expect(existsSync(workFolder(id))).toBe(false);
    for (const room of ["videos", "thumbnails"]) {
      expect(existsSync(join(app.dataDir, "storage", room, video_id ?? ""))).toBe(false);
    }
  });
});

describe("what waits", () => {
  let blocker: Download;
  let waiting: Download[];
  const line = async (count: number) => {
    blocker = await start("/slow.mp4?rate=6000");
    await isUnderWay(blocker.id);
    waiting = [];
    for (let i = 0; i < count; i++) waiting.push(await start(`/video.mp4?n=${i}`));
  };
  afterEach(async () => {
    for (const { id } of [...waiting, blocker]) await post(`/downloads/${id}/cancel`, ada);
    await app.idle();
  });

  test("says why: one from its site runs already", async () => {
    await line(1);
    expect((await look(waiting[0]?.id ?? "")).waits_for).toBe("One from 127.0.0.1 runs already");
    expect(await queuePage()).toContain("One from 127.0.0.1 runs already");
  });

  test("is moved by the buttons of the page, and shown in the order in which it is begun", async () => {
    await line(3);
    const ids = waiting.map(({ id }) => id);
    const [first = "", second = "", third = ""] = ids;
    expect(order(await queuePage(), ids)).toEqual([first, second, third]);
    const move = async (id: string, to: string) => {
      const answer = await app.request(`/downloads/${id}/move`, { ...form({ to }), as: ada });
      expect(answer.status).toBe(303);
      return order(await queuePage(), ids);
    };
    expect(await move(third, "top")).toEqual([third, first, second]);
    expect(await move(second, "up")).toEqual([third, second, first]);
    expect(await move(third, "down")).toEqual([second, third, first]);
    expect((await ask(`/downloads/${first}/move`, ada, { to: "sideways" })).status).toBe(422);
  });

  test("is given a priority by admins only", async () => {
    await line(2);
    const [first = "", second = ""] = waiting.map(({ id }) => id);
    expect((await ask(`/downloads/${second}/move`, ada, { priority: 5 })).status).toBe(403);
    expect((await ask(`/downloads/${second}/move`, admin, { priority: 5 })).status).toBe(200);
    expect(order(await queuePage(), [first, second])).toEqual([second, first]);
  });

  test("is paused and let go on all at once, each person's own", async () => {
    await line(2);
    const bobs = await start("/video.mp4?bob", bob);
    expect((await ask("/downloads/pause-all", ada, {})).status).toBe(204);
    await reaches(blocker.id, "waiting", promisedMs);
    for (const { id } of [blocker, ...waiting]) expect((await look(id)).paused).toBe(true);
    expect((await reaches(bobs.id, "done")).paused).toBe(false);
    expect((await ask("/downloads/resume-all", ada, {})).status).toBe(204);
    // The one that ran keeps its place before the others.
    await isUnderWay(blocker.id);
    for (const { id } of waiting) expect((await look(id)).paused).toBe(false);
  });

  test("is everybody's where an admin pauses it, and stays so for what is added", async () => {
    await line(1);
    expect((await ask("/downloads/pause-all", admin, {})).status).toBe(204);
    expect((await reaches(blocker.id, "waiting", promisedMs)).waits_for).toBe("All downloads are paused");
    const bobs = await start("/video.mp4?bob", bob);
    await app.idle();
    expect(await look(bobs.id)).toMatchObject({ state: "waiting", paused: false });
    expect(await queuePage(bob)).toContain("An admin has paused all downloads.");
    // Nobody else opens it.
    await ask("/downloads/resume-all", bob, {});
    await app.idle();
    expect((await look(bobs.id)).state).toBe("waiting");
    await ask("/downloads/resume-all", admin, {});
    await isUnderWay(blocker.id);
    await post(`/downloads/${blocker.id}/pause`, ada);
    await reaches(bobs.id, "done");
  });
});

test("all that failed and may pass is tried again at once, each person's own", async () => {
  const hopeless = await start("/text.mp4");
  await reaches(hopeless.id, "failed");
  expect(await look(hopeless.id)).toMatchObject({ error: { code: "not_a_video", retryable: false } });
  const alone = await ask(`/downloads/${hopeless.id}/retry`, ada, {});
  expect([alone.status, await alone.json()]).toMatchObject([
    409,
    {
      code: "conflict",
      title: "This download would fail again in the same way.",
      detail: expect.stringContaining("Send the file"),
    },
  ]);
  expect((await app.request(`/downloads/${hopeless.id}/retry`, { ...form({}), as: ada })).status).toBe(409);
  expect((await look(hopeless.id)).state).toBe("failed");
  const gone = await start("/gone.mp4");
  const mine = await Promise.all(["/private.mp4", "/login.mp4"].map((path) => start(path)));
  const bobs = await start("/private.mp4", bob);
  for (const { id } of [gone, ...mine, bobs]) await reaches(id, "failed");
  const answer = await ask("/downloads/retry-failed", ada, {});
  expect([answer.status, await answer.json()]).toEqual([202, { count: 2, left_out: 2 }]);
  for (const { id } of mine) await reaches(id, "failed");
  expect((await look(bobs.id)).state).toBe("failed");

  const byPage = await app.request("/downloads/retry-failed", { ...form({}), as: ada });
  const location = byPage.headers.get("location") ?? "";
  expect([byPage.status, location]).toEqual([303, "/downloads?left_out=2"]);
  expect(await (await app.request(location, { as: ada })).text()).toContain("2 downloads were left out");
  expect(await queuePage()).not.toContain("left out");
  for (const { id } of mine) await reaches(id, "failed");

  // A page may be there again.
  expect(await look(gone.id)).toMatchObject({ error: { remedy: "remove", retryable: true } });
  expect((await ask(`/downloads/${gone.id}/retry`, ada, {})).status).toBe(202);
  await reaches(gone.id, "failed");
});

test("what failed or was cancelled is removed with its video, by those whose it is", async () => {
  const [failed, byPage, cancelled, done] = await Promise.all(
    ["/gone.mp4?1", "/gone.mp4?2", "/slow.mp4", "/video.mp4"].map((path) => start(path)),
  );
  if (!failed || !byPage || !cancelled || !done) throw new Error("they did not start");
  const remove = (id: string, as = ada) => app.request(`/api/v1/downloads/${id}`, { method: "DELETE", as });
  const early = await remove(cancelled.id);
  expect([early.status, await early.json()]).toMatchObject([409, { detail: "Cancel it first." }]);
  await cancel(cancelled.id);
  await Promise.all([reaches(failed.id, "failed"), reaches(byPage.id, "failed"), reaches(done.id, "done")]);
  expect((await remove(done.id)).status).toBe(409);
  expect((await remove(failed.id, bob)).status).toBe(404);
  for (const { id } of [failed, cancelled]) expect((await remove(id)).status).toBe(204);
  const answer = await app.request(`/downloads/${byPage.id}/remove`, { ...form({}), as: ada });
  expect([answer.status, answer.headers.get("location")]).toEqual([303, "/downloads"]);
  const page = await queuePage();
  for (const { id, video_id } of [failed, byPage, cancelled]) {
    expect((await ask(`/downloads/${id}`, ada)).status).toBe(404);
    expect((await ask(`/videos/${video_id}`, ada)).status).toBe(404);
    expect(page).not.toContain(id);
  }
  expect((await ask(`/videos/${done.video_id}`, ada)).status).toBe(200);
});

test("what would fail again is removed at once, each person's own, and no more than that", async () => {
  const paths = ["/gone.mp4", "/text.mp4", "/gone.mp4?page", "/login.mp4", "/slow.mp4"];
  const mine = await Promise.all(paths.map((path) => start(path)));
  const bobs = await start("/gone.mp4", bob);
  const [cancelled] = mine.splice(4);
  if (!cancelled) throw new Error("they did not start");
  await cancel(cancelled.id);
  for (const { id } of [...mine, bobs]) await reaches(id, "failed");
  const [gone, text, again, login] = mine;
  const answer = await ask("/downloads/remove-failed", ada, {});
  const { count } = (await answer.json()) as { count: number };
  expect(answer.status).toBe(200);
  expect(count).toBeGreaterThanOrEqual(3);
  for (const one of [gone, text, again]) {
    expect((await ask(`/downloads/${one?.id}`, ada)).status).toBe(404);
    expect((await ask(`/videos/${one?.video_id}`, ada)).status).toBe(404);
  }
  expect((await look(login?.id ?? "")).state).toBe("failed");
  expect((await look(cancelled.id)).state).toBe("cancelled");
  expect((await look(bobs.id)).state).toBe("failed");

  // One alone has a button of its own.
  expect(await queuePage(bob)).not.toContain("Remove what would fail again");
  await reaches((await start("/gone.mp4?second", bob)).id, "failed");
  expect(await queuePage(bob)).toContain("Remove what would fail again");
  const byPage = await app.request("/downloads/remove-failed", { ...form({}), as: bob });
  expect([byPage.status, byPage.headers.get("location")]).toEqual([303, "/downloads"]);
  expect((await ask(`/downloads/${bobs.id}`, bob)).status).toBe(404);
  expect(await queuePage(bob)).not.toContain("Remove what would fail again");
  expect(await (await ask("/downloads/remove-failed", bob, {})).json()).toEqual({ count: 0 });
});

test("other people's downloads can't be steered, nor what is over", async () => {
  const { id } = await start("/video.mp4");
  for (const verb of ["pause", "resume"]) {
    expect((await ask(`/downloads/${id}/${verb}`, bob, {})).status).toBe(404);
  }
  expect((await ask(`/downloads/${id}/move`, bob, { to: "top" })).status).toBe(404);
  await reaches(id, "done");
  for (const verb of ["pause", "resume"]) {
    expect((await ask(`/downloads/${id}/${verb}`, ada, {})).status).toBe(409);
  }
  expect((await ask(`/downloads/${id}/move`, ada, { to: "top" })).status).toBe(409);
});
