import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { lookAtPicture } from "../../src/exec/pictures/look.ts";
import { makeCover, makePictures } from "../../src/exec/pictures.ts";
import { heif } from "../fixtures/heif.ts";
import {
  colourProfile,
  cornersOf,
  decode,
  encode,
  exifBlock,
  fourCorners,
  hugePng,
  movingGif,
  movingWebp,
  pngChunk,
  secret,
  storedAs,
  toJpeg,
  toPng,
  toWebp,
  withChunk,
  withExif,
  withRiffChunk,
  withSegment,
} from "../fixtures/pictures.ts";
import type { Orientation } from "../fixtures/pictures.ts";

setDefaultTimeout(60_000);

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "homereel-pictures-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tools = {
  tools: {
    ffmpeg: process.env.HOMEREEL_TOOLS_FFMPEG || "ffmpeg",
    ffprobe: "ffprobe",
    ytDlp: null,
    jsRuntime: null,
  },
};
const upright = ["red", "lime", "blue", "white"];

function arrive(bytes: Uint8Array): { path: string; work: string } {
  const work = mkdtempSync(join(folder, "work-"));
  const path = join(folder, "arrived");
  writeFileSync(path, bytes);
  mkdirSync(work, { recursive: true });
  return { path, work };
}

function keep(bytes: Uint8Array, options: { widths?: number[]; megapixels?: number; quality?: number } = {}) {
  const { path, work } = arrive(bytes);
  const { widths = [], megapixels = 80, quality = 82 } = options;
  return makePictures(tools, path, work, { widths, megapixels, quality });
}

async function cornersOfKept(bytes: Uint8Array): Promise<{ size: string; corners: string[]; mime: string }> {
  const { image } = await keep(bytes);
  const { width, height, mime } = image;
  const kept = readFileSync(image.path);
  expect(kept.includes(secret)).toBe(false);
  return { size: `${width}x${height}`, corners: cornersOf(await decode(kept, width, height)), mime };
}

describe("a picture is kept upright and without what is private", () => {
  const orientations: Orientation[] = [1, 2, 3, 4, 5, 6, 7, 8];

  test.each(orientations)("a JPEG of orientation %d", async (orientation) => {
    const jpeg = withExif(await encode(storedAs(fourCorners(), orientation), ...toJpeg), orientation);
    expect(jpeg.includes(secret)).toBe(true);
    expect(await cornersOfKept(jpeg)).toMatchObject({ size: "96x64", corners: upright });
  });

  test.each(orientations)("a PNG of orientation %d", async (orientation) => {
    const png = await encode(storedAs(fourCorners(), orientation), ...toPng);
    expect(await cornersOfKept(withChunk(png, "eXIf", exifBlock(orientation)))).toMatchObject({
      size: "96x64",
      corners: upright,
    });
  });

  test("a WebP of orientation 6", async () => {
    const webp = await encode(storedAs(fourCorners(), 6), ...toWebp);
    const turned = withRiffChunk(webp, "EXIF", exifBlock(6));
    expect(await cornersOfKept(turned)).toMatchObject({ size: "96x64", corners: upright });
  });

  test.each(["hvc1", "av01"] as const)("HEIC and AVIF: %s", async (codec) => {
    const plain = await heif(fourCorners(), { codec, exif: exifBlock(6) });
    // The orientation in its EXIF is not to be followed: the file's own turn is.
    expect(await cornersOfKept(plain)).toMatchObject({ size: "96x64", corners: upright });
    const turned = await heif(storedAs(fourCorners(), 6), { codec, turns: 3 });
    expect(await cornersOfKept(turned)).toMatchObject({ size: "96x64", corners: upright });
    const mirrored = await heif(storedAs(fourCorners(), 5), { codec, turns: 1, mirror: 0 });
    expect(await cornersOfKept(mirrored)).toMatchObject({ size: "96x64", corners: upright });
  });

  test.each(["hvc1", "av01"] as const)("tiles are put together: %s", async (codec) => {
    const tiled = await heif(fourCorners(250, 190), { codec, tile: { width: 128, height: 128 } });
    expect(await cornersOfKept(tiled)).toMatchObject({ size: "250x190", corners: upright });
    const turned = await heif(storedAs(fourCorners(190, 250), 8), {
      codec,
      tile: { width: 128, height: 128 },
      turns: 1,
    });
    expect(await cornersOfKept(turned)).toMatchObject({ size: "190x250", corners: upright });
  });

  test("comments, XMP and what comes behind the end", async () => {
    const jpeg = await encode(fourCorners(), ...toJpeg);
    const chatty = withSegment(withSegment(jpeg, 0xfe, Buffer.from(secret)), 0xed, Buffer.from(secret));
    expect(await cornersOfKept(Buffer.concat([chatty, Buffer.from(secret)]))).toMatchObject({
      corners: upright,
    });
    const png = await encode(fourCorners(), ...toPng);
    const texts = withChunk(png, "tEXt", Buffer.from(`Comment\0${secret}`));
    expect(await cornersOfKept(Buffer.concat([texts, Buffer.from(secret)]))).toMatchObject({
      corners: upright,
    });
  });

  test("also in the smaller ones, and in a video's picture", async () => {
    const jpeg = withExif(await encode(storedAs(fourCorners(960, 640), 6), ...toJpeg), 6);
    const { smaller } = await keep(jpeg, { widths: [320, 640, 1280] });
    expect(smaller.map(({ width, height }) => `${width}x${height}`)).toEqual(["320x213", "640x427"]);
    for (const { path, width, height } of smaller) {
      const bytes = readFileSync(path);
      expect(bytes.includes(secret)).toBe(false);
      expect(cornersOf(await decode(bytes, width, height))).toEqual(upright);
    }
    const { path, work } = arrive(jpeg);
    const cover = await makeCover(tools, path, work, { megapixels: 80 });
    expect(cover).toMatchObject({ width: 1280, height: 720, mime: "image/jpeg" });
    expect(readFileSync(cover.path).includes(secret)).toBe(false);
    expect(cornersOf(await decode(readFileSync(cover.path), 1280, 720))).toEqual(upright);
  });
});

