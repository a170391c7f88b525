import { closeSync, fdatasync, fstatSync, openSync } from "node:fs";
import { promisify } from "node:util";

const toDisk = promisify(fdatasync);

/** Less is left to the flush at the end, which takes a moment then. */
const leastBytes = 32_000_000;
const lookEveryMs = 25;

/**
 * Asks the disk to keep what is there of a file that grows, so that little is left to wait for at its end. Call what it
 * returns when no more comes: it resolves when a flush that is under way is over, and throws what the disk said of
 * any, since the disk says it only once.
 */
export function flushAlong(path: string, flush: (fd: number) => Promise<void> = toDisk): () => Promise<void> {
  const fd = openSync(path, "r");
  let flushedBytes = fstatSync(fd).size;
  let flushing: Promise<void> | null = null;
  const failures: unknown[] = [];
  const look = setInterval(() => {
    const { size } = fstatSync(fd);
    if (flushing !== null || size - flushedBytes < leastBytes) return;
    flushedBytes = size;
    flushing = flush(fd)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => (flushing = null));
  }, lookEveryMs);
  return async () => {
    clearInterval(look);
    await flushing;
    closeSync(fd);
    if (failures.length > 0) throw failures[0];
  };
}
