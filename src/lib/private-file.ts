import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";

/** Writes a small file that only its owner may read, whole or not at all. */
export function writePrivateFile(path: string, bytes: Uint8Array): void {
  const draft = `${path}.new`;
  const fd = openSync(draft, "w", 0o600);
  try {
    writeSync(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(draft, path);
}