describe("the smaller of the two is kept", () => {
  test("a flat PNG stays one, and a photograph becomes WebP", async () => {
    const dots = Array.from({ length: 20_000 }, () => (Math.random() < 0.5 ? 0 : 255));
    const drawing = { width: 200, height: 100, rgb: Uint8Array.from(dots.flatMap((dot) => [dot, dot, dot])) };
    const png = await encode(drawing, ...toPng, "-pix_fmt", "monob");
    expect((await keep(png)).image.mime).toBe("image/png");
    const noise = { width: 200, height: 100, rgb: crypto.getRandomValues(new Uint8Array(60_000)) };
    expect((await keep(await encode(noise, ...toPng))).image.mime).toBe("image/webp");
    expect((await keep(await encode(noise, ...toJpeg))).image.mime).toBe("image/webp");
    const small = await encode(noise, "-q:v", "31", "-f", "image2pipe", "-c:v", "mjpeg");
    expect((await keep(small)).image.mime).toBe("image/jpeg");
  });

  test("what can be seen through stays so", async () => {
    const rgb = await encode(fourCorners(), ...toPng, "-vf", "format=rgba,colorchannelmixer=aa=0.5");
    const { image } = await keep(rgb);
    expect(readFileSync(image.path).includes("ALPH")).toBe(true);
  });

  test("a long panorama is made to fit into WebP", async () => {
    const panorama = { width: 20_000, height: 20, rgb: crypto.getRandomValues(new Uint8Array(1_200_000)) };
    expect((await keep(await encode(panorama, ...toJpeg))).image).toMatchObject({
      width: 16_383,
      height: 16,
    });
  });
});

