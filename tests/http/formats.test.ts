import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { semaphore } from "../../src/lib/semaphore.ts";
import { json, openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), "homereel-formats-"));
let site: Site;
let app: TestApp;
let user: string;
beforeAll(async () => {
  site = await startSite();
  app = openTestApp({
    HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32",
    HOMEREEL_DOWNLOADS_PER_SITE_CONCURRENCY: "3",
    HOMEREEL_DOWNLOADS_PACING_SECONDS: "0",
    HOMEREEL_LIMITS_API_PER_MINUTE: "100000",
  });
  await app.start();
  user = await app.join("ada");
});
afterAll(async () => {
  await app.close();
  await site.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("every preset brings what it says", () => {
  test.concurrent.each([
    ["everywhere", "mp4", "h264 1080", "aac", "video/mp4"],
    ["best", "webm", "vp9 2160", "opus", "video/webm"],
    ["2160p", "matroska", "vp9 2160", "aac", "video/mp4"],
    ["1440p", "matroska", "vp9 1440", "aac", "video/mp4"],
    ["1080p", "mp4", "h264 1080", "aac", "video/mp4"],
    ["720p", "mp4", "h264 720", "aac", "video/mp4"],
    ["480p", "mp4", "h264 480", "aac", "video/mp4"],
    ["360p", "mp4", "h264 360", "aac", "video/mp4"],
    ["m4a", "mp4", "", "aac", "audio/mp4"],
    ["mp3", "mp3", "", "mp3", "audio/mpeg"],
    ["opus", "ogg", "", "opus", "audio/ogg"],
  ])("%s: %s with %s and %s", async (preset, container, picture, sound, mime) => {
    const { video, file } = await bring("/qualities.mpd", { preset });
    expect({ ...file, mime: video.mime }).toMatchObject({ container, picture, sound, mime });
    expect(video).toMatchObject({
      state: "READY",
      unplayable_reason: null,
      video_codec: picture.split(" ")[0] || null,
    });
    const part = await app.request(video.stream_url, { as: user, headers: { range: "bytes=0-9" } });
    expect([part.status, part.headers.get("content-type")]).toEqual([206, mime]);
  });
});

describe("a quality that the site doesn't have", () => {
  test.concurrent.each([
    ["1080p", "/odd", 900],
    ["720p", "/odd", 540],
    ["480p", "/odd", 270],
    ["360p", "/high", 540],
  ])("%s of %s: %d lines", async (preset, path, height) => {
    expect((await bring(path, { preset })).file.picture).toBe(`h264 ${height}`);
  });

  test.concurrent.each([
    ["hls", "/q/360.ts"],
    ["progressive", "/q/360.mp4"],
  ])("the same quality comes the way that is preferred: %s", async (delivery, path) => {
    const before = site.count(path);
    await bring("/two-ways", { preset: "360p", delivery });
    expect(site.count(path)).toBeGreaterThan(before);
  });
});

describe("what comes with it", () => {
  test.concurrent("subtitles in the languages that were chosen", async () => {
    expect((await bring("/qualities.m3u8", { subtitles: ["de", "fr"] })).file.subtitles).toEqual(["deu"]);
    expect((await bring("/qualities.m3u8", { subtitles: ["all"] })).file.subtitles).toEqual(["eng", "deu"]);
  });

  test.concurrent("its title, its chapters and its picture, into the file", async () => {
    const { file } = await bring("/described", { embed: ["metadata", "chapters", "thumbnail"] });
    expect(file).toMatchObject({
      title: "A described clip",
      chapters: ["First", "Advert", "Last"],
      covers: 1,
    });
    const plain = await bring("/described", {});
    expect(plain.file).toMatchObject({ title: null, chapters: [], covers: 0 });
  });

  test.concurrent("the cover of sound alone is its picture", async () => {
    const { video } = await bring("/described", { preset: "m4a", embed: ["thumbnail"] });
    expect(video.thumbnails.map(({ n }) => n)).toEqual([2]);
    const picture = await app.request(video.thumbnails[0]?.url ?? "", { as: user });
    expect(picture.headers.get("content-type")).toBe("image/jpeg");
  });

  test.concurrent("what the site doesn't give of it, or keeps inside, doesn't cost the video", async () => {
    const { video, file } = await bring("/broken-extras", {
      subtitles: ["en"],
      embed: ["thumbnail", "metadata"],
    });
    expect([video.state, file.picture, file.subtitles.length, file.covers]).toEqual([
      "READY",
      "h264 240",
      0,
      0,
    ]);
    expect(site.inner.connections()).toBe(0);
  });
});

describe("a part of a video", () => {
  // Keyframes are two seconds apart.
  test.concurrent.each([
    [{ clip_from: 4, clip_to: 8 }, 4],
    [{ clip_from: 5 }, 7],
    [{ clip_to: 3 }, 3],
  ])("%j: about %d s", async (clip, seconds) => {
    const { video, file } = await bring("/described", clip);
    expect(file.seconds).toBeGreaterThanOrEqual(seconds - 0.3);
    expect(file.seconds).toBeLessThanOrEqual(seconds + 2);
    expect(video.duration_seconds).toBeCloseTo(file.seconds, 1);
  });

  test.concurrent("of picture and sound that come apart", async () => {
    const { file } = await bring("/qualities.mpd", { preset: "360p", clip_to: 1 });
    expect([file.picture, file.sound]).toEqual(["h264 360", "aac"]);
    expect(file.seconds).toBeLessThan(1.6);
  });

  test.concurrent("that begins behind its end is refused in words", async () => {
    const { error } = await inTurn(async () => finished(await start("/described", { clip_from: 100 })));
    expect(error).toMatchObject({ code: "invalid_input" });
  });

  test.concurrent("leads ffmpeg nowhere that yt-dlp may not go", async () => {
    const { error } = await inTurn(async () => finished(await start("/hls-inner.m3u8", { clip_to: 0.5 })));
    expect(error?.code).toBe("address_not_allowed");
    expect(site.inner.connections()).toBe(0);
  });
});

interface Download {
  state: string;
  video_id: string;
  error: { code: string; message: string } | null;
}

interface Video {
  state: string;
  mime: string;
  stream_url: string;
  video_codec: string | null;
  duration_seconds: number;
  thumbnails: { n: number; url: string }[];
}

const inTurn = semaphore(3);

async function bring(path: string, options: Record<string, unknown>) {
  const download = await inTurn(async () => finished(await start(path, options)));
  const { state, error, video_id: id } = download;
  expect([state, error]).toEqual(["done", null]);
  const video = await get<Video>(`/api/v1/videos/${id}`);
  const copy = join(folder, id);
  await Bun.write(copy, await app.request(`/videos/${id}/file`, { as: user }));
  return { video, file: await look(copy) };
}

async function start(path: string, options: Record<string, unknown>): Promise<string> {
  const body = json({ url: site.url(path), options });
  const response = await app.request("/api/v1/downloads", { ...body, as: user });
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

function finished(id: string): Promise<Download> {
  return until(async () => {
    const download = await get<Download>(`/api/v1/downloads/${id}`);
    return ["done", "failed", "cancelled"].includes(download.state) ? download : null;
  });
}

async function get<T>(path: string): Promise<T> {
  return (await app.request(path, { as: user })).json() as Promise<T>;
}

/** What ffprobe finds in a file. */
async function look(path: string) {
  const shown = ["-show_format", "-show_streams", "-show_chapters", "-of", "json"];
  const child = Bun.spawn(["ffprobe", "-v", "error", ...shown, path]);
  const { format, streams, chapters } = (await new Response(child.stdout).json()) as Probed;
  const isCover = ({ disposition }: Stream) => disposition?.attached_pic === 1;
  const picture = streams.find((stream) => stream.codec_type === "video" && !isCover(stream));
  return {
    container: format.format_name.includes("mp4") ? "mp4" : containerOf(format.format_name, path),
    picture: picture ? `${picture.codec_name} ${picture.height}` : "",
    sound: streams.find((stream) => stream.codec_type === "audio")?.codec_name,
    subtitles: streams
      .filter(({ codec_type: type }) => type === "subtitle")
      .map(({ tags }) => tags?.language),
    covers: streams.filter(isCover).length,
    chapters: chapters.map(({ tags }) => tags?.title),
    title: format.tags?.title ?? null,
    seconds: Number(format.duration),
  };
}

/** ffprobe has one name for both; the file's head tells them apart (RFC 8794, section 11.2.8). */
function containerOf(name: string, path: string): string {
  if (name !== "matroska,webm") return name;
  const head = Bun.spawnSync(["head", "-c", "64", path]).stdout;
  return head.includes("webm") ? "webm" : "matroska";
}

interface Probed {
  format: { format_name: string; duration: string; tags?: { title?: string } };
  streams: Stream[];
  chapters: { tags?: { title?: string } }[];
}

interface Stream {
  codec_type: string;
  codec_name: string;
  height?: number;
  disposition?: { attached_pic?: number };
  tags?: { language?: string };
}
