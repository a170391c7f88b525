/** What a picture's own bytes say of it, read without decoding: nothing of it is believed by name or claimed type. */
export interface Sight {
  kind: "jpeg" | "png" | "gif" | "webp" | "avif" | "heic";
  /** As it is shown: upright, in pixels. */
  width: number;
  height: number;
  /** How the stored picture is turned to show it upright (EXIF 2.32, "Orientation"): 1 to 8, 1 is not at all. */
  orientation: number;
  /** More than 1 moves. */
  frames: number;
  /** How often what moves plays; 0 is for ever. */
  loops: number;
  /** The colour profile (ICC.1) that it is to be shown by, where that is not sRGB. */
  profile: Uint8Array | null;
  /** The same picture in the same format without all that is no picture; null where that takes coding it anew. */
  clean: Uint8Array | null;
  /** What a decoder is given of it, and nothing else: of what moves in WebP, the first frame. */
  coded: Uint8Array;
  /** ffmpeg's name of what reads `coded`. */
  demuxer: string;
  /** Where it comes in pieces, as telephones store HEIC: so many of them, left to right and down. */
  tiles: { columns: number; rows: number; width: number; height: number } | null;
}

/** Bytes that break off or contradict themselves. */
export class BrokenPicture extends Error {
  override readonly name = "BrokenPicture";
}

/** Of segments, chunks and blocks: far more than any program writes, and few enough to be held. */
const mostParts = 100_000;

/** Where a file is nothing but tiny parts, which cost more than their bytes. */
export function boundParts(count: number): void {
  if (count > mostParts) throw new BrokenPicture("too many parts");
}

/** A Buffer over the same bytes: its readers throw a RangeError behind the end. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Like `subarray`, but what is not wholly there is an error. */
export function slice(bytes: Buffer, start: number, length: number): Buffer {
  if (start + length > bytes.length) throw new BrokenPicture("a part behind the end");
  return bytes.subarray(start, start + length);
}

/** Width and height of what is stored lying on its side. */
export function upright(orientation: number, width: number, height: number) {
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}