describe("a colour profile that is not sRGB goes with the picture", () => {
  const jpegWith = async (profile: Buffer, ...codec: string[]) =>
    withSegment(
      await encode(fourCorners(200, 100), ...codec),
      0xe2,
      Buffer.concat([Buffer.from("ICC_PROFILE\0\x01\x01", "latin1"), profile]),
    );

  test("into WebP, into the original format, and into a video's picture", async () => {
    const wide = colourProfile("Display P3");
    const fine = await jpegWith(wide, "-qmin", "1", "-q:v", "1", "-f", "image2pipe", "-c:v", "mjpeg");
    const { image, smaller } = await keep(fine, { widths: [100], quality: 50 });
    expect([image.mime, image.sizeBytes]).toEqual(["image/webp", readFileSync(image.path).length]);
    for (const { path, width, height } of [image, ...smaller]) {
      const bytes = readFileSync(path);
      expect(lookAtPicture(bytes, { megapixels: 80 }).profile).toEqual(wide);
      expect(cornersOf(await decode(bytes, width, height))).toEqual(upright);
    }
    const { path, work } = arrive(fine);
    const cover = readFileSync((await makeCover(tools, path, work, { megapixels: 80 })).path);
    expect(lookAtPicture(cover, { megapixels: 80 }).profile).toEqual(wide);
    const plain = { width: 64, height: 64, rgb: new Uint8Array(64 * 64 * 3) };
    const png = withChunk(
      await encode(plain, ...toPng),
      "iCCP",
      Buffer.concat([Buffer.from("P3\0\0"), deflateSync(wide)]),
    );
    expect(lookAtPicture(png, { megapixels: 80 }).profile).toEqual(wide);
    const kept = readFileSync((await keep(png)).image.path);
    expect(lookAtPicture(kept, { megapixels: 80 }).profile).toEqual(wide);
  });

  test("and sRGB, one for printers, and a damaged one do not", async () => {
    const damaged = colourProfile("Display P3").fill(0, 36, 40);
    const huge = colourProfile("Display P3", "RGB ", 40_000);
    for (const profile of [
      colourProfile("sRGB IEC61966-2.1"),
      colourProfile("Coated", "CMYK"),
      damaged,
      huge,
    ]) {
      const sight = lookAtPicture(await jpegWith(profile, ...toJpeg), { megapixels: 80 });
      expect(sight.profile).toBeNull();
      expect(Buffer.from(sight.clean ?? []).includes("ICC_PROFILE")).toBe(false);
    }
  });
});

test("an ffmpeg that lacks a format is told from a picture that is damaged", async () => {
  const program = join(folder, "ffmpeg");
  writeFileSync(program, "#!/bin/sh\necho \"Unknown encoder 'libwebp'\" >&2\nexit 1\n", { mode: 0o755 });
  const { path, work } = arrive(await encode(fourCorners(), ...toPng));
  const lacking = { tools: { ...tools.tools, ffmpeg: program } };
  await expect(
    makePictures(lacking, path, work, { widths: [], megapixels: 80, quality: 82 }),
  ).rejects.toMatchObject({
    code: "tool_missing",
  });
});

describe("what moves", () => {
  test("a GIF becomes a moving WebP, or stays a GIF, without its comment", async () => {
    const gif = await movingGif(8, 320, 240);
    expect(lookAtPicture(gif, { megapixels: 80 })).toMatchObject({ frames: 8, loops: 0 });
    const { image, smaller } = await keep(gif, { widths: [160] });
    const kept = readFileSync(image.path);
    expect(kept.includes(secret)).toBe(false);
    expect(lookAtPicture(kept, { megapixels: 80 })).toMatchObject({ frames: 8, loops: 0, width: 320 });
    expect(lookAtPicture(readFileSync(smaller[0]?.path ?? ""), { megapixels: 80 }).frames).toBe(8);
  });

  test("a moving WebP stays as it is, without its XMP", async () => {
    const { image, smaller } = await keep(await movingWebp(6), { widths: [32] });
    expect(image).toMatchObject({ mime: "image/webp", width: 64, height: 48 });
    expect(readFileSync(image.path).includes(secret)).toBe(false);
    expect(lookAtPicture(readFileSync(image.path), { megapixels: 80 }).frames).toBe(6);
    expect(smaller).toEqual([]);
  });

  test("is refused where it goes on for too long", async () => {
    const gif = await movingGif(40, 320, 240);
    expect(() => lookAtPicture(gif, { megapixels: 0.1 })).toThrow("too long for its size");
    const one = gif.subarray(gif.indexOf("\x21\xf9\x04", 0, "latin1"), -1);
    const head = gif.subarray(0, gif.indexOf("\x21\xf9\x04", 0, "latin1"));
    const bomb = Buffer.concat([head, ...Array.from({ length: 100 }, () => one), Buffer.from([0x3b])]);
    expect(() => lookAtPicture(bomb, { megapixels: 80 })).toThrow("too long for its size");
  });
});

