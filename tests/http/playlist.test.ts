import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import type { Download, User } from "../../src/db/schema.ts";
import { expandPlaylist } from "../../src/features/downloads/fetching/playlist.ts";
import { changeDownloadFrom, findDownload } from "../../src/features/downloads/queries.ts";
import { startDownloads } from "../../src/features/downloads/start.ts";
import { cancelDownload } from "../../src/features/downloads/steering/steer.ts";
import type { SiteInfo } from "../../src/exec/ytdlp/output.ts";
import { openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";

setDefaultTimeout(60_000);

let app: TestApp;
let ada: User;
beforeEach(async () => {
  app = openTestApp();
  ada = (await addPerson(app, "ada")).user;
});
afterEach(() => app.close());

/** A playlist that was looked at: its download stands where `expandPlaylist` takes over. */
function lookedAt(more: Record<string, unknown> = {}): Download & { videoId: string } {
  const { deps } = app;
  const [item] = startDownloads(deps, ada, { urls: "https://example.org/list", ...more });
  changeDownloadFrom(deps.db, item?.id ?? "", ["waiting"], { state: "probing" });
  const download = findDownload(deps.db, item?.id ?? "");
  if (!download?.videoId) throw new Error("no download was started");
  return { ...download, videoId: download.videoId };
}

function info(count: number): SiteInfo {
  const entries = Array.from({ length: count }, (_, i) => ({
    url: `https://example.org/watch?v=${i + 1}`,
    title: `Episode ${i + 1}`,
    durationSeconds: null,
  }));
  return { title: "All of it", entries } as unknown as SiteInfo;
}

const one = (query: string, ...values: string[]) =>
  (app.deps.db.$client.prepare(query).get(...values) as { n: number }).n;
const children = (id: string, state = "waiting") =>
  one("SELECT count(*) AS n FROM downloads WHERE parent_id = ? AND state = ?", id, state);
const jobs = () =>
  one("SELECT count(*) AS n FROM jobs WHERE name = 'probe' AND state = 'ready' AND cancel_requested = 0");

test("its videos get what was chosen for all of them", async () => {
  const options = { preset: "720p", subtitles: ["de"] };
  const parent = lookedAt({ options, force_long: true, tags: "a", visibility: "private", items: "2-3" });
  await expandPlaylist(app.deps, parent, info(5));
  const rows = app.deps.db.$client
    .prepare(
      `SELECT d.url, d.options, d.force_long, d.items, v.visibility FROM downloads d
       JOIN videos v ON v.id = d.video_id WHERE d.parent_id = ? ORDER BY d.seq`,
    )
    .all(parent.id) as { url: string; options: string }[];
  expect(rows.map(({ url }) => url.split("=")[1])).toEqual(["2", "3"]);
  expect(rows[0]).toMatchObject({ force_long: 1, items: null, visibility: "private" });
  expect(JSON.parse(rows[0]?.options ?? "")).toMatchObject(options);
  expect(findDownload(app.deps.db, parent.id)).toMatchObject({ state: "done", videoId: null });
});

test("others get their turn while ten thousand are added", async () => {
  const parent = lookedAt();
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  await expandPlaylist(app.deps, parent, info(10_000));
  clearInterval(timer);
  expect(children(parent.id)).toBe(10_000);
  expect(turns).toBeGreaterThan(50);
});

test("begun anew after a break it goes on, and nothing comes twice", async () => {
  const parent = lookedAt();
  const stop = new AbortController();
  const stopped = expandPlaylist(app.deps, parent, info(1000), stop.signal);
  setImmediate(() => stop.abort(new Error("the power is gone")));
  expect(stopped).rejects.toThrow("the power is gone");
  await stopped.catch(() => null);
  const before = children(parent.id);
  expect(before).toBeGreaterThan(0);
  expect(before).toBeLessThan(1000);
  await expandPlaylist(app.deps, parent, info(1000));
  expect(children(parent.id)).toBe(1000);
  expect(one("SELECT count(DISTINCT url) AS n FROM downloads WHERE parent_id = ?", parent.id)).toBe(1000);
});

test("cancelled halfway it takes back what has not begun", async () => {
  const parent = lookedAt();
  const expanding = expandPlaylist(app.deps, parent, info(5000));
  setImmediate(() => cancelDownload(app.deps, ada, parent.id));
  await expanding;
  expect(children(parent.id)).toBe(0);
  expect(children(parent.id, "cancelled")).toBeGreaterThan(0);
  expect(jobs()).toBe(0);
  expect(one("SELECT count(*) AS n FROM videos")).toBe(0);
});
