import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureDuration, remux } from "../../src/exec/ffmpeg.ts";
import { probe, type Container, type MediaInfo } from "../../src/exec/ffprobe.ts";
import { planPlayable } from "../../src/exec/plan-playable.ts";
import type { Tools } from "../../src/exec/tools.ts";
import {
  bars,
  h264AndAac,
  makeClip,
  mp4Clip,
  privateMov,
  secretsOfMov,
  tone,
  turnClockwise,
} from "../fixtures/media.ts";

setDefaultTimeout(60_000);
const tools: Tools = { ffmpeg: "ffmpeg", ffprobe: "ffprobe", ytDlp: null, jsRuntime: null };
const folder = mkdtempSync(join(tmpdir(), "homereel-ffmpeg-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("what browsers play", () => {
  test.each([
    ["mp4", "h264", "aac", "as_it_is"],
    ["mp4", "h264", null, "as_it_is"],
    ["mp4", "av1", "opus", "as_it_is"],
    ["mp4", "vp9", "flac", "as_it_is"],
    ["mp4", "h264", "ac3", "transcode"],
    ["mp4", "hevc", "aac", "transcode"],
    ["webm", "vp9", "opus", "as_it_is"],
    ["webm", "vp8", "vorbis", "as_it_is"],
    ["matroska", "h264", "aac", "remux to mp4"],
    ["matroska", "av1", "opus", "remux to mp4"],
    ["matroska", "vp9", "vorbis", "remux to webm"],
    ["matroska", "vp8", "aac", "transcode"],
    ["matroska", "h264", "dts", "transcode"],
    ["mov", "h264", "aac", "remux to mp4"],
    ["mov", "prores", "pcm_s16le", "transcode"],
    ["mpegts", "h264", "aac", "remux to mp4"],
    ["flv", "h264", "mp3", "remux to mp4"],
    ["avi", "h264", "mp3", "remux to mp4"],
    ["avi", "mpeg4", "mp3", "transcode"],
    ["mpeg", "mpeg2video", "mp2", "transcode"],
    ["mp3", null, "mp3", "as_it_is"],
    ["mp4", null, "aac", "as_it_is"],
    ["matroska", null, "aac", "remux to mp4"],
    ["matroska", null, "vorbis", "remux to webm"],
    ["asf", null, "wmav2", "transcode"],
  ] as const)("%s with %s and %s: %s", (container, video, audio, expected) => {
    const plan = planPlayable(media(container, video, audio));
    expect(plan.action === "remux" ? `remux to ${plan.container}` : plan.action).toBe(expected);
  });

  test("not H.264 in ten bits or full colour", () => {
    const info = media("mp4", "h264", "aac");
    for (const pixelFormat of ["yuv420p10le", "yuv444p", "yuv422p"]) {
      const video = info.video && { ...info.video, pixelFormat };
      expect(planPlayable({ ...info, video }).action).toBe("transcode");
    }
  });
});

function media(container: Container, video: string | null, audio: string | null): MediaInfo {
  const shape = { width: 320, height: 180, fps: 25, pixelFormat: "yuv420p", profile: null, rotation: 0 };
  return {
    container,
    durationSeconds: 1,
    recordedAt: null,
    sizeBytes: 1,
    bitrate: null,
    video: video === null ? null : { codec: video, ...shape },
    audio: audio === null ? null : { codec: audio, channels: 2 },
    cover: null,
  };
}

