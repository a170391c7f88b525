import { ffmpegStart } from "../ffmpeg.ts";
import { uprightFilters } from "./exif.ts";
import type { Sight } from "./sight.ts";
import { posterShape } from "../shots.ts";

/** WebP can't be larger (RFC 9649, section 2). */
const longestSide = 16_383;

/** One file to be made of a picture. */
export interface Print {
  /** In the folder that ffmpeg runs in. */
  file: string;
  width: number;
  height: number;
}

/** What is made of a picture: itself, and smaller ones for pages, of those widths that it is larger than. */
export function planPrints({ width, height }: Sight, widths: readonly number[]): [Print, ...Print[]] {
  const scale = Math.min(1, longestSide / Math.max(width, height));
  const print = (file: string, factor: number) => ({
    file,
    width: Math.max(1, Math.round(width * factor)),
    height: Math.max(1, Math.round(height * factor)),
  });
  const smaller = widths.filter((one) => one < width * scale);
  return [print("0.webp", scale), ...smaller.map((one) => print(`${one}.webp`, one / width))];
}

/** All prints by one run, which decodes once. `file` holds what `sight` calls `coded`. */
export function printArgs(file: string, sight: Sight, prints: readonly Print[], quality: number): string[] {
  const outputs = prints.flatMap(({ file: target, width, height }) => {
    const filters = [...sourceFilters(sight), `scale=${width}:${height}${forWebp(sight)}`];
    return ["-map", "0:v:0", "-vf", filters.join(","), ...webp(sight, quality), `file:${target}`];
  });
  return [...ffmpegStart, ...guardedPicture(file, sight), ...outputs];
}

/** Exactly 1280×720, as a poster is: a JPEG, and on black where it can be seen through. */
export function coverArgs(file: string, sight: Sight, target: string): string[] {
  const { filter } = posterShape(sight);
  const onBlack = ["format=gbrap", "premultiply=inplace=1", "format=gbrp"];
  const filters = [...sourceFilters(sight), ...onBlack, filter];
  const picked = ["-map", "0:v:0", "-vf", filters.join(",")];
  const jpeg = ["-frames:v", "1", "-q:v", "3", "-map_metadata", "-1", "-f", "image2", "-update", "1"];
  return [...ffmpegStart, ...guardedPicture(file, sight), ...picked, ...jpeg, target];
}

/**
 * The one demuxer that the bytes themselves asked for, and no more pixels than they spoke of: codecs round up to
 * blocks. Turning is done by us: whether ffmpeg does it depends on its version.
 */
function guardedPicture(file: string, { width, height, tiles, demuxer }: Sight): string[] {
  const frame = tiles ?? { width, height };
  const maxPixels = String((frame.width + 128) * (frame.height + 128));
  const limits = ["-protocol_whitelist", "file", "-max_pixels", maxPixels, "-noautorotate"];
  return [...limits, "-f", demuxer, "-i", `file:${file}`];
}

/** From what is decoded to the upright picture. */
function sourceFilters({ tiles, width, height, orientation }: Sight): string[] {
  const [across, down] = orientation >= 5 ? [height, width] : [width, height];
  const together = tiles ? [`tile=${tiles.columns}x${tiles.rows}`, `crop=${across}:${down}:0:0:exact=1`] : [];
  return [...together, ...uprightFilters(orientation)];
}

/** A JPEG's colours need only their range changed; of all others the encoder is told in full what they are. */
function forWebp({ kind }: Sight): string {
  return kind === "jpeg" ? ":out_range=tv,format=yuv420p" : ",format=bgra";
}

function webp({ kind, frames, loops }: Sight, quality: number): string[] {
  const codec =
    kind === "gif" && frames > 1
      ? ["-fps_mode", "passthrough", "-c:v", "libwebp_anim", "-loop", String(loops)]
      : ["-frames:v", "1", "-c:v", "libwebp"];
  return [...codec, "-quality", String(quality), "-map_metadata", "-1", "-f", "webp"];
}
