import { afterAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { probe } from "../../src/exec/ffprobe.ts";
import { takePictures, type Pictures } from "../../src/exec/thumbnails.ts";
import type { Tools } from "../../src/exec/tools.ts";
import { jpegOf } from "../fixtures/jpeg.ts";
import { bars, colourClip, makeClip, mp4Clip, tone, turnClockwise, x264 } from "../fixtures/media.ts";

setDefaultTimeout(60_000);
const tools: Tools = { ffmpeg: "ffmpeg", ffprobe: "ffprobe", ytDlp: null, jsRuntime: null };
const base = mkdtempSync(join(tmpdir(), "homereel-thumbs-"));
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(base, "100%d-"))));
afterAll(() => rmSync(base, { recursive: true, force: true }));

async function picturesOf(path: string): Promise<Pictures> {
  return takePictures({ tools }, path, await probe({ tools }, path), folder);
}

const all = ["1", "2", "3", "poster"];
const vp8 = ["-c:v", "libvpx", "-deadline", "realtime", "-b:v", "200k"];

describe("each picture comes from its place", () => {
  const long = { seconds: 150, fps: 2, keyframeSeconds: 2 };
  const short = { seconds: 10, fps: 5 };
  test.each([
    ["MP4, read from its tables", "mp4", long, []],
    ["MKV, by its keyframes", "mkv", long, []],
    ["WebM, by its keyframes", "webm", long, vp8],
    ["short MP4 with few keyframes, decoded up to it", "mp4", { ...short, keyframeSeconds: 9 }, []],
    ["short MKV with few keyframes, decoded up to it", "mkv", { ...short, keyframeSeconds: 9 }, []],
    ["MPEG-TS, whose time begins later", "ts", short, []],
    ["AVI", "avi", short, ["-c:v", "mpeg4"]],
    ["fragmented MP4", "mp4", short, [...x264, "-movflags", "+frag_keyframe+empty_moov"]],
    ["all keyframes", "mp4", { ...short, keyframeSeconds: 0.2 }, []],
    [
      "HEVC in MP4",
      "mp4",
      short,
      ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"],
    ],
    ["ten bits", "mp4", short, ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le"]],
  ])("%s", async (_name, extension, shape, codec) => {
    const { pictures, missing } = await picturesOf(await colourClip(extension, shape, ...codec));
    expect(missing).toBeNull();
    const seen = await Promise.all(pictures.map(async ({ name, path }) => [name, await colourOf(path)]));
    expect(Object.fromEntries(seen)).toEqual({ 1: "red", 2: "lime", 3: "blue", poster: "white" });
  });
});

test("an ordinary MP4 takes one ffmpeg for all four, whatever its turn", async () => {
  const source = await colourClip("mp4", { seconds: 150, fps: 2, keyframeSeconds: 2 });
  for (const degrees of [90, 180, 270] as const) {
    const turned = join(folder, "turned.mp4");
    turnClockwise(source, degrees, turned);
    const counting = await fakeFfmpeg('echo started >> calls; exec ffmpeg "$@"');
    const info = await probe({ tools }, turned);
    expect((await takePictures({ tools: counting }, turned, info, folder)).missing).toBeNull();
    expect(readFileSync(join(folder, "calls"), "utf8")).toBe("started\n");
    rmSync(join(folder, "calls"));
  }
});

describe("size and shape", () => {
  test.each([
    ["16:9", { width: 320, height: 180 }, [640, 360]],
    ["almost 16:9", { width: 1920, height: 1088 }, [640, 362]],
    ["4:3", { width: 240, height: 180 }, [640, 480]],
    ["a telephone's", { width: 180, height: 320 }, [640, 1138]],
    ["a strip", { width: 32, height: 320 }, [128, 1280]],
    ["tiny", { width: 16, height: 16 }, [640, 640]],
  ])("%s", async (_name, shape, size) => {
    const { pictures } = await picturesOf(await mp4Clip({ seconds: 1, ...shape }));
    expect(pictures.map((picture) => picture.name as string)).toEqual(all);
    for (const { name, path, width, height } of pictures) {
      expect([width, height]).toEqual(name === "poster" ? [1280, 720] : size);
      expect((await jpegOf(path)).size).toEqual([width, height]);
    }
  });

  test("odd numbers of pixels", async () => {
    const path = await makeClip("webm", ...bars({ seconds: 1, width: 321, height: 177 }), ...vp8);
    const { pictures } = await picturesOf(path);
    for (const { path: jpeg, width, height } of pictures)
      expect((await jpegOf(jpeg)).size).toEqual([width, height]);
    expect(pictures.length).toBe(4);
  });

  test.each([90, 180, 270] as const)("turned by %d degrees, whichever way takes it", async (degrees) => {
    const flat = join(folder, "flat.mp4");
    turnClockwise(await makeClip("mp4", ...halves, "-frames:v", "10", ...x264), degrees, flat);
    const upright = { 90: "red above", 180: "red right", 270: "red below" }[degrees];
    const { pictures } = await picturesOf(flat);
    expect(await sideOf(pictures[1]?.path ?? "")).toBe(upright);
    const other = join(folder, "other.mp4");
    turnClockwise(await makeClip("mp4", ...halves, "-frames:v", "10", "-c:v", "mpeg4"), degrees, other);
    expect(await sideOf((await picturesOf(other)).pictures[1]?.path ?? "")).toBe(upright);
  });

  test("a poster of another shape gets bars and keeps its own", async () => {
    const { pictures } = await picturesOf(await colourClip("mp4", { width: 180, height: 320, seconds: 2 }));
    const { colourAt } = await jpegOf(pictures.find(({ name }) => name === "poster")?.path ?? "");
    expect([colourAt(0.05, 0.5), colourAt(0.5, 0.5), colourAt(0.95, 0.5)]).toEqual([
      "black",
      "white",
      "black",
    ]);
  });
});

describe("what is hard to take", () => {
  test("a fifth of a second", async () => {
    const { pictures, missing } = await picturesOf(await mp4Clip({ seconds: 0.2 }));
    expect([pictures.length, missing]).toEqual([4, null]);
  });

  test("one single frame", async () => {
    const path = await makeClip("mkv", ...bars({ seconds: 1, fps: 1 }), "-frames:v", "1", ...x264);
    expect((await picturesOf(path)).pictures.length).toBe(4);
  });

  test("a recording that does not know its length shows its beginning", async () => {
    const live = ["-f", "webm", "-live", "1"];
    expect((await picturesOf(await makeClip("webm", ...bars(), ...vp8, ...live))).pictures.length).toBe(4);
  });

  test("a length that is a lie falls back to the first frame", async () => {
    const path = await mp4Clip();
    const info = { ...(await probe({ tools }, path)), durationSeconds: 5_000 };
    const mkv = await makeClip("mkv", ...bars(), ...x264);
    for (const file of [path, mkv]) {
      const { pictures, missing } = await takePictures({ tools }, file, info, folder);
      expect([pictures.length, missing]).toEqual([4, null]);
    }
  });

  test("music has none, and says why", async () => {
    const { pictures, missing } = await picturesOf(await makeClip("mp3", ...tone()));
    expect(pictures).toEqual([]);
    expect(missing).toContain("no moving picture");
  });

  test.each(["mp3", "m4a", "mkv"])("music in %s shows its cover", async (extension) => {
    const cover = await makeClip("png", ...bars({ seconds: 1, fps: 1, height: 320 }), "-frames:v", "1");
    const asCover = ["-map", "0", "-map", "1", "-disposition:v:0", "attached_pic", "-c:v", "copy"];
    const attach = ["-map", "0", "-attach", cover, "-metadata:s:t", "mimetype=image/png"];
    const how = extension === "mkv" ? attach : ["-i", cover, ...asCover];
    const { pictures, missing } = await picturesOf(await makeClip(extension, ...tone(), ...how));
    expect(missing).toBeNull();
    expect(pictures.map(({ name, width, height }) => `${name} ${width}×${height}`)).toEqual([
      "2 640×640",
      "poster 1280×720",
    ]);
  });

  test("pictures of an earlier run are not taken for new ones", async () => {
    for (const name of all)
      await Bun.write(join(folder, `${name}.jpg`), new Uint8Array([0xff, 0xd8, 0xff, 0xd9]));
    const failing = await fakeFfmpeg("echo cannot >&2; exit 1");
    const info = await probe({ tools }, await mp4Clip());
    const result = await takePictures({ tools: failing }, await mp4Clip(), info, folder);
    expect(result).toEqual({ pictures: [], missing: "no frame for 1, 2, 3, poster: cannot" });
    expect(readdirSync(folder).filter((name) => name.endsWith(".jpg"))).toEqual([]);
  });

  test("an ffmpeg that hangs is ended, one that is missing is named, an abort is told on", async () => {
    const path = await mp4Clip();
    const info = await probe({ tools }, path);
    const hanging = await fakeFfmpeg("sleep 60");
    const result = await takePictures({ tools: hanging }, path, info, folder, { deadlineMs: 200 });
    expect(result.missing).toContain("took too long");
    const nowhere = { ...tools, ffmpeg: "/nowhere/ffmpeg" };
    await expect(takePictures({ tools: nowhere }, path, info, folder)).rejects.toMatchObject({
      code: "tool_missing",
    });
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(takePictures({ tools }, path, info, folder, { signal })).rejects.toThrow("enough");
  });
});

async function fakeFfmpeg(script: string): Promise<Tools> {
  const path = join(folder, "fake-ffmpeg");
  await Bun.write(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return { ...tools, ffmpeg: path };
}

/** Left half red, right half blue. */
const halves = ["-f", "lavfi", "-i", "color=red:s=160x180:r=10,pad=320:180:0:0:blue"];

async function sideOf(path: string): Promise<string> {
  const { colourAt } = await jpegOf(path);
  const colours = [colourAt(0.1, 0.5), colourAt(0.9, 0.5), colourAt(0.5, 0.1), colourAt(0.5, 0.9)];
  const pairs = { left: [0, 1], right: [1, 0], above: [2, 3], below: [3, 2] } as const;
  const sides = Object.entries(pairs).filter(
    ([, [near, far]]) => colours[near] === "red" && colours[far] === "blue",
  );
  return `red ${sides.map(([side]) => side).join(" and ")}`;
}

async function colourOf(path: string): Promise<string> {
  return (await jpegOf(path)).colourAt(0.5, 0.5);
}