describe("remuxing", () => {
  test.each([
    ["mkv", "mp4", h264AndAac()],
    ["ts", "mp4", h264AndAac()],
    ["avi", "mp4", h264AndAac()],
    ["flv", "mp4", h264AndAac()],
    ["mov", "mp4", h264AndAac()],
    ["mkv", "webm", [...bars(), ...tone(), "-c:v", "libvpx", "-b:v", "200k", "-c:a", "libopus"]],
  ] as const)("a .%s becomes an %s with the same packets", async (extension, container, args) => {
    const source = await makeClip(extension, ...args);
    expect(planPlayable(await probe({ tools }, source))).toMatchObject({ action: "remux" });
    const target = join(folder, `${extension}.${container}`);
    const seen: number[] = [];
    await remux({ tools }, source, target, container, { onProgress: (seconds) => seen.push(seconds) });
    const info = await probe({ tools }, target);
    expect(planPlayable(info).action).toBe("as_it_is");
    expect(Math.abs((info.durationSeconds ?? 0) - 2)).toBeLessThan(0.3);
    expect(seen.at(-1)).toBeGreaterThan(1.5);
    expect(await frameHashes(target)).toEqual(await frameHashes(source));
  });

  test("the table of contents stands before the pictures", async () => {
    const target = join(folder, "fast.mp4");
    await remux({ tools }, await makeClip("mkv", ...h264AndAac()), target, "mp4");
    const bytes = Buffer.from(await Bun.file(target).bytes());
    expect(bytes.indexOf("moov")).toBeLessThan(bytes.indexOf("mdat"));
  });

  test("a picture on its side stays upright", async () => {
    const turned = join(folder, "turned.mp4");
    turnClockwise(await mp4Clip(), 90, turned);
    const target = join(folder, "upright.mp4");
    await remux({ tools }, turned, target, "mp4");
    expect((await probe({ tools }, target)).video).toMatchObject({ rotation: 90, width: 180, height: 320 });
  });

  test("what the file says of its maker stays behind", async () => {
    const path = await privateMov();
    const target = join(folder, "clean.mp4");
    await remux({ tools }, path, target, "mp4");
    expect(readFileSync(path).includes("Secret")).toBe(true);
    for (const secret of secretsOfMov)
      expect([secret, readFileSync(target).includes(secret)]).toEqual([secret, false]);
  });

  test("a codec that does not fit is an error for a person, not another encoding", async () => {
    const work = remux({ tools }, await mp4Clip(), join(folder, "no.webm"), "webm");
    await expect(work).rejects.toMatchObject({ name: "AppError", code: "tool_failed" });
  });

  test("a playlist in disguise opens nothing", async () => {
    const path = join(folder, "disguised.mkv");
    await Bun.write(
      path,
      `#EXTM3U\n#EXTINF:2,\nfile://${await makeClip("ts", ...h264AndAac())}\n#EXT-X-ENDLIST\n`,
    );
    await expect(remux({ tools }, path, join(folder, "x.mp4"), "mp4")).rejects.toMatchObject({
      code: "tool_failed",
    });
  });

  test("an aborted run ends with the reason that its signal gives", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    const work = remux({ tools }, await mp4Clip(), join(folder, "a.mp4"), "mp4", { signal });
    await expect(work).rejects.toThrow("enough");
  });
});

test("a recording that does not say how long it is gets measured", async () => {
  const live = ["-c:v", "libvpx", "-b:v", "100k", "-f", "webm", "-live", "1"];
  const path = await makeClip("webm", ...bars({ seconds: 3 }), ...live);
  expect((await probe({ tools }, path)).durationSeconds).toBeNull();
  expect(await measureDuration({ tools }, path)).toBeCloseTo(3, 0);
});

/** What a decoder makes of it, frame by frame: the same for the same packets, whatever holds them. */
async function frameHashes(path: string): Promise<string[]> {
  const args = [
    "-v",
    "error",
    "-i",
    path,
    "-map",
    "0:v:0",
    "-f",
    "framehash",
    "-fps_mode",
    "passthrough",
    "-",
  ];
  const child = Bun.spawn(["ffmpeg", ...args], { stdin: "ignore", stderr: "ignore" });
  const lines = (await new Response(child.stdout).text()).trim().split("\n");
  const hashes = lines.filter((line) => !line.startsWith("#")).map((line) => line.split(",").at(-1) ?? "");
  expect(hashes.length).toBeGreaterThan(10);
  return hashes;
}