describe("what is refused, before anything is decoded", () => {
  test("a picture of too many pixels", () => {
    expect(() => lookAtPicture(hugePng(16_000, 16_000), { megapixels: 80 })).toThrow(
      "The picture has 256 megapixels.",
    );
    expect(() => lookAtPicture(hugePng(0x7fffffff, 0x7fffffff), { megapixels: 80 })).toThrow("megapixels");
  });

  test("nothing, text, HTML and mere beginnings", () => {
    const refuse = (text: string) =>
      expect(() => lookAtPicture(Buffer.from(text, "latin1"), { megapixels: 80 }));
    refuse("").toThrow("The file is empty.");
    refuse("#EXTM3U\nfile:///etc/passwd").toThrow("not a picture that can be read");
    refuse("<!doctype html><script>alert(1)</script>").toThrow("not a picture that can be read");
    refuse("\xff\xd8\xff").toThrow("damaged or incomplete");
    refuse("GIF89a/*").toThrow("damaged or incomplete");
    refuse("RIFF\0\0\0\0WEBPVP8 ").toThrow();
  });

  test("what breaks off, at whatever byte", async () => {
    const whole = [
      await encode(fourCorners(), ...toJpeg),
      await encode(fourCorners(), ...toPng),
      await encode(fourCorners(), ...toWebp),
      await heif(fourCorners(), { codec: "hvc1" }),
    ];
    for (const bytes of whole) {
      expect(lookAtPicture(bytes, { megapixels: 80 }).width).toBe(96);
      const cuts = Array.from({ length: 60 }, (_, i) => Math.floor((bytes.length * i) / 60));
      for (const cut of cuts)
        expect(() => lookAtPicture(bytes.subarray(0, cut), { megapixels: 80 })).toThrow(
          /empty|damaged|not a picture/,
        );
    }
  });

  test("nothing else than a refusal comes of changed bytes", async () => {
    const whole = [
      await encode(fourCorners(), ...toJpeg),
      await encode(fourCorners(), ...toPng),
      await movingGif(3),
      await movingWebp(3),
      await heif(fourCorners(250, 190), { codec: "hvc1", tile: { width: 128, height: 128 } }),
    ];
    for (const bytes of whole) {
      for (let i = 0; i < 400; i++) {
        const changed = Buffer.from(bytes);
        changed[(i * 7919) % Math.min(changed.length, 1500)] = (i * 31) % 256;
        try {
          lookAtPicture(changed, { megapixels: 80 });
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^(not_a_picture|too_large)$/);
        }
      }
    }
  });

  test("bombs of many small parts, and of pieces that are the same bytes again and again", async () => {
    const refuse = (bytes: Uint8Array) =>
      expect(() => lookAtPicture(bytes, { megapixels: 80 })).toThrow("damaged or incomplete");
    const gif = await movingGif(2);
    const blocks = Buffer.alloc(3_000_000, Buffer.from([0x21, 0xf9, 0]));
    refuse(Buffer.concat([gif.subarray(0, -1), blocks, gif.subarray(-1)]));
    const png = await encode(fourCorners(), ...toPng);
    const empty = Buffer.alloc(2_400_000, pngChunk("IDAT", new Uint8Array()));
    refuse(Buffer.concat([png.subarray(0, 33), empty, png.subarray(33)]));

    const tiled = await heif(fourCorners(250, 190), { codec: "hvc1", tile: { width: 128, height: 128 } });
    const places = tiled.indexOf("iloc") + 12;
    const same = Buffer.from(tiled);
    // Every tile is the whole file.
    for (let item = 0; item < 5; item++) {
      same.writeUInt32BE(0, places + 14 * item + 6);
      same.writeUInt32BE(tiled.length, places + 14 * item + 10);
    }
    refuse(same);
    const weightless = Buffer.from(tiled);
    weightless.writeUInt8(0, tiled.indexOf("iloc") + 8);
    refuse(weightless);
  });

  test("a picture with a right frame and nothing in it", async () => {
    await expect(keep(hugePng(100, 100))).rejects.toMatchObject({ code: "not_a_picture" });
    const jpeg = await encode(fourCorners(), ...toJpeg);
    await expect(keep(Buffer.concat([jpeg.subarray(0, 30), jpeg.subarray(-2)]))).rejects.toMatchObject({
      code: "not_a_picture",
    });
  });

  test("a text in a PNG that unpacks to far too much is not looked at", async () => {
    const bomb = Bun.deflateSync(new Uint8Array(200_000_000));
    const png = withChunk(
      await encode(fourCorners(), ...toPng),
      "iCCP",
      Buffer.concat([Buffer.from("x\0\0"), bomb]),
    );
    expect(lookAtPicture(png, { megapixels: 80 })).toMatchObject({ profile: null });
    expect(lookAtPicture(png, { megapixels: 80 }).coded.length).toBeLessThan(5_000);
  });
});
