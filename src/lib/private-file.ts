import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";

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

const keyBytes = 32;

/** A key that signs, made when it is first asked for. `without` says what becomes of those who hold what it signed. */
export function loadKey(path: string, without: string): Uint8Array {
  if (!existsSync(path)) writePrivateFile(path, crypto.getRandomValues(new Uint8Array(keyBytes)));
  const key = readFileSync(path);
  if (key.length >= keyBytes) return key;
  throw new Error(`${path} is shorter than ${keyBytes} bytes. Delete it: ${without}.`);
}
