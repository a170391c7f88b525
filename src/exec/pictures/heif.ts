import { findBox } from "../mp4-boxes.ts";
import { readItems } from "./heif-items.ts";
import type { Item, Items } from "./heif-items.ts";
import { usefulProfile } from "./profile.ts";
import { bufferOf, BrokenPicture, slice, upright } from "./sight.ts";
import type { Sight } from "./sight.ts";

/** Turned anticlockwise so many times (irot), then mirrored top to bottom or left to right (imir), as EXIF has it. */
const orientations = [
  { none: 1, topToBottom: 4, leftToRight: 2 },
  { none: 8, topToBottom: 5, leftToRight: 7 },
  { none: 3, topToBottom: 2, leftToRight: 4 },
  { none: 6, topToBottom: 7, leftToRight: 5 },
] as const;

/** A picture of the most pixels has half as many, of the usual 512×512. */
const mostTiles = 2048;
/** What decoders need to know before each. */
const mostConfigBytes = 16 * 1024;

const startCode = Buffer.from([0, 0, 0, 1]);
const temporalDelimiter = Buffer.from([0x12, 0]);

/**
 * AVIF and HEIC (ISO 23008-12): the main picture, or the tiles that it is put together from, as the bare stream of
 * its codec. So every ffmpeg reads it, also those before 7.0, which know nothing of HEIC; and nothing else that is in
 * the file reaches it. What moves is its still; transparency, which is a picture of its own, is left out.
 */
export function sightHeif(bytes: Uint8Array): Sight {
  const items = readItems(bufferOf(bytes));
  const main = items.get(items.primary);
  const isGrid = main.type === "grid";
  const ids = isGrid ? items.partsOf(main.id) : [main.id];
  if (ids.length > mostTiles) throw new BrokenPicture("too many tiles");
  const pieces = ids.map((id) => items.get(id));
  const [first] = pieces;
  if (!first || pieces.some(({ type }) => type !== first.type)) throw new BrokenPicture("no picture");
  const streamOf = codecs[first.type];
  if (!streamOf) throw new BrokenPicture(`a picture of the kind ${first.type}`);
  const size = sizeOf(items, main);
  const tiles = isGrid ? readGrid(items.data(main), items, pieces, size) : null;
  const coded = Buffer.concat(pieces.map((piece) => streamOf(items, piece)));
  const orientation = orientationOf(items, main);
  return {
    kind: first.type === "av01" ? "avif" : "heic",
    ...upright(orientation, size.width, size.height),
    orientation,
    frames: 1,
    loops: 1,
    profile: profileOf(items, main) ?? profileOf(items, first),
    clean: null,
    coded,
    demuxer: first.type === "av01" ? "obu" : "hevc",
    tiles,
  };
}

/** How the pieces of a codec become frames of one stream. */
const codecs: Record<string, (items: Items, piece: Item) => Buffer> = {
  av01: (items, piece) => av1Frame(items.property(piece, "av1C"), items.data(piece)),
  hvc1: (items, piece) => hevcFrame(items.property(piece, "hvcC"), items.data(piece)),
};

/** The parameters behind four bytes (AV1-ISOBMFF, 2.3.3), and the units as they are. */
function av1Frame(config: Buffer | null, sample: Buffer): Buffer {
  if (!config || config.length > mostConfigBytes) throw new BrokenPicture("no parameters");
  return Buffer.concat([temporalDelimiter, config.subarray(4), sample]);
}

/** Units behind their lengths become units behind start codes, the parameter sets first (ISO 14496-15, 8.3.3). */
function hevcFrame(config: Buffer | null, sample: Buffer): Buffer {
  if (!config || config.length > mostConfigBytes) throw new BrokenPicture("no parameters");
  const parts: Buffer[] = [];
  const add = (unit: Buffer) => void parts.push(startCode, unit);
  let at = 23;
  for (let arrays = config.readUInt8(22); arrays > 0; arrays--) {
    const count = config.readUInt16BE(at + 1);
    at += 3;
    for (let i = 0; i < count; i++) {
      const length = config.readUInt16BE(at);
      add(slice(config, at + 2, length));
      at += 2 + length;
    }
  }
  const lengthBytes = (config.readUInt8(21) & 3) + 1;
  for (let here = 0; here < sample.length;) {
    const length = sample.readUIntBE(here, lengthBytes);
    add(slice(sample, here + lengthBytes, length));
    here += lengthBytes + length;
  }
  return Buffer.concat(parts);
}

function sizeOf(items: Items, item: Item): { width: number; height: number } {
  const extent = items.property(item, "ispe");
  if (!extent) throw new BrokenPicture("no size");
  const [width, height] = [extent.readUInt32BE(4), extent.readUInt32BE(8)];
  if (width === 0 || height === 0) throw new BrokenPicture("no size");
  return { width, height };
}

function readGrid(
  grid: Buffer,
  items: Items,
  pieces: Item[],
  size: { width: number; height: number },
): NonNullable<Sight["tiles"]> {
  const [rows, columns] = [grid.readUInt8(2) + 1, grid.readUInt8(3) + 1];
  const sizes = pieces.map((piece) => sizeOf(items, piece));
  const { width, height } = sizes[0] ?? size;
  const areEqual = sizes.every((one) => one.width === width && one.height === height);
  // All of them are needed, and none beyond: the size that is told is then close to what is decoded.
  const fits = (tiles: number, length: number, all: number) =>
    tiles * length >= all && (tiles - 1) * length < all;
  const isWhole = areEqual && fits(columns, width, size.width) && fits(rows, height, size.height);
  if (!isWhole || pieces.length !== rows * columns) throw new BrokenPicture("tiles that don't fit");
  return { columns, rows, width, height };
}

function orientationOf(items: Items, item: Item): number {
  const turns = (items.property(item, "irot")?.readUInt8(0) ?? 0) & 3;
  const mirror = items.property(item, "imir");
  const turned = orientations[turns] ?? orientations[0];
  if (!mirror) return turned.none;
  return (mirror.readUInt8(0) & 1) === 0 ? turned.topToBottom : turned.leftToRight;
}

function profileOf(items: Items, item: Item): Uint8Array | null {
  const found = items
    .properties(item, "colr")
    .find((box) => /^(prof|rICC)$/.test(box.toString("latin1", 0, 4)));
  return found ? usefulProfile(found.subarray(4)) : null;
}

/** Whether these are the brands of such a file, of a codec that we read. */
export function isHeif(bytes: Uint8Array): boolean {
  const type = findBox(bufferOf(bytes).subarray(0, 4096), "ftyp");
  if (!type) return false;
  const brands = type.toString("latin1").match(/.{4}/gs) ?? [];
  return brands.some((brand) => /^(avif|avis|heic|heix|heim|heis|mif1)$/.test(brand));
}
