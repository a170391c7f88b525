import { open } from "node:fs/promises";

const chunkBytes = 1024 * 1024;

/** SHA-256 of a file in hex. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hasher = await hashFile(path, "sha256", { signal });
  return hasher.digest("hex");
}

/**
 * Hashes a file from `start` on, a megabyte at a time, so that requests get their turn in between; always in the same
 * megabyte, which no garbage collector has to run after.
 */
export async function hashFile(
  path: string,
  algorithm: "sha1" | "sha256",
  { start = 0, signal }: { start?: number; signal?: AbortSignal | undefined } = {},
): Promise<Bun.CryptoHasher> {
  const hasher = new Bun.CryptoHasher(algorithm);
  const buffer = Buffer.allocUnsafe(chunkBytes);
  const file = await open(path);
  try {
    for (let at = start; ;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, chunkBytes, at);
      if (bytesRead === 0) return hasher;
      hasher.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}
