import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Egress, openEgress } from "../../src/egress/egress.ts";
import { findTools } from "../../src/exec/find-tools.ts";
import { type Fetched, type FetchOptions, fetchVideo, probeVideo } from "../../src/exec/ytdlp.ts";
import type { SiteProgress } from "../../src/exec/ytdlp/output.ts";
import { AppError } from "../../src/lib/errors.ts";
import { type Site, startSite } from "../fixtures/site.ts";

setDefaultTimeout(90_000);

const root = mkdtempSync(join(tmpdir(), "homereel-ytdlp-"));
const settings = { ffmpeg: "", ffprobe: "", yt_dlp: process.env.HOMEREEL_TOOLS_YT_DLP ?? "", js_runtime: "" };
const { tools: found } = findTools(settings, { dataDir: root });
/** Trying 1,900 extractors on each link is half of a run's time; none but the last two fit our site. */
const tools = { ...found, ytDlp: [...(found.ytDlp ?? []), "--use-extractors", "html5,generic"] };
const log = { warn() {} };

let site: Site;
/** Lets 127.0.0.1 through and nothing else, so not 127.0.0.2 where the inner site is. */
let egress: Egress;

beforeAll(async () => {
  site = await startSite();
  egress = openEgress({ allowNetworks: ["127.0.0.1"], log });
});
afterAll(async () => {
  await egress.close();
  await site.stop();
  rmSync(root, { recursive: true, force: true });
});

describe("what becomes a file", () => {
  test.concurrent.each([
    ["/video.mp4", "video", "h264 aac"],
    ["/redirect", "video", "h264 aac"],
    ["/page", "A page with a clip (1)", "h264 aac"],
    ["/hls/master.m3u8", "master", "h264 aac"],
    ["/dash/manifest.mpd", "manifest", "h264 aac"],
  ])("%s", async (path, title, codecs) => {
    const { info, file } = await fetch(path);
    expect(info).toMatchObject({ title, site: "127.0.0.1", isLive: false, entries: null });
    expect(file?.path).toEndWith("/original.mp4");
    expect(await probe(file?.path ?? "")).toEqual({ codecs, height: 180, sizeBytes: file?.sizeBytes ?? 0 });
  });

  test.concurrent("a link that every extractor was tried on", async () => {
    const { file } = await inTurn(() => fetchVideo({ tools: found, egress }, options("/video.mp4")));
    expect(file?.sizeBytes).toBe(Bun.file(site.clip).size);
  });

  test.concurrent("a title of a hostile page is short, on one line and without marks that turn the writing", async () => {
    const { info } = await fetch("/hostile", { decide: () => "stop" });
    expect(info.title).toStartWith("<img src=x onerror=alert(1)> ../../etc/passwd");
    expect(info.title).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(info.title.length).toBeLessThanOrEqual(200);
  });

  test.concurrent("one that breaks off is taken up where it stopped", async () => {
    site.breaks = 2;
    const { file } = await fetch("/breaks.mp4");
    expect((await probe(file?.path ?? "")).codecs).toBe("h264 aac");
    const ranges = site.requests
      .filter(({ path }) => path === "/breaks.mp4")
      .map(({ headers }) => headers.range);
    expect(ranges.filter((range) => /^bytes=[1-9]\d*-$/.test(range ?? ""))).not.toBeEmpty();
  });

  test.concurrent("one whose run was ended is taken up by the next run", async () => {
    const asked = options("/slow.mp4?rate=100000");
    const cancel = new AbortController();
    const onProgress = ({ bytesDone }: SiteProgress) => void ((bytesDone ?? 0) > 30_000 && cancel.abort());
    const first = fetchVideo({ tools, egress }, { ...asked, signal: cancel.signal, onProgress });
    expect(await first.catch(() => "ended")).toBe("ended");
    const { file } = await fetchVideo({ tools, egress }, { ...asked, resume: true });
    expect((await probe(file?.path ?? "")).codecs).toBe("h264 aac");
    const ranges = site.requests
      .filter(({ path }) => path === "/slow.mp4?rate=100000")
      .map(({ headers }) => headers.range);
    expect(Number(/^bytes=(\d+)-$/.exec(ranges.at(-1) ?? "")?.[1])).toBeGreaterThan(10_000);
  });

  test.concurrent("progress only grows and ends at 100", async () => {
    const seen: SiteProgress[] = [];
    await fetch("/dash/manifest.mpd", { onProgress: (progress) => seen.push(progress) });
    const percents = seen.map(({ percent }) => percent ?? 0);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toMatchObject({ percent: 100, secondsLeft: 0 });
  });
});

describe("what is only described", () => {
  test.concurrent("a feed is a playlist, of which nothing is downloaded", async () => {
    const { info, file } = await fetch("/feed.rss");
    expect(file).toBeNull();
    expect(info.title).toBe("A feed of clips");
    expect(info.entries?.map(({ title, url }) => `${title} ${url.slice(site.origin.length)}`)).toEqual([
      "Episode 1 /video.mp4?episode=1",
      "Episode 2 /video.mp4?episode=2",
      "Episode 3 /video.mp4?episode=3",
    ]);
  });

  test.concurrent("a page with several videos is a playlist of their files", async () => {
    const { info, file } = await fetch("/several");
    expect(file).toBeNull();
    expect(info.entries?.map(({ url }) => url)).toEqual([1, 2, 3].map((n) => site.url(`/video.mp4?n=${n}`)));
  });

  test.concurrent("a long playlist is cut", async () => {
    const info = await probeVideo({ tools, egress }, { ...options("/feed.rss?episodes=50"), maxEntries: 7 });
    expect(info.entries).toHaveLength(7);
  });

  test.concurrent("a probe leaves no file and takes no byte of the video", async () => {
    const asked = options("/hls/master.m3u8");
    const info = await probeVideo({ tools, egress }, asked);
    expect(info).toMatchObject({ title: "master", durationSeconds: 3, height: 180 });
    expect(readdirSync(asked.folder)).toEqual([]);
  });

  test.concurrent("what decide stops is taken up later without asking the site for the page again", async () => {
    const asked = options("/page?later");
    const stopped = await fetchVideo({ tools, egress }, { ...asked, decide: () => "stop" });
    expect(stopped.file).toBeNull();
    const later = await fetchVideo({ tools, egress }, { ...asked, resume: true });
    expect(later.info.title).toBe(stopped.info.title);
    expect((await probe(later.file?.path ?? "")).codecs).toBe("h264 aac");
    expect(site.requests.filter(({ path }) => path === "/page?later").length).toBeLessThanOrEqual(2);
  });
});

