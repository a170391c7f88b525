import type { FileHandle } from "node:fs/promises";

/** The boxes of ISO 14496-12, section 4.2: a size that includes itself, four letters, a body. */
interface BoxHeader {
  type: string;
  headerBytes: number;
  /** Of header and body. */
  size: number;
}

const maxMovieBytes = 64 * 1024 * 1024;

/** The body of the movie box, wherever in the file it stands; null where there is none that could be read. */
export async function readMovieBox(handle: FileHandle): Promise<Buffer | null> {
  const head = Buffer.alloc(16);
  for (let at = 0; ;) {
    const { bytesRead } = await handle.read(head, 0, 16, at);
    const box = readHeader(head.subarray(0, bytesRead));
    if (box === null) return null;
    if (box.type === "moov") {
      const length = box.size - box.headerBytes;
      if (length > maxMovieBytes) return null;
      const body = Buffer.alloc(length);
      const read = await handle.read(body, 0, length, at + box.headerBytes);
      return read.bytesRead === length ? body : null;
    }
    at += box.size;
  }
}

/** The body of the first box of this type among those that follow each other in `bytes`. */
export function findBox(bytes: Buffer, type: string): Buffer | null {
  return findBoxes(bytes, type).next().value ?? null;
}

export function* findBoxes(bytes: Buffer, type: string): Generator<Buffer, undefined> {
  for (const box of listBoxes(bytes)) if (box.type === type) yield box.body;
}

export function* listBoxes(bytes: Buffer): Generator<{ type: string; body: Buffer }, undefined> {
  for (let at = 0; at < bytes.length;) {
    const box = readHeader(bytes.subarray(at));
    if (box === null) return;
    yield { type: box.type, body: bytes.subarray(at + box.headerBytes, at + box.size) };
    at += box.size;
  }
}

/** Null at the end, and where the size can't be true: a loop over it would not end. */
function readHeader(bytes: Buffer): BoxHeader | null {
  if (bytes.length < 8) return null;
  const type = bytes.toString("latin1", 4, 8);
  const size = bytes.readUInt32BE(0);
  if (size >= 8) return { type, headerBytes: 8, size };
  if (size !== 1 || bytes.length < 16) return null;
  const wideSize = Number(bytes.readBigUInt64BE(8));
  return wideSize >= 16 ? { type, headerBytes: 16, size: wideSize } : null;
}
