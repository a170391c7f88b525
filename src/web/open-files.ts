import { closeSync, fstatSync, openSync, statSync } from "node:fs";

export interface OpenFile {
  fd: number;
  sizeBytes: number;
}

interface Kept extends OpenFile {
  etag: string;
  usedAt: number;
  checkedAt: number;
}

const mostOpen = 64;
const idleMs = 1000;
const checkMs = 100;
const open = new Map<string, Kept>();
let sweeping = false;

/**
 * A descriptor to read from until the end of the current synchronous code; null where no regular file is at
 * this path. `etag` says which content is meant: another one is another file, even at the same path. It stays
 * open for a second or two, because a player asks for many parts, and to open and look at the file takes half
 * as long as all else that a small one needs. No longer, because a deleted file takes up space until then.
 */
export function openKept(path: string, etag: string): OpenFile | null {
  const kept = open.get(path);
  const now = performance.now();
  if (!kept) return openAnew(path, etag, now);
  if (kept.etag !== etag) return reopen(path, kept, etag, now);
  kept.usedAt = now;
  if (now - kept.checkedAt < checkMs) return kept;
  kept.checkedAt = now;
  // Without a name it was deleted, or another file was renamed to its path.
  const { nlink, size } = fstatSync(kept.fd);
  if (nlink > 0 && size === kept.sizeBytes) return kept;
  return reopen(path, kept, etag, now);
}

function reopen(path: string, kept: Kept, etag: string, now: number): OpenFile | null {
  close(path, kept);
  return openAnew(path, etag, now);
}

function openAnew(path: string, etag: string, now: number): OpenFile | null {
  // Before it is opened: opening a pipe would wait for its writer.
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return null;
  const fd = openUnlessGone(path);
  if (fd === null) return null;
  const [oldest] = open;
  if (oldest && open.size >= mostOpen) close(...oldest);
  const kept = { fd, etag, sizeBytes: fstatSync(fd).size, usedAt: now, checkedAt: now };
  open.set(path, kept);
  sweepLater();
  return kept;
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

function close(path: string, { fd }: Kept): void {
  open.delete(path);
  closeSync(fd);
}
