import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Room for the write-ahead log up to its first checkpoint, 1,000 pages, and some. */
const reserveBytes = 5_000_000;

/**
 * Puts space aside for the day on which the disk is full: without any, not even a deletion can be written
 * down. Where there is none left to put aside, that is left for later.
 */
export function keepReserve(dataDir: string): void {
  const path = reservePath(dataDir);
  if (statSync(path, { throwIfNoEntry: false })?.size === reserveBytes) return;
  try {
    // Of noise, as file systems that compress would keep nothing free for zeros.
    const noise = Buffer.alloc(reserveBytes);
    for (let at = 0; at < reserveBytes; at += 50_000) crypto.getRandomValues(noise.subarray(at, at + 50_000));
    writeFileSync(path, noise, { mode: 0o600 });
  } catch (error) {
    rmSync(path, { force: true });
    if (!/^(ENOSPC|EDQUOT)$/.test((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** Does what makes room, if need be with the space that was put aside for it. */
export function withReserve<T>(dataDir: string, makeRoom: () => T): T {
  try {
    return makeRoom();
  } catch (error) {
    if ((error as { code?: string }).code !== "SQLITE_FULL") throw error;
    rmSync(reservePath(dataDir), { force: true });
    return makeRoom();
  }
}

function reservePath(dataDir: string): string {
  return join(dataDir, "reserve");
}
