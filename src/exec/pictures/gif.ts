import { boundParts, bufferOf, BrokenPicture, slice } from "./sight.ts";
import type { Sight } from "./sight.ts";

const looping = new Set(["NETSCAPE2.0", "ANIMEXTS1.0"]);
const trailer = 0x3b;

/** A GIF, block by block (GIF89a). Kept are the frames, their times, and how often it plays: no comments, no XMP. */
export function sightGif(bytes: Uint8Array): Sight {
  const gif = bufferOf(bytes);
  const [width, height] = [gif.readUInt16LE(6), gif.readUInt16LE(8)];
  if (width === 0 || height === 0) throw new BrokenPicture("no size");
  let at = 13 + tableBytes(gif.readUInt8(10));
  const parts: Uint8Array[] = [slice(gif, 0, at)];
  let frames = 0;
  let loops = 1;
  // Many have lost their trailer, and play all the same.
  while (at < gif.length && gif[at] !== trailer) {
    boundParts(parts.length);
    const begin = at;
    const isFrame = gif.readUInt8(at) === 0x2c;
    if (isFrame) at += 10 + tableBytes(gif.readUInt8(at + 9)) + 1;
    else if (gif.readUInt8(at) === 0x21) at += 2;
    else throw new BrokenPicture("a block of no known kind");
    at = endOfBlocks(gif, at);
    const block = gif.subarray(begin, at);
    if (isFrame) frames += 1;
    const times = loopsOf(block);
    if (times !== null) loops = times;
    if (isFrame || block[1] === 0xf9 || times !== null) parts.push(block);
  }
  if (frames === 0) throw new BrokenPicture("no frame");
  const clean = Buffer.concat([...parts, Buffer.from([trailer])]);
  return {
    kind: "gif",
    width,
    height,
    orientation: 1,
    frames,
    loops,
    profile: null,
    clean,
    coded: clean,
    demuxer: "gif",
    tiles: null,
  };
}

/** Of a table of colours, by the byte that says whether there is one. */
function tableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** Each says how long it is; one of no length is the last. */
function endOfBlocks(gif: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = gif.readUInt8(at);
    at += 1 + length;
    if (length === 0) return at;
  }
}

/** How often it plays, if that is what this block says. */
function loopsOf(block: Buffer): number | null {
  if (block[0] !== 0x21 || block[1] !== 0xff) return null;
  if (!looping.has(block.toString("latin1", 3, 14)) || block[14] !== 3 || block.length !== 19) return null;
  const repeats = block.readUInt16LE(16);
  return repeats === 0 ? 0 : repeats + 1;
}
