import { AppError } from "../../lib/errors.ts";
import { sightGif } from "./gif.ts";
import { isHeif, sightHeif } from "./heif.ts";
import { sightJpeg } from "./jpeg.ts";
import { pngStart, sightPng } from "./png.ts";
import { bufferOf, BrokenPicture } from "./sight.ts";
import type { Sight } from "./sight.ts";
import { sightWebp } from "./webp.ts";

export interface PictureLimits {
  /** Millions of pixels of one frame. */
  megapixels: number;
}

/** So many times the pixels of the largest still may come one after the other in what moves, and so many frames. */
const movingFactor = 10;
const mostFrames = 3_000;

/**
 * Judges a picture by its bytes alone, before any decoder sees them. Throws `not_a_picture` for what is none of the
 * kinds that we take or is damaged, and `too_large` for more pixels than may be decoded.
 */
export function lookAtPicture(bytes: Uint8Array, limits: PictureLimits): Sight {
  const sight = readPicture(bytes);
  const { width, height, frames } = sight;
  const pixels = width * height;
  if (pixels > limits.megapixels * 1e6) throw tooManyPixels(pixels, limits.megapixels);
  if (frames > mostFrames || pixels * frames > movingFactor * limits.megapixels * 1e6) throw movesTooLong();
  return sight;
}

function readPicture(bytes: Uint8Array): Sight {
  if (bytes.length === 0) throw new AppError("not_a_picture", "The file is empty.");
  const read = readerOf(bytes);
  if (!read) throw noPicture();
  try {
    return read(bytes);
  } catch (cause) {
    if (cause instanceof BrokenPicture || cause instanceof RangeError) throw brokenPicture(cause);
    throw cause;
  }
}

function readerOf(bytes: Uint8Array): ((bytes: Uint8Array) => Sight) | null {
  const head = bufferOf(bytes);
  const text = head.toString("latin1", 0, 12);
  if (text.startsWith("\xff\xd8\xff")) return sightJpeg;
  if (head.subarray(0, pngStart.length).equals(pngStart)) return sightPng;
  if (/^GIF8[79]a/.test(text)) return sightGif;
  if (/^RIFF[^]{4}WEBP$/.test(text)) return sightWebp;
  return isHeif(bytes) ? sightHeif : null;
}

/** The root comes after a prolog, which is short. */
export const svgHeadBytes = 8192;

/** Where the text can be one, whatever is in it (SVG 2, section 5.1): it is never shown by us, and not changed. */
export function isSvg(bytes: Uint8Array): boolean {
  const head = bufferOf(bytes).toString("utf8", 0, svgHeadBytes);
  if (head.includes("\0")) return false;
  const prolog =
    /^\uFEFF?\s*(?:<\?xml[^>]*>\s*|<!--[^]*?-->\s*|<!DOCTYPE\s+svg[^>[]*(?:\[[^\]]*\]\s*)?>\s*)*/i;
  return /^<svg[\s/>]/i.test(head.replace(prolog, ""));
}

export function brokenPicture(cause?: unknown): AppError {
  return new AppError("not_a_picture", "The picture is damaged or incomplete.", {
    hint: "Open it in a program of yours, save it again, and send that.",
    cause,
  });
}

function noPicture(): AppError {
  return new AppError("not_a_picture", "This is not a picture that can be read.", {
    hint: "JPEG, PNG, GIF, WebP, AVIF and HEIC can. What counts is what is in the file, not its name.",
  });
}

function tooManyPixels(pixels: number, megapixels: number): AppError {
  const found = Math.ceil(pixels / 1e6);
  return new AppError("too_large", `The picture has ${found} megapixels.`, {
    hint: `At most ${megapixels} are taken: make it smaller.`,
  });
}

function movesTooLong(): AppError {
  return new AppError("too_large", "The animation is too long for its size.", {
    hint: "Make it shorter or smaller, or send it as a video.",
  });
}
