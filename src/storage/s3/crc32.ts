import { crc32 } from "node:zlib";

/** As S3's headers have it: base64 of the four bytes, the highest first. */
export function crc32InBase64(bytes: Uint8Array): string {
  return bytesOfCrc(crc32(bytes)).toString("base64");
}

export function bytesOfCrc(crc: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes;
}
