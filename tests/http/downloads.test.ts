import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deleteVideo } from "../../src/features/videos/videos.ts";
import { form, json, openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let site: Site;
let app: TestApp;
let user: string;
/** What takes its time begins first, and is waited for last. */
let overrun: ReturnType<typeof goOverTime>;
beforeAll(async () => {
  site = await startSite();
  overrun = goOverTime();
  overrun.catch(() => {});
  app = openTestApp({ HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32" });
  await app.start();
  user = await app.join("ada");
});
afterAll(async () => {
  await app.close();
  await site.stop();
});

interface Download {
  id: string;
  video_id: string | null;
  state: string;
  title: string;
  lane: string;
  lane_reason: string;
  error: { code: string; message: string; hint: string } | null;
  items?: Download[];
}

interface Video {
  state: string;
  title: string;
  tags: string[];
  duration_seconds: number;
  width: number;
  height: number;
  mime: string;
  thumbnails: { n: number; url: string }[];
  poster_url: string | null;
  stream_url: string;
  video_codec: string;
}

const start = async (body: Record<string, unknown>) => {
  const response = await app.request("/api/v1/downloads", { ...json(body), as: user });
  return {
    status: response.status,
    body: (await response.json()) as Download & { code: string; title: string },
  };
};
const get = async <T>(path: string): Promise<T> =>
  (await app.request(path, { as: user })).json() as Promise<T>;
const downloadOf = (id: string) => get<Download>(`/api/v1/downloads/${id}`);
const finished = (id: string) =>
  until(async () => {
    const download = await downloadOf(id);
    return ["done", "failed", "cancelled"].includes(download.state) ? download : null;
  });
const workFolders = () => {
  const folder = join(app.dataDir, "work");
  return existsSync(folder) ? readdirSync(folder) : [];
};
/** A folder goes just after it was said what became of it. */
const nothingAtWork = () => until(() => workFolders().length === 0 || null);

describe("a pasted URL becomes a video", () => {
  test.each([
    ["an MP4", "/video.mp4", "video/mp4"],
    ["HLS with two qualities", "/hls/master.m3u8", "video/mp4"],
    ["DASH", "/dash/manifest.mpd", "video/mp4"],
    ["a page with <video>", "/page", "video/mp4"],
    ["a redirect", "/redirect", "video/mp4"],
  ])("%s", async (_, path, mime) => {
    const { status, body } = await start({ url: site.url(path), tags: ["News", "#two words"] });
    expect(status).toBe(202);
    expect(body.state).toBe("waiting");
    const download = await finished(body.id);
    expect(download.error).toBeNull();
    expect(download.state).toBe("done");

    const video = await get<Video>(`/api/v1/videos/${download.video_id}`);
    expect(video).toMatchObject({ state: "READY", tags: ["news", "two words"], mime, video_codec: "h264" });
    expect(video.duration_seconds).toBeGreaterThan(0);
    expect(video.width).toBeGreaterThan(0);
    expect(video.thumbnails.map((thumbnail) => thumbnail.n)).toEqual([1, 2, 3]);
    const poster = await app.request(video.poster_url ?? "", { as: user });
    expect(poster.headers.get("content-type")).toBe("image/jpeg");
    const stream = await app.request(video.stream_url, { as: user, headers: { range: "bytes=0-99" } });
    expect(stream.status).toBe(206);
    expect((await stream.arrayBuffer()).byteLength).toBe(100);
    await nothingAtWork();
  });

  test("the original is kept to the byte, and downloads under its title", async () => {
    const { body } = await start({ url: site.url("/video.mp4"), title: 'A "fine" clip / one' });
    const download = await finished(body.id);
    const response = await app.request(`/videos/${download.video_id}/file`, { as: user });
    const sent = Buffer.from(await response.arrayBuffer());
    expect(sent.equals(Buffer.from(await Bun.file(site.clip).arrayBuffer()))).toBe(true);
    expect(response.headers.get("content-disposition")).toStartWith("attachment; filename=");
    expect(response.headers.get("content-disposition")).not.toContain("/");
  });

  test("the title is the site's, unless one is given", async () => {
    const own = await finished((await start({ url: site.url("/page"), title: "My own" })).body.id);
    expect((await get<Video>(`/api/v1/videos/${own.video_id}`)).title).toBe("My own");
    const sites = await finished((await start({ url: site.url("/page") })).body.id);
    expect((await get<Video>(`/api/v1/videos/${sites.video_id}`)).title).not.toContain("http");
  });

  test("a playlist becomes one video for each entry, with the tags of the form and for whom it says", async () => {
    const { body } = await start({ url: site.url("/feed.rss"), tags: ["feed"], visibility: "private" });
    const parent = await finished(body.id);
    expect(parent.state).toBe("done");
    expect(parent.video_id).toBeNull();
    expect(parent.items).toHaveLength(3);
    for (const item of parent.items ?? []) {
      const download = await finished(item.id);
      expect(download.state).toBe("done");
      const video = await get<Video>(`/api/v1/videos/${download.video_id}`);
      expect(video).toMatchObject({ tags: ["feed"], visibility: "private" });
    }
  });

  test("a connection that breaks off is taken up again", async () => {
    site.breaks = 1;
    const download = await finished((await start({ url: site.url("/breaks.mp4") })).body.id);
    expect(download.state).toBe("done");
  });

  test("a hostile title stays text", async () => {
    const download = await finished((await start({ url: site.url("/hostile") })).body.id);
    expect(download.state).toBe("done");
    for (const path of ["/", "/downloads", `/videos/${download.video_id}`]) {
      const html = await (await app.request(path, { as: user })).text();
      expect(html).not.toContain("<script>alert");
      expect(html).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    }
  });
});

describe("what can't be downloaded is refused at once, and nothing is started", () => {
  test.each([
    ["", "not_a_url"],
    ["just words", "not_a_url"],
    ["-f best", "not_a_url"],
    ["--exec=touch /tmp/x", "not_a_url"],
    ["file:///etc/passwd", "scheme_not_allowed"],
    ["ftp://example.org/a.mp4", "scheme_not_allowed"],
    ["javascript:alert(1)", "scheme_not_allowed"],
    ["https://user:secret@example.org/a.mp4", "credentials_in_url"],
    ["http://127.0.0.2/a.mp4", "address_not_allowed"],
    ["http://192.168.1.1/a.mp4", "address_not_allowed"],
    ["http://[::1]/a.mp4", "address_not_allowed"],
    ["http://0x7f.2/a.mp4", "address_not_allowed"],
  ])("%p is %s", async (url, code) => {
    const before = (await get<{ items: unknown[] }>("/api/v1/downloads")).items.length;
    const response = await app.request("/api/v1/downloads", { ...json({ url }), as: user });
    expect(response.status).toBe(422);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    expect(await response.json()).toMatchObject({ code, field: "urls" });
    expect((await get<{ items: unknown[] }>("/api/v1/downloads")).items).toHaveLength(before);

    const page = await app.request("/downloads", {
      ...form({ urls: url, title: "kept", tags: "a" }),
      as: user,
    });
    expect(page.status).toBe(422);
    expect(await page.text()).toContain('value="kept"');
  });

  test("one bad line among good ones starts none of them, and is named", async () => {
    const before = (await get<{ items: unknown[] }>("/api/v1/downloads")).items.length;
    const urls = [site.url("/video.mp4"), "nonsense here"];
    const { status, body } = await start({ urls });
    expect(status).toBe(422);
    expect(body.title).toContain("nonsense here");
    expect((await get<{ items: unknown[] }>("/api/v1/downloads")).items).toHaveLength(before);
  });

  test("of many bad lines some are named and the others counted, each way out said once", async () => {
    const bad = Array.from({ length: 6 }, (_, n) => `nonsense ${n}`);
    const urls = ["ftp://example.org/a.mp4", site.url("/video.mp4"), ...bad];
    const response = await app.request("/api/v1/downloads", { ...json({ urls }), as: user });
    expect(response.status).toBe(422);
    const { code, title, detail } = (await response.json()) as Record<string, string>;
    expect(code).toBe("scheme_not_allowed");
    expect(title).toContain("ftp://example.org/a.mp4: Links that start with ftp: can't be downloaded.");
    for (const n of [0, 1, 2, 3]) expect(title).toContain(`nonsense ${n}: This isn't a valid link.`);
    expect(title).not.toContain("nonsense 4");
    expect(title).toEndWith("And 2 more.");
    expect(detail).toBe(
      "Only http:// and https:// links work. Copy the whole link from the browser, starting with https://.",
    );
  });

  test("a viewer may not add", async () => {
    const viewer = await app.join("viewer", "viewer");
    const response = await app.request("/api/v1/downloads", {
      ...json({ url: site.url("/video.mp4") }),
      as: viewer,
    });
    expect(response.status).toBe(403);
  });
});

describe("what fails says why, with a sentence and a code", () => {
  test.each([
    ["a page without a video", "/not-a-video", "unsupported_page"],
    ["a page that is gone", "/gone.mp4", "video_gone"],
    ["a private video", "/private.mp4", "site_refused"],
    ["a live stream", "/live.m3u8", "live_stream"],
    ["text that calls itself a video", "/text.mp4", "not_a_video"],
    ["a redirect to an inner address", "/redirect-inner", "address_not_allowed"],
  ])("%s", async (_, path, code) => {
    const download = await finished((await start({ url: site.url(path) })).body.id);
    expect(download.state).toBe("failed");
    expect(download.error?.code).toBe(code);
    expect(download.error?.message).toMatch(/^[A-Z].*\.$/);
    const video = await get<{ state: string; error: { code: string } }>(
      `/api/v1/videos/${download.video_id}`,
    );
    expect(video).toMatchObject({ state: "FAILED", error: { code } });
    await nothingAtWork();
    expect(site.inner.connections()).toBe(0);
  });

  test("and can be tried again", async () => {
    const failed = await finished((await start({ url: site.url("/gone.mp4") })).body.id);
    const again = await app.request(`/api/v1/downloads/${failed.id}/retry`, { method: "POST", as: user });
    expect(again.status).toBe(202);
    const download = await finished(failed.id);
    expect(download.error?.code).toBe("video_gone");
    expect(site.count("/gone.mp4")).toBeGreaterThan(1);
  });

  test("a machine without yt-dlp says so", async () => {
    const { tools } = app.deps;
    const known = tools.ytDlp;
    tools.ytDlp = null;
    try {
      const download = await finished((await start({ url: site.url("/video.mp4") })).body.id);
      expect(download.error?.code).toBe("tool_missing");
    } finally {
      tools.ytDlp = known;
    }
  });
});

describe("cancelling", () => {
  afterEach(() => void (site.slowBytesPerSecond = 1_000_000));

  test("stops what runs and leaves nothing behind", async () => {
    site.slowBytesPerSecond = 10_000;
    const { body } = await start({ url: site.url("/slow.mp4") });
    await until(async () => ((await downloadOf(body.id)).state === "fetching" ? true : null));
    const response = await app.request(`/api/v1/downloads/${body.id}/cancel`, { method: "POST", as: user });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ state: "cancelled", video_id: null });
    await nothingAtWork();
    expect((await app.request(`/videos/${body.video_id}`, { as: user })).status).toBe(404);
    const again = await app.request(`/api/v1/downloads/${body.id}/cancel`, { method: "POST", as: user });
    expect(again.status).toBe(409);
  });

  test("is only for one's own", async () => {
    site.slowBytesPerSecond = 10_000;
    const { body } = await start({ url: site.url("/slow.mp4") });
    const other = await app.join("other");
    const refused = await app.request(`/api/v1/downloads/${body.id}/cancel`, { method: "POST", as: other });
    expect(refused.status).toBe(404);
    expect(
      (await app.request(`/api/v1/downloads/${body.id}/cancel`, { method: "POST", as: user })).status,
    ).toBe(200);
  });

  test("deleting the video of a download that runs stops it", async () => {
    site.slowBytesPerSecond = 10_000;
    const { body } = await start({ url: site.url("/slow.mp4") });
    await until(async () => ((await downloadOf(body.id)).state === "fetching" ? true : null));
    expect(
      (await app.request(`/api/v1/videos/${body.video_id}`, { method: "DELETE", as: user })).status,
    ).toBe(204);
    await nothingAtWork();
  });

  test("deleting it when its last byte is there leaves nothing behind either", async () => {
    const { deps } = app;
    const { now } = deps;
    const { body } = await start({ url: site.url("/slow.mp4?rate=400000") });
    const videoId = body.video_id ?? "no video";
    const owner = deps.db.query.users.findFirst().sync();
    if (!owner) throw new Error("nobody is here");
    let isDeleted = false;
    // What is done with a whole file begins with the time that it took.
    deps.now = () => {
      if (!isDeleted && existsSync(join(app.dataDir, "work", body.id, "original.mp4"))) {
        isDeleted = true;
        deleteVideo(deps, owner, videoId);
      }
      return now();
    };
    try {
      await until(() => isDeleted || null);
      await nothingAtWork();
    } finally {
      deps.now = now;
    }
  });
});

test("a long download takes the long lane and says why", async () => {
  const slow = openTestApp({
    HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32",
    HOMEREEL_DOWNLOADS_THRESHOLD_MINUTES: "0",
  });
  try {
    await slow.start();
    const token = await slow.join("ada");
    const response = await slow.request("/api/v1/downloads", {
      ...json({ url: site.url("/video.mp4") }),
      as: token,
    });
    const { id } = (await response.json()) as Download;
    const download = await until(async () => {
      const found = (await (await slow.request(`/api/v1/downloads/${id}`, { as: token })).json()) as Download;
      return found.state === "done" || found.state === "failed" ? found : null;
    });
    expect(download).toMatchObject({ state: "done", lane: "long" });
    expect(download.lane_reason).toContain("expected");
  } finally {
    await slow.close();
  }
});

test("a short download that overruns its time goes on in the long lane, with what is there of its file", async () => {
  const { moved, done, ranges, bytes } = await overrun;
  expect(moved.lane_reason).toBe("It took longer than short downloads may.");
  expect(done).toMatchObject({ state: "done", lane: "long" });
  expect(ranges.some((range) => /^bytes=[1-9]\d*-$/.test(range))).toBe(true);
  expect(bytes.equals(readFileSync(site.clip))).toBe(true);
});

test("who sees a new video is said by the settings, unless the person says it", async () => {
  const hidden = openTestApp({ HOMEREEL_DOWNLOADS_VISIBILITY: "private" });
  const as = await hidden.join("ada");
  const other = await hidden.join("eve");
  const add = async (values: Record<string, string>) => {
    const added = await hidden.request("/downloads", { ...form(values), as });
    expect(added.status).toBe(303);
    const [newest] = ((await (await hidden.request("/api/v1/videos", { as })).json()) as { items: Video[] })
      .items;
    return newest;
  };
  expect(await add({ urls: "https://example.org/1" })).toMatchObject({ visibility: "private" });
  expect(await (await hidden.request("/", { as: other })).text()).not.toContain("example.org/1");
  const shown = { urls: "https://example.org/2", visibility: "library" };
  expect(await add(shown)).toMatchObject({ visibility: "library" });
  const wrong = await hidden.request("/downloads", { ...form({ ...shown, visibility: "world" }), as });
  expect(wrong.status).toBe(422);
  expect(await wrong.text()).toContain("Choose library or private.");
  await hidden.close();
});

/** A download that has twelve seconds, where it needs thirty; from a site of its own, whose line becomes good after that. */
async function goOverTime() {
  const slow = await startSite();
  const hasty = openTestApp({ HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32" });
  try {
    const as = await hasty.join("ada");
    slow.slowBytesPerSecond = 5000;
    const added = await hasty.request("/api/v1/downloads", { ...json({ url: slow.url("/slow.mp4") }), as });
    const { id } = (await added.json()) as Download;
    const comesTo = (isIt: (download: Download) => boolean) =>
      until(async () => {
        const now = (await (await hasty.request(`/api/v1/downloads/${id}`, { as })).json()) as Download;
        return isIt(now) ? now : null;
      }, 60_000);
    // The setting counts in minutes.
    hasty.deps.db.$client.exec("UPDATE jobs SET deadline_ms = 12000 WHERE name = 'probe'");
    await hasty.start();
    const moved = await comesTo(({ lane }) => lane === "long");
    slow.slowBytesPerSecond = 50_000_000;
    const done = await comesTo(({ state }) => state === "done" || state === "failed");
    const ranges = slow.requests.map(({ headers }) => headers.range ?? "");
    const video = await hasty.request(`/videos/${done.video_id}/stream`, { as });
    return { moved, done, ranges, bytes: Buffer.from(await video.arrayBuffer()) };
  } finally {
    await hasty.close();
    await slow.stop();
  }
}
