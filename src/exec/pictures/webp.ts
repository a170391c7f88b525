import { readOrientation } from "./exif.ts";
import { usefulProfile } from "./profile.ts";
import { boundParts, bufferOf, BrokenPicture, slice, upright } from "./sight.ts";
import type { Sight } from "./sight.ts";

interface Chunk {
  type: string;
  content: Buffer;
}

// Flags of the first byte of VP8X.
const hasProfile = 0x20;
const hasAlpha = 0x10;
const moves = 0x02;

const pictureTypes = new Set(["VP8 ", "VP8L", "ALPH"]);

/** A WebP, chunk by chunk (RFC 9649), rebuilt from those that are picture. */
export function sightWebp(bytes: Uint8Array): Sight {
  const chunks = readWebp(bytes);
  const find = (type: string) => chunks.find((chunk) => chunk.type === type)?.content;
  const exif = find("EXIF");
  const icc = find("ICCP");
  const profile = icc ? usefulProfile(icc) : null;
  const frames = chunks.filter(({ type }) => type === "ANMF").map(({ content }) => content);
  const [first] = frames;
  const orientation = exif && !first ? readOrientation(afterName(exif)) : 1;
  const still = first ? frameChunks(first) : onlyPicture(chunks);
  const movement = find("ANIM");
  const size = first ? sizeOf(chunks) : sizeOfStill(still);
  // What decoders make room for is the frame's own word.
  if (first && isLarger(sizeOfStill(still), size)) throw new BrokenPicture("a frame larger than its picture");
  const clean = first && movement ? writeMoving(size, movement, frames, profile) : writeStill(still, profile);
  return {
    kind: "webp",
    ...upright(orientation, size.width, size.height),
    orientation,
    frames: Math.max(1, frames.length),
    loops: first && movement ? movement.readUInt16LE(4) : 1,
    profile,
    clean,
    coded: writeStill(still, null),
    demuxer: "webp_pipe",
    tiles: null,
  };
}

/** The same still, as ffmpeg writes it, with a colour profile. */
export function withWebpProfile(bytes: Uint8Array, profile: Uint8Array): Uint8Array {
  const chunks = readWebp(bytes);
  const frames = chunks.filter(({ type }) => type === "ANMF").map(({ content }) => content);
  const movement = chunks.find(({ type }) => type === "ANIM")?.content;
  return movement
    ? writeMoving(sizeOf(chunks), movement, frames, profile)
    : writeStill(onlyPicture(chunks), profile);
}

function readWebp(bytes: Uint8Array): Chunk[] {
  const webp = bufferOf(bytes);
  return readChunks(slice(webp, 12, webp.readUInt32LE(4) - 4));
}

function readChunks(riff: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 0; at + 8 <= riff.length;) {
    boundParts(chunks.length);
    const length = riff.readUInt32LE(at + 4);
    chunks.push({ type: riff.toString("latin1", at, at + 4), content: slice(riff, at + 8, length) });
    at += 8 + length + (length % 2);
  }
  return chunks;
}

function onlyPicture(chunks: Chunk[]): Chunk[] {
  return chunks.filter(({ type }) => pictureTypes.has(type));
}

/** Behind its place, size, time and flags. */
function frameChunks(frame: Buffer): Chunk[] {
  return onlyPicture(readChunks(frame.subarray(16)));
}

function sizeOf(chunks: Chunk[]): { width: number; height: number } {
  const canvas = chunks.find(({ type }) => type === "VP8X")?.content;
  if (canvas) return { width: canvas.readUIntLE(4, 3) + 1, height: canvas.readUIntLE(7, 3) + 1 };
  return sizeOfStill(chunks);
}

/** Of a lossy picture (RFC 6386, 9.1) or a lossless one (RFC 9649, 3.4). */
function sizeOfStill(chunks: Chunk[]): { width: number; height: number } {
  const lossy = chunks.find(({ type }) => type === "VP8 ")?.content;
  if (lossy) return { width: lossy.readUInt16LE(6) & 0x3fff, height: lossy.readUInt16LE(8) & 0x3fff };
  const lossless = chunks.find(({ type }) => type === "VP8L")?.content;
  if (!lossless) throw new BrokenPicture("no picture");
  const bits = lossless.readUInt32LE(1);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

function isLarger(a: { width: number; height: number }, b: { width: number; height: number }): boolean {
  return a.width > b.width || a.height > b.height;
}

function writeStill(still: Chunk[], profile: Uint8Array | null): Uint8Array {
  const size = sizeOfStill(still);
  const alpha = still.some(({ type }) => type === "ALPH") || isTransparent(still);
  const needsHead = profile !== null || still.length > 1;
  const head = needsHead ? [canvasChunk(size, alpha ? hasAlpha : 0, profile)] : [];
  return writeWebp([...head, ...profileChunks(profile), ...still]);
}

/** A lossless picture says it with its size. */
function isTransparent(still: Chunk[]): boolean {
  const lossless = still.find(({ type }) => type === "VP8L")?.content;
  return lossless !== undefined && (lossless.readUInt32LE(1) & 0x10000000) !== 0;
}

function writeMoving(
  size: { width: number; height: number },
  movement: Buffer,
  frames: Buffer[],
  profile: Uint8Array | null,
): Uint8Array {
  const rebuilt = frames.map((frame) => {
    const content = Buffer.concat([slice(frame, 0, 16), ...frameChunks(frame).map(writeChunk)]);
    return { type: "ANMF", content };
  });
  const head = canvasChunk(size, moves | hasAlpha, profile);
  return writeWebp([
    head,
    ...profileChunks(profile),
    { type: "ANIM", content: slice(movement, 0, 6) },
    ...rebuilt,
  ]);
}

function canvasChunk(
  size: { width: number; height: number },
  flags: number,
  profile: Uint8Array | null,
): Chunk {
  const content = Buffer.alloc(10);
  content.writeUInt8(flags | (profile ? hasProfile : 0));
  content.writeUIntLE(size.width - 1, 4, 3);
  content.writeUIntLE(size.height - 1, 7, 3);
  return { type: "VP8X", content };
}

function profileChunks(profile: Uint8Array | null): Chunk[] {
  return profile ? [{ type: "ICCP", content: bufferOf(profile) }] : [];
}

function writeWebp(chunks: Chunk[]): Uint8Array {
  const body = Buffer.concat([Buffer.from("WEBP", "latin1"), ...chunks.map(writeChunk)]);
  const head = Buffer.from("RIFF\0\0\0\0", "latin1");
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

function writeChunk({ type, content }: Chunk): Buffer {
  const head = Buffer.from(`${type}\0\0\0\0`, "latin1");
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}

/** Some writers put the name before it that it has in JPEG. */
function afterName(exif: Buffer): Buffer {
  return exif.toString("latin1", 0, 6) === "Exif\0\0" ? exif.subarray(6) : exif;
}
