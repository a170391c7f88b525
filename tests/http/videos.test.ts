import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gaveUpIngest } from "../../src/features/videos/ingest.ts";
import { removeFilesJob } from "../../src/features/removals/jobs.ts";
import { addPendingVideo, ingestLater } from "../../src/features/videos/videos.ts";
import { form, json, openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { bars, h264AndAac, makeClip, mp4Clip } from "../fixtures/media.ts";
import { until } from "../fixtures/until.ts";

let app: TestApp;
let owner: string;
let other: string;
let admin: string;
let viewer: string;
let ready: string;
beforeAll(async () => {
  app = openTestApp();
  await app.start();
  [owner, other, admin, viewer] = await Promise.all([
    app.join("owner"),
    app.join("other"),
    app.join("admin", "admin"),
    app.join("viewer", "viewer"),
  ]);
  ready = await addVideo("A clip", await mp4Clip());
});
afterAll(() => app.close());

/** Puts bytes into a work folder and lets the one way lead them to READY, or to FAILED. */
async function addVideo(title: string, clip: string, tags: string[] = []): Promise<string> {
  const user = app.deps.db.query.users.findFirst({ where: (row, { eq }) => eq(row.name, "owner") }).sync();
  if (!user) throw new Error("no owner");
  const id = app.deps.db.transaction(() => {
    const video = { title, sourceUrl: null, sourceSite: null, tags };
    return addPendingVideo(app.deps, user, video);
  });
  const folder = join(app.dataDir, "work", id);
  mkdirSync(folder, { recursive: true });
  const file = `original.${clip.split(".").at(-1)}`;
  writeFileSync(join(folder, file), await Bun.file(clip).bytes());
  app.deps.db.transaction(() =>
    ingestLater(app.deps, { id, ownerId: user.id }, { folder: id, file, filename: file }),
  );
  await until(async () => (/READY|FAILED/.test((await video(id)).state) ? true : null));
  return id;
}

interface VideoJson {
  id: string;
  state: string;
  title: string;
  description: string;
  tags: string[];
  visibility: string;
  mime: string;
  sha256: string;
  width: number;
  height: number;
  updated_at: string;
  error: { code: string } | null;
}

async function video(id: string): Promise<VideoJson> {
  return (await app.request(`/api/v1/videos/${id}`, { as: admin })).json() as Promise<VideoJson>;
}
const list = async (query: string, as = owner) =>
  (await (await app.request(`/api/v1/videos?${query}`, { as })).json()) as {
    items: VideoJson[];
    next_cursor: string | null;
  };

describe("a video on the shelf", () => {
  test("streams by ranges, with conditions, and to HEAD", async () => {
    const path = `/videos/${ready}/stream`;
    const whole = await app.request(path, { as: owner });
    expect(whole.status).toBe(200);
    expect(whole.headers.get("accept-ranges")).toBe("bytes");
    const etag = whole.headers.get("etag") ?? "";
    const { sha256 } = await video(ready);
    expect(etag).toBe(`"${sha256}"`);
    const size = (await whole.arrayBuffer()).byteLength;

    const part = await app.request(path, { as: owner, headers: { range: "bytes=10-19" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 10-19/${size}`);
    const beyond = await app.request(path, { as: owner, headers: { range: `bytes=${size}-` } });
    expect(beyond.status).toBe(416);
    const known = await app.request(path, { as: owner, headers: { "if-none-match": etag } });
    expect(known.status).toBe(304);
    const stale = await app.request(path, {
      as: owner,
      headers: { range: "bytes=0-1", "if-range": '"old"' },
    });
    expect(stale.status).toBe(200);
    const head = await app.request(path, { as: owner, method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String(size));
    expect((await head.arrayBuffer()).byteLength).toBe(0);
  });

  test("carries the headers of every answer although its bytes are sent from the file", async () => {
    const { headers } = await app.request(`/videos/${ready}/stream`, {
      as: owner,
      headers: { range: "bytes=0-9" },
    });
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("content-type")).toBe("video/mp4");
    expect(headers.get("cache-control")).toBe("private, no-store");
  });

  test("streams to nobody who is not, or no longer, let in", async () => {
    const path = `/videos/${ready}/stream`;
    const name = "leaver";
    const leaver = await app.join(name);
    expect((await app.request(path, { as: leaver })).status).toBe(200);
    expect((await app.request(path)).status).toBe(401);
    expect((await app.request(path, { as: `${leaver}x` })).status).toBe(401);
    expect((await app.request(path, { headers: { accept: "text/html" } })).status).toBe(302);
    app.deps.db.$client.prepare("UPDATE users SET disabled_at = 1 WHERE name = ?").run(name);
    expect((await app.request(path, { as: leaver })).status).toBe(401);
  });

  test("has pictures that browsers may keep", async () => {
    for (const name of ["1", "2", "3", "poster"]) {
      const picture = await app.request(`/thumbnails/${ready}/${name}.jpg`, { as: owner });
      expect(picture.headers.get("content-type")).toBe("image/jpeg");
      expect(picture.headers.get("cache-control")).toContain("immutable");
    }
    for (const name of ["0", "4", "x", "..%2f"]) {
      expect((await app.request(`/thumbnails/${ready}/${name}.jpg`, { as: owner })).status).toBe(404);
    }
  });

  test("shows on gallery and player page", async () => {
    const gallery = await app.request("/", { as: owner });
    expect(await gallery.text()).toContain(`id="video-${ready}"`);
    const player = await app.request(`/videos/${ready}`, { as: owner });
    expect(await player.text()).toContain(`/videos/${ready}/stream`);
  });

  test("gets new pictures when asked", async () => {
    const before = (await video(ready)).updated_at;
    const response = await app.request(`/api/v1/videos/${ready}/thumbnails`, { method: "POST", as: owner });
    expect(response.status).toBe(202);
    await until(async () => ((await video(ready)).updated_at > before ? true : null));
    expect((await app.request(`/thumbnails/${ready}/2.jpg`, { as: owner })).status).toBe(200);
  });
});

describe("what arrives in another dress", () => {
  test("an MKV keeps its original and gets an MP4 beside it", async () => {
    const id = await addVideo("Matroska", await makeClip("mkv", ...h264AndAac()));
    expect(await video(id)).toMatchObject({ state: "READY", mime: "video/mp4" });
    const stream = await app.request(`/videos/${id}/stream`, { as: owner });
    expect(stream.headers.get("content-type")).toBe("video/mp4");
    const original = await app.request(`/videos/${id}/file`, { as: owner });
    expect(original.headers.get("content-disposition")).toContain('filename="original.mkv"');
  });

  test("what browsers can't play is kept, says why, and is offered as a file", async () => {
    const id = await addVideo("Old film", await makeClip("avi", ...bars(), "-c:v", "mpeg4"));
    expect(await video(id)).toMatchObject({ state: "READY", unplayable_reason: "browsers don't play mpeg4" });
    const page = await (await app.request(`/videos/${id}`, { as: owner })).text();
    expect(page).toContain("browsers don&#39;t play mpeg4");
    expect(page).not.toContain("<video");
    expect(page).toContain(`/videos/${id}/file`);
  });

  test("text named .mp4 fails with a sentence and leaves nothing", async () => {
    const path = join(app.dataDir, "text.mp4");
    writeFileSync(path, "this is no video\n".repeat(100));
    const id = await addVideo("Text", path);
    expect(await video(id)).toMatchObject({ state: "FAILED", error: { code: "not_a_video" } });
    expect(existsSync(join(app.dataDir, "storage/videos", id))).toBe(false);
    // It goes just after that was said.
    await until(() => !existsSync(join(app.dataDir, "work", id)) || null);
    expect(await (await app.request(`/videos/${id}`, { as: owner })).text()).toContain("not a video");
    expect((await app.request(`/videos/${id}/stream`, { as: owner })).status).toBe(404);
  });
});

describe("bytes that were stored before a video was given up", () => {
  const stored = (id: string) => existsSync(join(app.dataDir, "storage/videos", id, "original.mp4"));
  const loss = { why: "failed" as const, error: new Error("the disk was on fire") };

  test("go, and wait while the video is tried again", async () => {
    const id = await addVideo("Given up", await mp4Clip());
    const payload = { videoId: id, folder: id, file: "original.mp4" };
    const { db } = app.deps;
    db.$client.exec(`DELETE FROM files WHERE video_id = '${id}'`);
    db.$client.exec(`UPDATE videos SET state = 'PROCESSING' WHERE id = '${id}'`);
    db.transaction(() => gaveUpIngest(app.deps, payload, loss));
    expect((await video(id)).state).toBe("FAILED");
    db.$client.exec(`UPDATE videos SET state = 'PROCESSING' WHERE id = '${id}'`);
    await app.idle();
    expect(stored(id)).toBe(true);
    db.$client.exec(`UPDATE videos SET state = 'FAILED' WHERE id = '${id}'`);
    app.deps.queue.add(removeFilesJob, {});
    await app.idle();
    expect(stored(id)).toBe(false);
  });
});

describe("changing", () => {
  test("title, description, tags and visibility, by form and by API", async () => {
    const values = { title: "Named <b>", description: "two\nlines", tags: "b, #A", visibility: "library" };
    const saved = await app.request(`/videos/${ready}/edit`, { ...form(values), as: owner });
    expect(saved.status).toBe(303);
    expect(await video(ready)).toMatchObject({
      title: "Named <b>",
      description: "two\nlines",
      tags: ["a", "b"],
    });
    expect(await (await app.request("/", { as: owner })).text()).not.toContain("Named <b>");

    const response = await app.request(`/api/v1/videos/${ready}`, {
      ...json({ tags: ["c"] }, "PATCH"),
      as: owner,
    });
    expect(await response.json()).toMatchObject({ title: "Named <b>", tags: ["c"] });
  });

  test("what is wrong comes back with the form as it was filled in", async () => {
    const values = { title: "  ", description: "kept text", tags: "", visibility: "library" };
    const response = await app.request(`/videos/${ready}/edit`, { ...form(values), as: owner });
    expect(response.status).toBe(422);
    const html = await response.text();
    expect(html).toContain("Give a title.");
    expect(html).toContain("kept text");
  });

  test.each([
    ["another user", () => other, 403],
    ["a viewer", () => viewer, 403],
    ["an admin", () => admin, 200],
  ])("by %s", async (_, who, status) => {
    const change = { ...json({ description: "by someone" }, "PATCH"), as: who() };
    expect((await app.request(`/api/v1/videos/${ready}`, change)).status).toBe(status);
  });
});

describe("a private video", () => {
  test("is not there for anyone but its owner and admins", async () => {
    const id = await addVideo("Private clip", await mp4Clip());
    await app.request(`/api/v1/videos/${id}`, { ...json({ visibility: "private" }, "PATCH"), as: owner });
    const doors = [
      `/videos/${id}`,
      `/videos/${id}/stream`,
      `/videos/${id}/file`,
      `/thumbnails/${id}/2.jpg`,
      `/api/v1/videos/${id}`,
    ];
    for (const path of doors) {
      expect((await app.request(path, { as: other })).status).toBe(404);
      expect((await app.request(path, { as: viewer })).status).toBe(404);
      expect((await app.request(path, { as: owner })).status).toBe(200);
      expect((await app.request(path, { as: admin })).status).toBe(200);
    }
    expect((await list("q=private", other)).items).toHaveLength(0);
    expect((await list("q=private", owner)).items).toHaveLength(1);
    const remove = await app.request(`/api/v1/videos/${id}`, { method: "DELETE", as: other });
    expect(remove.status).toBe(404);
  });
});

test("a card leaves others' open galleries when its video is made private, and stays in its owner's", async () => {
  const id = await addVideo("Was everybody's", await mp4Clip());
  const heard = { owner: "", other: "" };
  const streams = [
    listen(owner, (text) => (heard.owner += text)),
    listen(other, (text) => (heard.other += text)),
  ];
  const stops = await Promise.all(streams);
  await app.request(`/api/v1/videos/${id}`, { ...json({ visibility: "private" }, "PATCH"), as: owner });
  const removal = `hx-target="#video-${id}" hx-swap="delete"`;
  await until(() => (heard.other.includes(removal) && heard.owner.includes(id) ? true : null));
  expect(heard.owner).not.toContain(removal);

  heard.other = "";
  await app.request(`/api/v1/videos/${id}`, { method: "DELETE", as: owner });
  await until(() => (heard.owner.includes(removal) ? true : null));
  expect(heard.other).not.toContain(id);
  for (const stop of stops) await stop();

  async function listen(as: string, hear: (text: string) => void): Promise<() => Promise<void>> {
    const response = await app.request("/events?topic=gallery", { as });
    const reader = response.body?.getReader();
    const words = new TextDecoder();
    const read = async (): Promise<void> => {
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
        hear(words.decode(part.value));
    };
    void read();
    return async () => {
      await reader?.cancel();
    };
  }
});

describe("finding", () => {
  let ids: string[];
  beforeAll(async () => {
    const clip = await mp4Clip();
    ids = [];
    for (const [title, tags] of [
      ["Baking bread 100%", ["food"]],
      ["Baking cake", ["food", "sweet"]],
      ["Übung macht den Meister", ["sweet"]],
    ] as const) {
      ids.push(await addVideo(title, clip, [...tags]));
    }
  });
  const titles = async (query: string) => (await list(query)).items.map((item) => item.title);

  test.each([
    ["q=baking", ["Baking cake", "Baking bread 100%"]],
    ["q=baking bread", ["Baking bread 100%"]],
    ["q=BREAD", ["Baking bread 100%"]],
    ["q=üBUNG", ["Übung macht den Meister"]],
    ["q=0%25", ["Baking bread 100%"]],
    ["q=%22 OR title:*", []],
    ["q=NEAR(baking", []],
    ["tag=food", ["Baking cake", "Baking bread 100%"]],
    ["tag=food&tag=sweet", ["Baking cake"]],
    ["tag=%23FOOD&q=cake", ["Baking cake"]],
    ["tag=nowhere", []],
  ])("%s", async (query, expected) => {
    expect(await titles(query)).toEqual(expected);
  });

  test("goes newest first, page by page, without gaps or repeats", async () => {
    const all = await titles("limit=200");
    const walked: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof list>> = await list(`limit=2&cursor=${cursor}`);
      expect(page.items.length).toBeLessThanOrEqual(2);
      walked.push(...page.items.map((item) => item.title));
      cursor = page.next_cursor;
    }
    expect(walked).toEqual(all);
    expect(all[0]).toBe("Übung macht den Meister");
    expect((await app.request("/api/v1/videos?cursor=x", { as: owner })).status).toBe(422);
    expect((await app.request("/api/v1/videos?limit=0", { as: owner })).status).toBe(422);
  });

  test("the words of a changed title count at once, those of the old no more", async () => {
    await app.request(`/api/v1/videos/${ids[0]}`, { ...json({ title: "Rolls" }, "PATCH"), as: owner });
    expect(await titles("q=rolls")).toEqual(["Rolls"]);
    expect(await titles("q=bread")).toEqual([]);
  });

  test("every row carries its own tags", async () => {
    const tags = Object.fromEntries((await list("tag=sweet")).items.map((item) => [item.title, item.tags]));
    expect(tags).toEqual({ "Baking cake": ["food", "sweet"], "Übung macht den Meister": ["sweet"] });
  });
});

describe("deleting", () => {
  test("takes row, bytes and folders", async () => {
    const id = await addVideo("Short-lived", await mp4Clip());
    expect(readdirSync(join(app.dataDir, "storage/videos"))).toContain(id);
    expect((await app.request(`/videos/${id}/delete`, { ...form({}), as: owner })).status).toBe(303);
    expect((await app.request(`/videos/${id}`, { as: owner })).status).toBe(404);
    await until(() => {
      const left = [
        ...readdirSync(join(app.dataDir, "storage/videos")),
        ...readdirSync(join(app.dataDir, "storage/thumbnails")),
      ];
      return left.includes(id) ? null : true;
    });
    expect((await list("q=Short-lived")).items).toHaveLength(0);
  });
});

test("the description of the API is complete and its page readable", async () => {
  const document = (await (await app.request("/api/v1/openapi.json", { as: owner })).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { summary: string; responses: object }>>;
  };
  expect(document.openapi).toBe("3.1.0");
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  const routed = (await app.router.routes())
    .filter(({ path }) => path.startsWith("/api/v1/") && !path.endsWith("/openapi.json"))
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  expect(calls.sort()).toEqual([...new Set(routed)].sort());
  expect(calls.length).toBeGreaterThan(10);
  const page = await (await app.request("/api/docs", { as: owner })).text();
  for (const path of Object.keys(document.paths)) expect(page).toContain(path);
});

test("no two things in it share a name: the one would be described as the other", async () => {
  const root = `${import.meta.dir}/../../src`;
  const files = [...new Glob("**/*.ts").scanSync(root)];
  const texts = await Promise.all(files.map((path) => Bun.file(`${root}/${path}`).text()));
  const names = texts.flatMap((text) => [...text.matchAll(/\.openapi\("(\w+)"\)/g)].map(([, name]) => name));
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});
