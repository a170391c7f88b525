import { lstat, mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { failpoint } from "../lib/failpoint.ts";

/**
 * Writes a new file and returns once its bytes are on the disk. Every write is awaited, since errors
 * of others would be lost, and the size is checked, since some file systems lie about space.
 */
export async function writeDurably(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  const file = await open(path, "wx");
  let written = 0;
  try {
    for await (const chunk of chunks) {
      for (let done = 0; done < chunk.length;) {
        done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
      }
      written += chunk.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await expectSize(path, written);
}

/** Throws EIO where a file is not as long as what was written to it. */
export async function expectSize(path: string, sizeBytes: number): Promise<void> {
  const { size } = await lstat(path);
  if (size === sizeBytes) return;
  throw Object.assign(new Error(`${size} of ${sizeBytes} bytes are in the file`), { code: "EIO" });
}

/**
 * Moves a file to a place below `root`, making folders on the way, and returns once the name is on the
 * disk too. `root` itself is never made: where it is missing, a disk is not mounted.
 */
export async function moveDurably(from: string, to: string, root: string): Promise<void> {
  await renameIntoFolder(from, to, root, 20);
  failpoint("disk-renamed");
  // All of them and not only the new ones: those may be of another writer, who has not synced them yet.
  for (let folder = dirname(to); ; folder = dirname(folder)) {
    await syncPath(folder);
    if (folder === root) return;
  }
}

/** A deletion of the last file beside it may take the folder away between the two steps. */
async function renameIntoFolder(from: string, to: string, root: string, tries: number): Promise<void> {
  await makeFolders(dirname(to), root);
  try {
    await rename(from, to);
  } catch (error) {
    const mayBeFolder = codeOf(error) === "ENOENT" && tries > 1;
    if (!mayBeFolder || !(await exists(from))) throw error;
    await renameIntoFolder(from, to, root, tries - 1);
  }
}

async function makeFolders(folder: string, root: string): Promise<void> {
  if (folder === root) return;
  try {
    await mkdir(folder);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return;
    if (codeOf(error) !== "ENOENT") throw error;
    await makeFolders(dirname(folder), root);
    await mkdir(folder).catch(ignore("EEXIST", "ENOENT"));
  }
}

/** Asks the disk to keep a file's bytes, or a folder's names. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code ?? "");
}

/** For `.catch()`: lets the named error codes pass as null. */
export function ignore(...codes: string[]) {
  return (error: unknown): null => {
    if (codes.includes(codeOf(error))) return null;
    throw error;
  };
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(ignore("ENOENT"))) !== null;
}
