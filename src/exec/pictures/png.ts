import { readOrientation } from "./exif.ts";
import { usefulProfile } from "./profile.ts";
import { boundParts, bufferOf, BrokenPicture, slice, upright } from "./sight.ts";
import type { Sight } from "./sight.ts";

export const pngStart = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

const kept = new Set(["IHDR", "PLTE", "tRNS", "sRGB", "gAMA", "cHRM", "IDAT", "IEND"]);

/**
 * A PNG, chunk by chunk (PNG third edition, section 5). One that moves is the still that it is to programs which know
 * of nothing else. No decoder sees its compressed texts: they can be bombs.
 */
export function sightPng(bytes: Uint8Array): Sight {
  const png = bufferOf(bytes);
  const parts: Uint8Array[] = [pngStart];
  let orientation = 1;
  let profile: Uint8Array | null = null;
  let type = "";
  for (let at = pngStart.length; type !== "IEND";) {
    boundParts(parts.length);
    const length = png.readUInt32BE(at);
    type = png.toString("latin1", at + 4, at + 8);
    const chunk = slice(png, at, 12 + length);
    const content = chunk.subarray(8, -4);
    if (at === pngStart.length && type !== "IHDR") throw new BrokenPicture("no header");
    if (type === "eXIf") orientation = readOrientation(content);
    if (type === "iCCP") profile = inflateProfile(content);
    if (kept.has(type)) parts.push(chunk);
    at += chunk.length;
  }
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  if (width === 0 || height === 0) throw new BrokenPicture("no size");
  const coded = Buffer.concat(parts);
  return {
    kind: "png",
    ...upright(orientation, width, height),
    orientation,
    frames: 1,
    loops: 1,
    profile,
    clean: profile ? withProfile(coded, profile) : coded,
    coded,
    demuxer: "png_pipe",
    tiles: null,
  };
}

/** Loaded when it is used: all of Node's streams come with it. */
const zlib = () => process.getBuiltinModule("node:zlib");
const headerEnd = 33;

/** Written anew: what came may have a name of its own, and more behind its end. */
function withProfile(png: Buffer, profile: Uint8Array): Uint8Array {
  const content = Buffer.concat([Buffer.from("iCCPicc\0\0", "latin1"), zlib().deflateSync(profile)]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length - 4, 0);
  frame.writeUInt32BE(zlib().crc32(content), 4);
  const chunk = [frame.subarray(0, 4), content, frame.subarray(4)];
  return Buffer.concat([png.subarray(0, headerEnd), ...chunk, png.subarray(headerEnd)]);
}

/** A name, a zero, the method, and the profile compressed. */
function inflateProfile(content: Buffer): Uint8Array | null {
  try {
    const packed = content.subarray(content.indexOf(0) + 2);
    return usefulProfile(zlib().inflateSync(packed, { maxOutputLength: 64 * 1024 }));
  } catch {
    // Damaged, or far too long: then there is none.
    return null;
  }
}
