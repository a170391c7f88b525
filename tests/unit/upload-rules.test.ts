import { describe, expect, test } from "bun:test";
import { parseChecksum } from "../../src/features/uploads/tus/checksum.ts";
import { checkFilename, extensionOf, isPicture, titleOf } from "../../src/features/uploads/upload-rules.ts";
import { exactQuota, formatQuota, parseQuota } from "../../src/lib/quota.ts";

describe("the title of a file", () => {
  test.each([
    ["holiday.mp4", "holiday"],
    ["My holiday.final cut.mov", "My holiday.final cut"],
    ["my_great-video.webm", "my great-video"],
    ["my-great-video.webm", "my great video"],
    ["Spider-Man_trailer.mkv", "Spider-Man trailer"],
    ["the.long.way.home.mkv", "the long way home"],
    ["Version.1.2-final.mp4", "Version 1.2-final"],
    ["IMG_20240314-holiday.final.mp4", "2024-03-14 holiday final"],
    ["VID_20240314_153012.mp4", "2024-03-14 15:30"],
    ["PXL_20240314_153012345.mp4", "2024-03-14 15:30"],
    ["20240314_153012.mp4", "2024-03-14 15:30"],
    ["VID-20240314-WA0003.mp4", "2024-03-14 WA0003"],
    ["IMG_1234.MOV", "IMG 1234"],
    ["IMG_99999999.MOV", "IMG 99999999"],
    ["WhatsApp Video 2024-03-14 at 15.30.12.mp4", "WhatsApp Video 2024-03-14 at 15.30.12"],
    ["my_great-video (1).webm", "my great-video (1)"],
    ["the.long.way.home (1).mkv", "the long way home (1)"],
    ["VID_20240314_153012 (2).mp4", "2024-03-14 15:30 (2)"],
    ["recording", "recording"],
    [".mp4", "mp4"],
    ["___.mp4", "___.mp4"],
    ["Ausflug_nach_Köln.mp4", "Ausflug nach Köln"],
    ["日本の夏.mp4", "日本の夏"],
  ])("%s: %s", (filename, title) => expect(titleOf(filename)).toBe(title));
});

describe("the name of a file", () => {
  test("is kept as it is, but for what is no text", () => {
    expect(checkFilename("-rf ümläut 🎬.mp4")).toBe("-rf ümläut 🎬.mp4");
    expect(checkFilename("a\nb\u202Egnp.mp4")).toBe("a bgnp.mp4");
    expect(checkFilename("x".repeat(300)).length).toBe(255);
    expect(checkFilename(`${"x".repeat(300)}.mp4`)).toBe(`${"x".repeat(250)}….mp4`);
  });

  test.each(["", "   ", "\u0000", "../x.mp4", "/etc/passwd", String.raw`C:\x.mp4`, "a/b.mp4"])(
    "%p is none",
    (name) => expect(() => checkFilename(name)).toThrow(),
  );
});

test("a file is kept under the extension of what it is", () => {
  expect(extensionOf({ container: "matroska", video: {} })).toBe("mkv");
  expect(extensionOf({ container: "mp4", video: null })).toBe("m4a");
  expect(extensionOf({ container: "unheard-of", video: {} })).toBe("bin");
});

test("pictures are known by their first bytes", () => {
  const bytes = (text: string) => Buffer.from(text, "latin1");
  for (const head of [
    "\xff\xd8\xff\xe0",
    "\x89PNG\r\n\x1a\n",
    "GIF89a",
    "RIFF....WEBP",
    "....ftypavif",
    "....ftypheic",
  ])
    expect([head, isPicture(bytes(head))]).toEqual([head, true]);
  for (const head of ["", "....ftypisom", "RIFF....AVI ", "#EXTM3U"])
    expect([head, isPicture(bytes(head))]).toEqual([head, false]);
});

describe("a checksum", () => {
  test("is read", () => {
    expect(parseChecksum(null)).toBeNull();
    expect(parseChecksum("sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=")).toEqual({
      algorithm: "sha1",
      digest: "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
    });
  });

  test.each(["", "sha1", "md5 abcd", "sha256 not base64", "sha256 ???"])("%p is none", (header) =>
    expect(() => parseChecksum(header)).toThrow(),
  );
});

describe("how much space somebody has", () => {
  test.each([
    ["50 GB", 50_000_000_000],
    ["1234567", 1_234_567],
    ["none", 0],
    ["0", 0],
    ["default", null],
    ["", null],
    ["lots", undefined],
    ["-5", undefined],
  ])("%p", (text, quota) => expect(parseQuota(text)).toBe(quota as number));

  test("is written as it is read again", () => {
    for (const quota of [null, 0, 50_000_000_000, 1_234_567])
      expect(parseQuota(exactQuota(quota))).toBe(quota);
    expect(formatQuota(1_234_567)).toBe("1.2 MB");
  });
});
