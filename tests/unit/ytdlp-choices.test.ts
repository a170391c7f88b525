import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { choiceFor, listChoices } from "../../src/exec/ytdlp/choices.ts";
import type { FormatItem } from "../../src/exec/ytdlp/lines.ts";
import { type Preset, presets } from "../../src/lib/download-options.ts";

const unknown: FormatItem = {
  vcodec: null,
  acodec: null,
  width: null,
  height: null,
  ext: "mp4",
  protocol: "https",
  filesize: null,
  filesize_approx: null,
  abr: null,
  language_preference: null,
};
const picture = (height: number, more: Partial<FormatItem> = {}): FormatItem => ({
  ...unknown,
  vcodec: "avc1.640028",
  acodec: "none",
  width: (height * 16) / 9,
  height,
  filesize: height * 1000,
  ...more,
});
const sound = (acodec: string, ext: string, more: Partial<FormatItem> = {}): FormatItem => ({
  ...unknown,
  vcodec: "none",
  acodec,
  ext,
  filesize: 50,
  ...more,
});
const aac = sound("mp4a.40.2", "m4a");
const opus = sound("opus", "webm", { filesize: 40, abr: 160 });
const vp9 = { vcodec: "vp09.00.51.08", ext: "webm" };

const said = (formats: FormatItem[], delivery: "any" | "progressive" | "hls" = "any") =>
  listChoices(formats, delivery).map(
    ({ preset, height, container, sizeBytes }) => `${preset}: ${height} ${container} ${sizeBytes}`,
  );

describe("what each preset would bring", () => {
  test("of a large site: H.264 up to 1080 lines, VP9 above, AAC and Opus", () => {
    const formats = [
      aac,
      opus,
      picture(360),
      picture(720),
      picture(1080),
      picture(1080, vp9),
      picture(2160, vp9),
    ];
    expect(said(formats)).toEqual([
      "everywhere: 1080 mp4 1080050",
      "best: 2160 webm 2160040",
      "2160p: 2160 mkv 2160050",
      "1080p: 1080 mp4 1080050",
      "720p: 720 mp4 720050",
      "360p: 360 mp4 360050",
      "m4a: null m4a 50",
      "mp3: null mp3 null",
      "opus: null opus 40",
    ]);
  });

  test("of odd heights: those that there are, by the name of the next higher one", () => {
    const both = (height: number) => picture(height, { acodec: "mp4a.40.2" });
    expect(said([both(540), both(900)]).slice(0, 5)).toEqual([
      "everywhere: 900 mp4 900000",
      "best: 900 mp4 900000",
      "1080p: 900 mp4 900000",
      "720p: 540 mp4 540000",
      "m4a: null m4a null",
    ]);
  });

  test("an upright video is called by its shorter side", () => {
    const upright = picture(1920, { width: 1080, acodec: "mp4a.40.2" });
    const small = picture(1280, { width: 720, acodec: "mp4a.40.2" });
    expect(said([small, upright]).filter((line) => /^(1080|720)p/.test(line))).toEqual([
      "1080p: 1920 mp4 1920000",
      "720p: 1280 mp4 1280000",
    ]);
  });

  test("AV1 in an MP4 rather than VP9, which would have to be copied for browsers", () => {
    const av1 = picture(2160, { vcodec: "av01.0.12M.08", filesize: 7 });
    expect(said([aac, opus, picture(2160, vp9), av1])).toContain("2160p: 2160 mp4 57");
  });

  test("a way of delivery is preferred, and what no proxy carries is left out", () => {
    const plain = picture(480, { acodec: "mp4a.40.2", filesize: 1 });
    const pieces = picture(480, { acodec: "mp4a.40.2", protocol: "m3u8_native", filesize: 2 });
    const rtmp = picture(1080, { acodec: "mp4a.40.2", protocol: "rtmp", filesize: 3 });
    expect(said([plain, pieces, rtmp], "hls")[1]).toBe("best: 480 mp4 2");
    expect(said([plain, pieces, rtmp], "progressive")[1]).toBe("best: 480 mp4 1");
    expect(said([rtmp])).toEqual([]);
  });

  test("a site that says nothing of its one file", () => {
    expect(said([unknown])).toEqual([
      "everywhere: null mp4 null",
      "best: null mp4 null",
      "m4a: null mp4 null",
      "mp3: null mp3 null",
      "opus: null mp4 null",
    ]);
  });

  test("a quality that isn't there falls to the next lower one, else to the lowest", () => {
    const choices = listChoices([aac, picture(480), picture(1080)], "any");
    const heightFor = (preset: Preset) => choiceFor(choices, preset)?.height;
    expect(heightFor("2160p")).toBe(1080);
    expect(heightFor("720p")).toBe(480);
    expect(heightFor("360p")).toBe(480);
    expect(choiceFor([], "best")).toBeNull();
  });

  test("a site with sound alone", () => {
    const mp3 = sound("mp3", "mp3", { filesize: 9 });
    expect(said([mp3]).slice(-3)).toEqual(["m4a: null mp3 9", "mp3: null mp3 9", "opus: null mp3 9"]);
  });

  test("whatever a site lists, each preset is there once at most and nothing throws", () => {
    const format = fc.record({
      vcodec: fc.constantFrom(null, "none", "avc1", "vp9", "hev1", ""),
      acodec: fc.constantFrom(null, "none", "mp4a", "opus", "mp3", ""),
      width: fc.option(fc.nat(8192)),
      height: fc.option(fc.nat(8192)),
      ext: fc.constantFrom(null, "mp4", "webm", "m4a"),
      protocol: fc.constantFrom(null, "https", "m3u8", "rtmp"),
      filesize: fc.option(fc.nat()),
      filesize_approx: fc.option(fc.nat()),
      abr: fc.option(fc.nat()),
      language_preference: fc.option(fc.integer()),
    });
    fc.assert(
      fc.property(
        fc.array(format, { maxLength: 20 }),
        fc.constantFrom("any", "progressive", "hls"),
        (formats, delivery) => {
          const names = listChoices(formats, delivery).map(({ preset }) => preset);
          expect(names).toEqual(presets.filter((preset) => names.includes(preset)));
        },
      ),
    );
  });
});
