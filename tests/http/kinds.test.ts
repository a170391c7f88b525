import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";
import type { Person } from "../fixtures/cast.ts";
import { jpegOf } from "../fixtures/jpeg.ts";
import { makeClip, tone, turnClockwise, x264 } from "../fixtures/media.ts";

setDefaultTimeout(60_000);

let app: TestApp;
let ben: Person;
const folder = mkdtempSync(join(tmpdir(), "homereel-kinds-"));
beforeAll(async () => {
  app = openTestApp();
  ben = await addPerson(app, "ben");
  await app.start();
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const seconds = 3;
const [width, height] = [320, 180];
const half = (colour: string) => `color=c=${colour}:s=${width / 2}x${height}:r=10:d=${seconds}`;
/** Red on the left, blue on the right. */
const halves = ["-f", "lavfi", "-i", `${half("red")}[l];${half("blue")}[r];[l][r]hstack`];
const hevc = [
  "-c:v",
  "libx265",
  "-preset",
  "ultrafast",
  "-x265-params",
  "log-level=none",
  "-pix_fmt",
  "yuv420p",
];

async function turnedMov(): Promise<string> {
  const path = join(folder, "turned.mov");
  const flat = await makeClip("mov", ...halves, ...tone(seconds), ...hevc, "-tag:v", "hvc1", "-c:a", "aac");
  turnClockwise(flat, 90, path);
  return path;
}

/** Two sounds and two subtitles, as a disc has them. */
async function manyTracks(): Promise<string> {
  const subtitles = join(tmpdir(), "homereel-media", "hello.srt");
  mkdirSync(join(subtitles, ".."), { recursive: true });
  writeFileSync(subtitles, "1\n00:00:00,500 --> 00:00:02,000\nHello\n");
  const inputs = [...halves, ...tone(seconds), ...tone(seconds), "-i", subtitles, "-i", subtitles];
  const maps = ["0:v", "1:a", "2:a", "3:s", "4:s"].flatMap((map) => ["-map", map]);
  return makeClip("mkv", ...inputs, ...maps, ...x264, "-c:a", "aac", "-c:s", "srt");
}

const vp9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"];
const av1 = ["-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-c:a", "aac"];
const asp = ["-c:v", "mpeg4", "-vtag", "XVID", "-q:v", "3", "-c:a", "libmp3lame"];

interface Kind {
  name: string;
  file: () => Promise<string>;
  codecs: [string, string];
  mime: string;
  /** Where the red half is, when it is shown upright. */
  red?: "left" | "above";
  unplayable?: RegExp;
}

const kinds: Kind[] = [
  {
    name: "MP4 with H.264",
    file: () => makeClip("mp4", ...halves, ...tone(seconds), ...x264, "-c:a", "aac"),
    codecs: ["h264", "aac"],
    mime: "video/mp4",
  },
  {
    name: "MOV with HEVC, held upright while it was recorded",
    file: turnedMov,
    codecs: ["hevc", "aac"],
    mime: "video/quicktime",
    red: "above",
    unplayable: /hevc/,
  },
  {
    name: "WebM with VP9",
    file: () => makeClip("webm", ...halves, ...tone(seconds), ...vp9),
    codecs: ["vp9", "opus"],
    mime: "video/webm",
  },
  {
    name: "AV1",
    file: () => makeClip("mp4", ...halves, ...tone(seconds), ...av1),
    codecs: ["av1", "aac"],
    mime: "video/mp4",
  },
  {
    name: "MKV with several tracks and subtitles",
    file: manyTracks,
    codecs: ["h264", "aac"],
    mime: "video/mp4",
  },
  {
    name: "AVI with MPEG-4 ASP and MP3",
    file: () => makeClip("avi", ...halves, ...tone(seconds), ...asp),
    codecs: ["mpeg4", "mp3"],
    mime: "video/x-msvideo",
    unplayable: /mpeg4/,
  },
];

test.each(kinds)("$name becomes ready, with its length, its size, and upright", async (kind) => {
  const path = await kind.file();
  const video = await send(path);
  const upright = kind.red === "above";
  expect(video).toMatchObject({
    state: "READY",
    size_bytes: readFileSync(path).length,
    width: upright ? height : width,
    height: upright ? width : height,
    video_codec: kind.codecs[0],
    audio_codec: kind.codecs[1],
    mime: kind.mime,
    unplayable_reason: kind.unplayable ? expect.stringMatching(kind.unplayable) : null,
  });
  expect(Math.abs((video.duration_seconds ?? 0) - seconds)).toBeLessThan(0.2);

  expect(video.thumbnails.map(({ n }) => n)).toEqual([1, 2, 3]);
  for (const url of [video.poster_url ?? "", ...video.thumbnails.map((one) => one.url)]) {
    const { colourAt } = await jpegOf(await bytesOf(url));
    // The middle of the picture: posters of upright videos have bars beside it.
    const [first, second] = upright
      ? [colourAt(0.5, 0.1), colourAt(0.5, 0.9)]
      : [colourAt(0.1, 0.5), colourAt(0.9, 0.5)];
    expect([url, first, second]).toEqual([url, "red", "blue"]);
  }
  const poster = await jpegOf(await bytesOf(video.poster_url ?? ""));
  expect(poster.size).toEqual([1280, 720]);
});

test("an MP3 with a cover becomes ready, and shows it", async () => {
  const cover = ["-f", "lavfi", "-i", "color=c=red:s=300x300:d=1:r=1"];
  const attached = [
    "-map",
    "0:a",
    "-map",
    "1:v",
    "-frames:v",
    "1",
    "-c:v",
    "mjpeg",
    "-disposition:v",
    "attached_pic",
  ];
  const path = await makeClip("mp3", ...tone(seconds), ...cover, ...attached, "-id3v2_version", "3");
  const video = await send(path);
  expect(video).toMatchObject({
    state: "READY",
    mime: "audio/mpeg",
    size_bytes: readFileSync(path).length,
    width: null,
    video_codec: null,
    audio_codec: "mp3",
    unplayable_reason: null,
  });
  expect(Math.abs((video.duration_seconds ?? 0) - seconds)).toBeLessThan(0.2);
  expect((await jpegOf(await bytesOf(video.poster_url ?? ""))).colourAt(0.5, 0.5)).toBe("red");
});

test("an M4A becomes ready, and lacks nothing for having no picture", async () => {
  const path = await makeClip("m4a", ...tone(seconds), "-c:a", "aac");
  const video = await send(path);
  expect(video).toMatchObject({
    state: "READY",
    mime: "audio/mp4",
    size_bytes: readFileSync(path).length,
    audio_codec: "aac",
    unplayable_reason: null,
    thumbnails: [],
    poster_url: null,
  });
  expect(Math.abs((video.duration_seconds ?? 0) - seconds)).toBeLessThan(0.2);
});

interface VideoJson {
  duration_seconds: number | null;
  poster_url: string | null;
  thumbnails: { n: number; url: string }[];
}

/** In one request, as a program does; the name says nothing of what it is. */
async function send(path: string): Promise<VideoJson> {
  const sent = await app.request("/api/v1/videos?filename=something.mp4", {
    method: "POST",
    body: await Bun.file(path).arrayBuffer(),
    as: ben.token,
  });
  const { id } = (await sent.json()) as { id: string };
  expect(sent.status).toBe(201);
  await app.idle();
  return (await (await app.request(`/api/v1/videos/${id}`, { as: ben.token })).json()) as VideoJson;
}

async function bytesOf(url: string): Promise<Uint8Array<ArrayBuffer>> {
  return (await app.request(url, { as: ben.token })).bytes();
}
