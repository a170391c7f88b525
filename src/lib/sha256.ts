import { createReadStream } from "node:fs";

const chunkBytes = 1024 * 1024;

/** SHA-256 of a file in hex, a megabyte at a time, so that requests get their turn in between. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes, signal })) {
    hasher.update(chunk as Uint8Array);
  }
  return hasher.digest("hex");
}
