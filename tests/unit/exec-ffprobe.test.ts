import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseProbe, probe } from "../../src/exec/ffprobe.ts";
import type { Tools } from "../../src/exec/tools.ts";
import { bars, h264AndAac, makeClip, mp4Clip, tone, turnClockwise, x264 } from "../fixtures/media.ts";

setDefaultTimeout(60_000);
const tools: Tools = { ffmpeg: "ffmpeg", ffprobe: "ffprobe", ytDlp: null, jsRuntime: null };
const folder = mkdtempSync(join(tmpdir(), "homereel-probe-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const infoOf = (path: string) => probe({ tools }, path);

describe("what a file is", () => {
  test("an MP4", async () => {
    const path = await mp4Clip({ seconds: 2, width: 320, height: 180, fps: 10 });
    expect(await infoOf(path)).toEqual({
      container: "mp4",
      durationSeconds: 2,
      recordedAt: null,
      sizeBytes: Bun.file(path).size,
      bitrate: expect.any(Number),
      video: {
        codec: "h264",
        profile: "Constrained Baseline",
        width: 320,
        height: 180,
        fps: 10,
        pixelFormat: "yuv420p",
        rotation: 0,
      },
      audio: { codec: "aac", channels: 1 },
      cover: null,
    });
  });

  const webm = ["-c:v", "libvpx", "-b:v", "200k", "-c:a", "libopus"];
  test.each([
    ["matroska", "mkv", h264AndAac(), "h264", "aac"],
    ["mov", "mov", h264AndAac(), "h264", "aac"],
    ["mpegts", "ts", h264AndAac(), "h264", "aac"],
    ["flv", "flv", h264AndAac(), "h264", "aac"],
    ["avi", "avi", h264AndAac(), "h264", "aac"],
    ["webm", "webm", [...bars(), ...tone(), ...webm], "vp8", "opus"],
    ["matroska", "mkv", [...bars(), ...tone(), ...webm], "vp8", "opus"],
    ["mpeg", "mpg", [...bars({ fps: 25 }), "-c:v", "mpeg2video"], "mpeg2video", undefined],
    ["asf", "wmv", [...bars(), "-c:v", "wmv2"], "wmv2", undefined],
    ["mp3", "mp3", tone(), undefined, "mp3"],
    ["ogg", "ogg", [...tone(), "-c:a", "libopus"], undefined, "opus"],
    ["wav", "wav", tone(), undefined, "pcm_s16le"],
    ["flac", "flac", tone(), undefined, "flac"],
  ])("%s as .%s", async (container, extension, args, video, audio) => {
    const info = await infoOf(await makeClip(extension, ...args));
    expect([info.container as string, info.video?.codec, info.audio?.codec]).toEqual([
      container,
      video,
      audio,
    ]);
    expect(Math.abs((info.durationSeconds ?? 0) - 2)).toBeLessThan(0.3);
  });

  test.each([90, 180, 270] as const)(
    "what a telephone recorded turned by %d degrees is measured upright",
    async (rotation) => {
      const path = join(folder, `turned-${rotation}.mp4`);
      turnClockwise(await mp4Clip({ width: 320, height: 180 }), rotation, path);
      const [width, height] = rotation === 180 ? [320, 180] : [180, 320];
      expect((await infoOf(path)).video).toMatchObject({ width, height, rotation });
    },
  );

  test("pixels that are not square are measured as they are shown", async () => {
    const path = await makeClip("mp4", ...bars({ width: 240, height: 180 }), ...x264, "-vf", "setsar=4/3");
    expect((await infoOf(path)).video).toMatchObject({ width: 320, height: 180 });
  });

  test("the cover of a piece of music is no video", async () => {
    const cover = await makeClip("png", ...bars({ seconds: 1, fps: 1 }), "-frames:v", "1");
    const disposition = ["-map", "0", "-map", "1", "-disposition:v:0", "attached_pic"];
    const path = await makeClip("mp3", ...tone(), "-i", cover, ...disposition, "-c:v", "copy");
    expect(await infoOf(path)).toMatchObject({
      video: null,
      cover: { codec: "png", width: 320, height: 180 },
      audio: { codec: "mp3" },
    });
  });

  test("a name is taken literally", async () => {
    const path = join(folder, "-i %d:subfile,,[x]*.mp4");
    copyFileSync(await mp4Clip(), path);
    expect((await infoOf(path)).container).toBe("mp4");
  });
});

describe("what is no video", () => {
  const playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n";
  test.each([
    ["nothing", ""],
    ["text", "Dear diary,\n".repeat(1000)],
    ["a playlist that reads a file of ours", playlist],
    ["a list for ffmpeg's concat", "ffconcat version 1.0\nfile /etc/passwd\n"],
    ["a DASH manifest", '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>'],
    ["a session description", "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"],
    ["a web page", "<!doctype html><title>404</title>"],
  ])("%s", async (_name, text) => {
    const path = join(folder, "disguised.mp4");
    await Bun.write(path, text);
    await expect(infoOf(path)).rejects.toMatchObject({ name: "AppError", code: "not_a_video" });
  });

  test("a playlist that points at a real video is refused all the same", async () => {
    const segment = await makeClip("ts", ...h264AndAac());
    const path = join(folder, "real.mp4");
    await Bun.write(path, playlist.replace("file:///etc/passwd", `file://${segment}`));
    await expect(infoOf(path)).rejects.toMatchObject({ code: "not_a_video" });
  });

  test("half an MP4, whose table of contents is at its end", async () => {
    const path = join(folder, "half.mp4");
    copyFileSync(await makeClip("mp4", ...h264AndAac()), path);
    truncateSync(path, Math.floor(Bun.file(path).size / 2));
    await expect(infoOf(path)).rejects.toMatchObject({ code: "not_a_video" });
  });

  test("a picture", async () => {
    const path = await makeClip("png", ...bars({ seconds: 1, fps: 1 }), "-frames:v", "1");
    await expect(infoOf(path)).rejects.toMatchObject({ code: "not_a_video" });
  });

  test("subtitles alone", () => {
    const json = { format: { format_name: "matroska,webm" }, streams: [{ codec_type: "subtitle" }] };
    expect(() => parseProbe(json, { sizeBytes: 1, isWebm: false })).toThrow("neither picture nor sound");
  });
});

test("a missing ffprobe is said to be missing, a missing file is our mistake", async () => {
  const nowhere: Tools = { ...tools, ffprobe: "/nowhere/ffprobe" };
  await expect(probe({ tools: nowhere }, await mp4Clip())).rejects.toMatchObject({ code: "tool_missing" });
  await expect(infoOf("/nowhere/video.mp4")).rejects.toMatchObject({ code: "ENOENT" });
});