describe("what fails says why", () => {
  test.concurrent.each([
    ["/gone.mp4", "video_gone"],
    ["/private.mp4", "site_refused"],
    ["/error", "site_unreachable"],
    ["/not-a-video", "unsupported_page"],
    ["/empty.mp4", "interrupted"],
    ["/live.m3u8", "live_stream"],
    ["https://127.0.0.1:1/video.mp4", "site_unreachable"],
  ])("%s: %s", async (path, code) => expect(await codeOf(fetch(path))).toBe(code));

  test.concurrent("a site that sends nothing more is given up", async () => {
    expect(await codeOf(fetch("/slow.mp4?rate=0", { stallMs: 4000 }))).toBe("interrupted");
    expect(site.requests.some(({ path }) => path === "/slow.mp4?rate=0")).toBe(true);
  });

  test.concurrent("cancelling rejects with the signal's reason", async () => {
    const cancel = new AbortController();
    const decide = () => {
      cancel.abort("enough");
      return "go on" as const;
    };
    const running = fetch("/video.mp4", { signal: cancel.signal, decide });
    expect(await running.catch((reason: unknown) => reason)).toBe("enough");
  });

  test.concurrent("without yt-dlp the person is told so", async () => {
    const none = fetchVideo({ tools: { ...tools, ytDlp: null }, egress }, options("/video.mp4"));
    expect(await codeOf(none)).toBe("tool_missing");
    const broken = fetchVideo(
      { tools: { ...tools, ytDlp: ["/nowhere/yt-dlp"] }, egress },
      options("/video.mp4"),
    );
    expect(await codeOf(broken)).toBe("tool_missing");
  });
});

describe("nothing gets round the guard", () => {
  test.concurrent.each(["/hls/master.m3u8?spied", "/dash/manifest.mpd?spied"])(
    "%s: ffmpeg takes no downloaded file for a list of other files",
    async (path) => {
      const asked = options(path);
      const spy = join(asked.folder, "spy.sh");
      await Bun.write(spy, `#!/bin/sh\necho "$@" >> spied.txt\nexec ${Bun.which(tools.ffmpeg)} "$@"\n`);
      chmodSync(spy, 0o700);
      await inTurn(() => fetchVideo({ tools: { ...tools, ffmpeg: spy }, egress }, asked));
      const inputs =
        (await Bun.file(join(asked.folder, "spied.txt")).text()).match(/\S+ \S+ -i file:/g) ?? [];
      expect(inputs.length).toBeGreaterThan(0);
      for (const input of inputs) expect(input).toStartWith("-format_whitelist mov,");
    },
  );

  test.concurrent.each([
    "/redirect-inner",
    "/page-inner",
    "/hls-inner.m3u8",
    "/hls-inner-for-ffmpeg.m3u8",
    "/dash-inner.mpd",
  ])("%s leads inside and is refused", async (path) => {
    expect(await codeOf(fetch(path))).toBe("address_not_allowed");
    expect(site.inner.connections()).toBe(0);
  });

  test.concurrent("where no network is opened no page of ours is reached at all", async () => {
    const closed = openEgress({ allowNetworks: [], log });
    for (const path of ["/video.mp4?closed", "/hls/master.m3u8?closed"]) {
      expect(await codeOf(fetchVideo({ tools, egress: closed }, options(path)))).toBe("address_not_allowed");
    }
    expect(site.requests.filter(({ path }) => path.endsWith("?closed"))).toEqual([]);
    await closed.close();
  });
});

function fetch(path: string, more: Partial<FetchOptions> = {}): Promise<Fetched> {
  return inTurn(() => fetchVideo({ tools, egress }, { ...options(path), ...more }));
}

let free = 4;
const waiting: (() => void)[] = [];

/** Each run is a second of Python: more at once than there are cores only makes all of them late. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free === 0) await new Promise<void>((resolve) => void waiting.push(resolve));
  else free--;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free++;
  }
}

function options(path: string): FetchOptions {
  return { url: new URL(path, site.origin), folder: mkdtempSync(join(root, "job-")) };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error !== null && !(error instanceof AppError)) throw error;
  return error?.code ?? "it did not fail";
}

async function probe(path: string): Promise<{ codecs: string; height: number; sizeBytes: number }> {
  const child = Bun.spawn([tools.ffprobe, "-v", "error", "-show_streams", "-of", "json", path]);
  const { streams } = (await new Response(child.stdout).json()) as { streams: Stream[] };
  const codecs = streams.map(({ codec_name: name }) => name).join(" ");
  return { codecs, height: streams[0]?.height ?? 0, sizeBytes: Bun.file(path).size };
}

interface Stream {
  codec_name: string;
  height?: number;
}
