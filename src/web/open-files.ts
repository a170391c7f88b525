import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import type { Stats } from "node:fs";

interface OpenFile {
  fd: number;
  usedAt: number;
}

const mostOpen = 64;
const idleMs = 1000;
const open = new Map<string, OpenFile>();
let sweeping = false;

/**
 * A descriptor to read from until the end of the current synchronous code, and what the file is now; null
 * where no regular file is at this path. It stays open for a second or two: a player asks for many parts,
 * and opening takes as long as reading one. No longer, because a deleted file takes up space until then.
 */
export function openKept(path: string): { fd: number; stats: Stats } | null {
  const kept = open.get(path);
  if (kept) {
    const stats = fstatSync(kept.fd);
    // Without a name it was deleted, or another file was renamed to its path.
    if (stats.nlink > 0) {
      kept.usedAt = performance.now();
      return { fd: kept.fd, stats };
    }
    close(path, kept);
  }
  return openAnew(path);
}

function openAnew(path: string): { fd: number; stats: Stats } | null {
  // Before it is opened: opening a pipe would wait for its writer.
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return null;
  const fd = openUnlessGone(path);
  if (fd === null) return null;
  const [oldest] = open;
  if (oldest && open.size >= mostOpen) close(...oldest);
  open.set(path, { fd, usedAt: performance.now() });
  sweepLater();
  return { fd, stats: fstatSync(fd) };
}

function openUnlessGone(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function sweepLater(): void {
  if (sweeping || open.size === 0) return;
  sweeping = true;
  setTimeout(() => {
    sweeping = false;
    const idleSince = performance.now() - idleMs;
    for (const [path, file] of open) if (file.usedAt <= idleSince) close(path, file);
    sweepLater();
  }, idleMs).unref();
}

function close(path: string, { fd }: OpenFile): void {
  open.delete(path);
  closeSync(fd);
}
