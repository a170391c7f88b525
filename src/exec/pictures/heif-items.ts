import { findBox, findBoxes, listBoxes } from "../mp4-boxes.ts";
import { BrokenPicture, slice } from "./sight.ts";

export interface Item {
  id: number;
  /** Four letters: a codec, or "grid". */
  type: string;
}

/** What a HEIF file holds (ISO 14496-12, 8.11): pictures and what is known of each. */
export interface Items {
  primary: number;
  get(id: number): Item;
  data(item: Item): Buffer;
  /** What an item is put together from, in order. */
  partsOf(id: number): number[];
  property(item: Item, type: string): Buffer | null;
  properties(item: Item, type: string): Buffer[];
}

/** A list of a thousand tiles has a tenth of it. */
const mostListBytes = 1024 * 1024;

export function readItems(file: Buffer): Items {
  const meta = findBox(file, "meta")?.subarray(4);
  if (!meta || meta.length > mostListBytes) throw new BrokenPicture("no list of pictures");
  // Pieces can name the same bytes again and again: together they are no more than the file.
  let bytesLeft = file.length;
  const types = readTypes(needBox(meta, "iinf"));
  const places = readPlaces(needBox(meta, "iloc"));
  const properties = readProperties(needBox(meta, "iprp"));
  const parts = readParts(findBox(meta, "iref"));
  const inside = findBox(meta, "idat");
  const pitm = needBox(meta, "pitm");
  const propertiesOf = (item: Item, type: string) =>
    (properties.get(item.id) ?? []).filter((box) => box.type === type).map((box) => box.body);
  return {
    primary: pitm.readUInt8(0) === 0 ? pitm.readUInt16BE(4) : pitm.readUInt32BE(4),
    get(id) {
      const type = types.get(id);
      if (type === undefined) throw new BrokenPicture("a picture that is not there");
      return { id, type };
    },
    data({ id }) {
      const place = places.get(id);
      const source = place?.method === 0 ? file : place?.method === 1 ? inside : null;
      if (!place || !source) throw new BrokenPicture("a picture without a place");
      bytesLeft -= place.extents.reduce((sum, { length }) => sum + length, 0);
      if (bytesLeft < 0) throw new BrokenPicture("more bytes than there are");
      return Buffer.concat(place.extents.map(({ offset, length }) => slice(source, offset, length)));
    },
    partsOf: (id) => parts.get(id) ?? [],
    property: (item, type) => propertiesOf(item, type)[0] ?? null,
    properties: propertiesOf,
  };
}

function needBox(bytes: Buffer, type: string): Buffer {
  const box = findBox(bytes, type);
  if (!box) throw new BrokenPicture(`no ${type}`);
  return box;
}

function readTypes(iinf: Buffer): Map<number, string> {
  const types = new Map<number, string>();
  for (const entry of findBoxes(iinf.subarray(iinf.readUInt8(0) === 0 ? 6 : 8), "infe")) {
    const isWide = entry.readUInt8(0) > 2;
    const id = isWide ? entry.readUInt32BE(4) : entry.readUInt16BE(4);
    const at = isWide ? 10 : 8;
    types.set(id, entry.toString("latin1", at, at + 4));
  }
  return types;
}

interface Place {
  /** 0: in the file, 1: in the list itself. */
  method: number;
  extents: { offset: number; length: number }[];
}

function readPlaces(iloc: Buffer): Map<number, Place> {
  const version = iloc.readUInt8(0);
  const read = reader(iloc, 4);
  const [sizes, moreSizes] = [read(1), read(1)];
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 4, sizes & 15, moreSizes >> 4];
  // Extents that take no byte to write down could be any number.
  if (lengthBytes === 0) throw new BrokenPicture("extents without a length");
  const indexBytes = version === 0 ? 0 : moreSizes & 15;
  const places = new Map<number, Place>();
  for (let count = read(version < 2 ? 2 : 4); count > 0; count--) {
    const id = read(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : read(2) & 15;
    read(2);
    const base = read(baseBytes);
    const extents: Place["extents"] = [];
    for (let left = read(2); left > 0; left--) {
      read(indexBytes);
      const offset = base + read(offsetBytes);
      extents.push({ offset, length: read(lengthBytes) });
    }
    places.set(id, { method, extents });
  }
  return places;
}

interface Property {
  type: string;
  body: Buffer;
}

function readProperties(iprp: Buffer): Map<number, Property[]> {
  const all = [...listBoxes(needBox(iprp, "ipco"))];
  const properties = new Map<number, Property[]>();
  for (const ipma of findBoxes(iprp, "ipma")) {
    const isWide = (ipma.readUInt8(3) & 1) === 1;
    const read = reader(ipma, 4);
    for (let count = read(4); count > 0; count--) {
      const id = read(ipma.readUInt8(0) === 0 ? 2 : 4);
      const mine: Property[] = [];
      for (let left = read(1); left > 0; left--) {
        // The highest bit says that it must be understood.
        const index = isWide ? read(2) & 0x7fff : read(1) & 0x7f;
        const property = all[index - 1];
        if (property) mine.push(property);
      }
      properties.set(id, mine);
    }
  }
  return properties;
}

function readParts(iref: Buffer | null): Map<number, number[]> {
  const parts = new Map<number, number[]>();
  if (!iref) return parts;
  const idBytes = iref.readUInt8(0) === 0 ? 2 : 4;
  for (const reference of findBoxes(iref.subarray(4), "dimg")) {
    const read = reader(reference, 0);
    const from = read(idBytes);
    parts.set(
      from,
      Array.from({ length: read(2) }, () => read(idBytes)),
    );
  }
  return parts;
}

/** Reads numbers of so many bytes, one after the other; a RangeError behind the end. */
function reader(bytes: Buffer, start: number): (length: number) => number {
  let at = start;
  return (length) => {
    if (length === 0) return 0;
    at += length;
    if (length <= 6) return bytes.readUIntBE(at - length, length);
    return Number(bytes.readBigUInt64BE(at - 8));
  };
}
