import { AppError } from "../../../lib/errors.ts";
import type { ArrivedPart, PartToCome } from "../../../storage/arrivals.ts";
import { partBytesFor } from "../../../lib/part-size.ts";

const leastPartBytes = 8 * 1024 * 1024;

/** What is to be known of an upload in parts. */
export interface InParts {
  sizeBytes: number;
  partBytes: number;
}

/** How large the parts of a file are: what is lost with a connection is a part at the most. */
export function planParts(sizeBytes: number): InParts {
  return { sizeBytes, partBytes: partBytesFor(sizeBytes, leastPartBytes) };
}

export function countOf({ sizeBytes, partBytes }: InParts): number {
  return Math.ceil(sizeBytes / partBytes);
}

/** All parts but the last are of one size. */
function sizeOfPart(upload: InParts, n: number): number {
  return n < countOf(upload) ? upload.partBytes : upload.sizeBytes - (n - 1) * upload.partBytes;
}

/** What may come as this part; `invalid_input` where the file has none of this number, or that is no checksum. */
export function checkPart(upload: InParts, { n, crc32 }: { n: number; crc32: string }): PartToCome {
  if (!Number.isInteger(n) || n < 1 || n > countOf(upload)) {
    const hint = `It has ${countOf(upload)} of ${upload.partBytes} bytes.`;
    throw new AppError("invalid_input", `This file has no part ${n}.`, { field: "parts", hint });
  }
  if (!/^[A-Za-z0-9+/]{5}[AQgw]==$/.test(crc32)) {
    const hint = "Send the four bytes of the part's CRC-32 in base64, the highest byte first.";
    throw new AppError("invalid_input", "This is no checksum.", { field: "parts", hint });
  }
  return { n, crc32, sizeBytes: sizeOfPart(upload, n) };
}

/** Those of what the bucket has that are as they have to be. */
export function soundParts(upload: InParts, parts: readonly ArrivedPart[]): ArrivedPart[] {
  return parts.filter(({ n, sizeBytes }) => n <= countOf(upload) && sizeBytes === sizeOfPart(upload, n));
}

/** Throws `conflict` unless all of it is there. */
export function requireAll(upload: InParts, parts: readonly ArrivedPart[]): void {
  const missing = countOf(upload) - soundParts(upload, parts).length;
  if (missing === 0) return;
  throw new AppError("conflict", "The file is not there in whole.", {
    hint: `${missing} of its ${countOf(upload)} parts are missing: send them first.`,
  });
}
