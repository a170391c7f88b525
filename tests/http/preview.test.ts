import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { coolDown } from "../../src/features/downloads/fetching/sites.ts";
import { json, openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let site: Site;
let app: TestApp;
let user: string;
beforeAll(async () => {
  site = await startSite();
  app = openTestApp({
    HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32",
    HOMEREEL_LIMITS_API_PER_MINUTE: "1000000",
  });
  await app.start();
  user = await app.join("ada");
});
afterAll(async () => {
  await app.close();
  await site.stop();
});

interface Preview {
  url: string;
  error: { code: string; message: string } | null;
  found: {
    title: string;
    site: string;
    picture: string | null;
    duration_seconds: number | null;
    choices: { preset: string; size_bytes: number | null; height: number | null; container: string }[];
    estimate: { lane: string; reason: string; seconds: number | null; bytes: number | null };
    space: { needed: number | null; free: number; is_enough: boolean };
    on_shelf: { video_id: string; title: string; is_ready: boolean } | null;
    is_one_of_list: boolean;
    playlist: {
      count: number;
      is_cut: boolean;
      passing: number;
      passing_numbers: string;
      page: number;
      pages: number;
      entries: { n: number; title: string; url: string; on_shelf: { video_id: string } | null }[];
    } | null;
  } | null;
}

const ask = async (body: Record<string, unknown>, as = user, to = app) => {
  const response = await to.request("/api/v1/downloads/preview", { ...json(body), as });
  const read = (await response.json()) as { items: Preview[]; code: string; field: string };
  return { status: response.status, body: read, items: read.items };
};
const look = async (body: Record<string, unknown>, as = user, to = app) => {
  const { status, items } = await ask(body, as, to);
  expect(status).toBe(200);
  const [only] = items;
  if (!only) throw new Error("nothing was looked at");
  return only;
};
const find = async (body: Record<string, unknown>, as = user, to = app) => {
  const { found, error } = await look(body, as, to);
  expect(error).toBeNull();
  if (!found) throw new Error("nothing was found");
  return found;
};
const get = async <T>(path: string, as = user): Promise<T> =>
  (await app.request(path, { as })).json() as Promise<T>;

interface Download {
  id: string;
  video_id: string | null;
  state: string;
  url: string;
  title: string;
  lane_reason: string;
  items?: Download[];
}
const start = async (body: Record<string, unknown>) => {
  const response = await app.request("/api/v1/downloads", { ...json(body), as: user });
  expect(response.status).toBe(202);
  return (await response.json()) as Download;
};
const finished = (id: string) =>
  until(async () => {
    const download = await get<Download>(`/api/v1/downloads/${id}`);
    return ["done", "failed", "cancelled"].includes(download.state) ? download : null;
  });

describe("a link is looked at before it is downloaded", () => {
  test("with what it would bring, how long it takes and whether there is room", async () => {
    const found = await find({ url: site.url("/hls/master.m3u8") });
    expect(found).toMatchObject({ site: "127.0.0.1", on_shelf: null, playlist: null, is_one_of_list: false });
    expect(found.choices.map(({ preset }) => preset)).toContain("everywhere");
    expect(found.estimate.lane).toBe("short");
    expect(found.estimate.reason).toMatch(/\.$/);
    expect(found.space.free).toBeGreaterThan(0);
    expect(found.space.is_enough).toBe(true);
    expect((await get<{ items: unknown[] }>("/api/v1/downloads")).items).toHaveLength(0);
    await until(() => readdirSync(join(app.dataDir, "work")).length === 0 || null);
  });

  test("and is not asked again at once", async () => {
    const url = site.url("/page?once");
    await find({ url });
    const asked = site.count("/page");
    await find({ url });
    expect(site.count("/page")).toBe(asked);
    await find({ url }, await app.join("grace"));
    expect(site.count("/page")).toBeGreaterThan(asked);
  });

  test("hostile titles are text of a sensible length", async () => {
    const { title } = await find({ url: site.url("/hostile") });
    expect(title.length).toBeLessThanOrEqual(200);
    expect(title).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
  });

  test("several at once, each with its own words where it fails", async () => {
    const paths = ["/video.mp4", "/gone.mp4", "/not-a-video", "/private.mp4"];
    const { items } = await ask({ urls: paths.map((path) => site.url(path)) });
    expect(items.map((item) => item.error?.code ?? null)).toEqual([
      null,
      "video_gone",
      "unsupported_page",
      expect.any(String),
    ]);
    expect(items.map(({ url }) => url)).toEqual(paths.map((path) => site.url(path)));
  });

  test("the picture is fetched by us, made small, and comes with the answer", async () => {
    const found = await find({ url: site.url("/with-picture") });
    expect(found.picture).toStartWith("data:image/jpeg;base64,");
    const bytes = Buffer.from(found.picture?.split(",")[1] ?? "", "base64");
    expect(bytes.subarray(0, 2).toString("hex")).toBe("ffd8");
    expect(bytes.length).toBeLessThan(60_000);
    expect(site.count("/picture.jpg")).toBe(1);
  });

  test("a picture on an inner address is left out, and nobody calls there", async () => {
    const found = await find({ url: site.url("/with-inner-picture") });
    expect(found.picture).toBeNull();
    expect(site.inner.connections()).toBe(0);
  });
});

describe("what is refused", () => {
  test.each([
    ["", "not_a_url"],
    ["just words", "not_a_url"],
    ["file:///etc/passwd", "scheme_not_allowed"],
    ["https://user:secret@example.org/a.mp4", "credentials_in_url"],
    ["http://192.168.1.1/a.mp4", "address_not_allowed"],
    ["http://[::1]/a.mp4", "address_not_allowed"],
  ])("%p with the words of a download", async (url, code) => {
    const asked = await ask({ url });
    const started = await app.request("/api/v1/downloads", { ...json({ url }), as: user });
    expect(asked.status).toBe(422);
    expect(asked.body).toEqual(await started.json());
    expect(asked.body).toMatchObject({ code, field: "urls" });
  });

  test("a redirect to an inner address, which nobody calls", async () => {
    const { error } = await look({ url: site.url("/redirect-inner") });
    expect(error?.code).toBe("address_not_allowed");
    expect(site.inner.connections()).toBe(0);
  });

  test("what is on a site that wants a pause, till that is over", async () => {
    const url = site.url("/page?paused");
    coolDown(app.deps, "127.0.0.1", "It said so.");
    const asked = site.count("/page");
    expect((await look({ url })).error?.code).toBe("rate_limited");
    expect(site.count("/page")).toBe(asked);
    app.deps.db.$client.exec("UPDATE sites SET cool_down_until = 0");
    expect((await look({ url })).error).toBeNull();
  });

  test("more than twenty", async () => {
    const urls = Array.from({ length: 21 }, (_, i) => site.url(`/video.mp4?n=${i}`));
    expect((await ask({ urls })).body).toMatchObject({ code: "too_large" });
  });

  test("a viewer", async () => {
    const viewer = await app.join("vera", "viewer");
    expect((await ask({ url: site.url("/video.mp4") }, viewer)).status).toBe(403);
  });
});

describe("who leaves ends it", () => {
  test("yt-dlp is gone, and so is its folder", async () => {
    const leaving = new AbortController();
    const asked = app.request("/api/v1/downloads/preview", {
      ...json({ url: site.url("/never") }),
      as: user,
      signal: leaving.signal,
    });
    const work = () => readdirSync(join(app.dataDir, "work"));
    await until(async () => (site.count("/never") > 0 ? true : null));
    expect(work()).toHaveLength(1);
    leaving.abort();
    expect((await asked).status).not.toBe(200);
    expect(work()).toEqual([]);
  });
});

describe("a playlist", () => {
  const feed = (episodes: number) => site.url(`/feed.rss?episodes=${episodes}`);

  test("of 500 shows its entries page by page, those that the filter lets pass", async () => {
    const url = feed(500);
    const first = (await find({ url })).playlist;
    expect(first).toMatchObject({ count: 500, passing: 500, passing_numbers: "1-500", page: 1, pages: 3 });
    expect(first?.entries).toHaveLength(200);
    expect(first?.entries[0]).toMatchObject({ n: 1, title: "Episode 1" });
    const last = (await find({ url, page: 99 })).playlist;
    expect(last).toMatchObject({ page: 3 });
    expect(last?.entries.at(-1)).toMatchObject({ n: 500, title: "Episode 500" });
    const some = (await find({ url, filter: "EPISODE 49" })).playlist;
    expect(some).toMatchObject({
      passing: 15,
      passing_numbers: "49,149,249,349,449,490-499",
      count: 500,
      is_cut: false,
    });
    expect(site.count("/feed.rss")).toBe(1);
  });

  test("is looked at as far as is wanted", async () => {
    const { playlist } = await find({ url: feed(300), limit: 100 });
    expect(playlist).toMatchObject({ count: 100, is_cut: true });
  });

  test("brings what was chosen of it", async () => {
    const { id } = await start({ url: feed(6), items: "2, 4-5", tags: ["feed"] });
    const parent = await finished(id);
    expect(parent.items?.map(({ title }) => title)).toEqual(["Episode 2", "Episode 4", "Episode 5"]);
    expect(parent.lane_reason).toBe("A playlist: 3 of its videos.");
    for (const item of parent.items ?? []) expect((await finished(item.id)).state).toBe("done");
    const { playlist } = await find({ url: feed(6) });
    const here = playlist?.entries.flatMap((entry) => (entry.on_shelf ? [entry.n] : []));
    expect(here).toEqual([2, 4, 5]);
  });

  test("the choice is refused where it is none, or of several links", async () => {
    const wrong = [
      { url: feed(3), items: "5-2" },
      { urls: [feed(3), feed(4)], items: "1" },
    ];
    for (const body of wrong) {
      const response = await app.request("/api/v1/downloads", { ...json(body), as: user });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ code: "invalid_input", field: "items" });
    }
  });

  test("a link that names a list besides is the one video, and says that there is a list", async () => {
    const url = site.url("/page?v=1&list=abc");
    expect(await find({ url })).toMatchObject({ playlist: null, is_one_of_list: true });
  });
});

