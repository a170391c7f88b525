import { readOrientation } from "./exif.ts";
import { usefulProfile } from "./profile.ts";
import { boundParts, bufferOf, BrokenPicture, slice, upright } from "./sight.ts";
import type { Sight } from "./sight.ts";

const exifStart = Buffer.from("Exif\0\0", "latin1");
const profileStart = Buffer.from("ICC_PROFILE\0", "latin1");
const adobeStart = Buffer.from("Adobe", "latin1");
const startOfImage = Buffer.from([0xff, 0xd8]);
const endOfImage = Buffer.from([0xff, 0xd9]);

/**
 * A JPEG from its first marker to its last (ITU-T T.81, annex B). Of the application's segments only what says how
 * the colours are coded is kept; what follows the picture, such as a second one, is not.
 */
export function sightJpeg(bytes: Uint8Array): Sight {
  const jpeg = bufferOf(bytes);
  const kept: Uint8Array[] = [startOfImage];
  const profile: Uint8Array[] = [];
  let orientation = 1;
  let size: { width: number; height: number } | null = null;
  for (let at = 2; ;) {
    boundParts(kept.length + profile.length);
    const marker = markerAt(jpeg, at);
    at = marker.end;
    if (marker.code === 0xd9) break;
    const segment = slice(jpeg, at, jpeg.readUInt16BE(at));
    const content = segment.subarray(2);
    at += segment.length;
    if (isFrame(marker.code)) size ??= { width: segment.readUInt16BE(5), height: segment.readUInt16BE(3) };
    if (startsWith(content, exifStart)) orientation = readOrientation(content.subarray(exifStart.length));
    if (startsWith(content, profileStart)) profile.push(content.subarray(profileStart.length + 2));
    if (isPicture(marker.code) || (marker.code === 0xee && startsWith(content, adobeStart)))
      kept.push(Buffer.from([0xff, marker.code]), segment);
    if (marker.code !== 0xda) continue;
    const end = endOfScan(jpeg, at);
    kept.push(jpeg.subarray(at, end));
    at = end;
  }
  if (!size || size.width === 0 || size.height === 0) throw new BrokenPicture("no size");
  const icc = usefulProfile(Buffer.concat(profile));
  const coded = Buffer.concat([...kept, endOfImage]);
  return {
    kind: "jpeg",
    ...upright(orientation, size.width, size.height),
    orientation,
    frames: 1,
    loops: 1,
    profile: icc,
    clean: icc ? withJpegProfile(coded, icc) : coded,
    // Without it: some versions of ffmpeg hand it on.
    coded,
    demuxer: "jpeg_pipe",
    tiles: null,
  };
}

/** The same JPEG, which has none, with a colour profile. */
export function withJpegProfile(jpeg: Uint8Array, profile: Uint8Array): Uint8Array {
  return Buffer.concat([startOfImage, profileSegment(profile), jpeg.subarray(2)]);
}

/** The only one (ICC.1:2022, B.4): longer profiles are not kept. */
function profileSegment(profile: Uint8Array): Uint8Array {
  const head = Buffer.from([0xff, 0xe2, 0, 0]);
  head.writeUInt16BE(2 + profileStart.length + 2 + profile.length, 2);
  return Buffer.concat([head, profileStart, Buffer.from([1, 1]), profile]);
}

/** 0xff may be repeated before the code. */
function markerAt(jpeg: Buffer, start: number): { code: number; end: number } {
  let at = start;
  if (jpeg.readUInt8(at) !== 0xff) throw new BrokenPicture("no marker where one should be");
  while (jpeg.readUInt8(at) === 0xff) at += 1;
  return { code: jpeg.readUInt8(at), end: at + 1 };
}

/** Where the coded picture is interrupted by a marker: not by a stuffed zero, and not by a restart. */
function endOfScan(jpeg: Buffer, start: number): number {
  for (let at = start; ; at += 2) {
    at = jpeg.indexOf(0xff, at);
    if (at < 0 || at + 1 >= jpeg.length) throw new BrokenPicture("it has no end");
    const next = jpeg.readUInt8(at + 1);
    if (next !== 0 && (next < 0xd0 || next > 0xd7)) return at;
  }
}

function isFrame(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);
}

/** Frames, tables, scans and restarts: all that decoding needs. */
function isPicture(code: number): boolean {
  return (code >= 0xc0 && code <= 0xcf) || [0xda, 0xdb, 0xdc, 0xdd].includes(code);
}

function startsWith(content: Buffer, start: Buffer): boolean {
  return content.subarray(0, start.length).equals(start);
}