describe("what is on the shelf already", () => {
  test("is said to those who may see it", async () => {
    const url = site.url("/page?shelved");
    const { id, video_id } = await start({ url, visibility: "private" });
    expect((await finished(id)).state).toBe("done");
    expect((await find({ url })).on_shelf).toMatchObject({ video_id, is_ready: true });
    expect((await find({ url }, await app.join("eve"))).on_shelf).toBeNull();
    expect((await find({ url }, await app.join("root", "admin"))).on_shelf).toMatchObject({ video_id });
  });

  test("is known by the site's own id, whatever the address", async () => {
    const url = site.url("/page?elsewhere");
    const { id, video_id } = await start({ url: site.url("/page?by-id") });
    await finished(id);
    const set = "UPDATE videos SET extractor = ?, site_video_id = ? WHERE id = ?";
    app.deps.db.$client.prepare(set).run("generic", "page?elsewhere", video_id);
    expect((await find({ url })).on_shelf).toBeNull();
    const { extractor, siteVideoId } = { extractor: "youtube", siteVideoId: "abc" };
    app.deps.db.$client.prepare(set).run(extractor, siteVideoId, video_id);
    const { findOnShelf } = await import("../../src/features/videos/videos.ts");
    const ada = app.deps.db.$client.prepare("SELECT * FROM users WHERE name = 'ada'").get() as never;
    expect(findOnShelf(app.deps, ada, { extractor, siteVideoId, urls: [] })).toMatchObject({
      videoId: video_id,
    });
  });
});
