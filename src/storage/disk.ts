import { mkdirSync } from "node:fs";
import { access, constants, copyFile, lstat, readdir, rm, rmdir, statfs, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError, isAppError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { codeOf, expectSize, ignore, moveDurably, syncPath, writeDurably } from "./durable-write.ts";
import { checkKey, checkPrefix, isKey } from "./keys.ts";
import type { Storage, StoredObject } from "./storage.ts";
import { streamFile } from "./stream-file.ts";

export interface DiskStorage extends Storage {
  readonly name: "disk";
  pathOf(key: string): string;
  /** Removes what was left by writers that were cut off, and says how many. Only at the start: nobody may be writing. */
  sweepIncoming(): Promise<number>;
}

/**
 * Files below one folder, named by their keys. They are written in `.incoming` of the same file system,
 * and renamed once they are complete and on the disk.
 */
export function openDiskStorage(rootFolder: string): DiskStorage {
  const root = resolve(rootFolder);
  const incoming = join(root, ".incoming");
  mkdirSync(incoming, { recursive: true });
  const pathOf = (key: string) => join(root, checkKey(key));

  /** Lets `write` make a new file, and moves it to its key; nothing stays behind if that fails. */
  async function replace(key: string, write: (path: string) => Promise<void>): Promise<void> {
    const target = pathOf(key);
    const temporary = join(incoming, newId());
    try {
      await write(temporary);
      await onDisk(moveDurably(temporary, target, root));
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
  }

  async function putFile(key: string, localPath: string, { keep = false } = {}): Promise<void> {
    const target = pathOf(key);
    const source = await lstat(localPath);
    // A link would let whoever made it choose a file of this machine.
    if (!source.isFile()) throw new Error(`${localPath} is not a regular file`);
    const copy = () => replace(key, (path) => onDisk(copyDurably(localPath, path, source.size)));
    if (keep) return copy();
    try {
      await syncPath(localPath);
      await moveDurably(localPath, target, root);
    } catch (error) {
      if (codeOf(error) !== "EXDEV") throw storageError(error);
      await copy();
      await unlink(localPath);
    }
  }

  async function remove(key: string): Promise<void> {
    let folder = dirname(pathOf(key));
    await onDisk(unlink(pathOf(key)).catch(ignore("ENOENT", "ENOTDIR")));
    while (folder !== root && (await removeIfEmpty(folder))) folder = dirname(folder);
    // Another deletion may have taken the folder by now, and has then synced the one above.
    await onDisk(syncPath(folder).catch(ignore("ENOENT", "ENOTDIR")));
  }

  async function sweepIncoming(): Promise<number> {
    const names = await onDisk(readdir(incoming));
    for (const name of names) await onDisk(rm(join(incoming, name), { recursive: true, force: true }));
    return names.length;
  }

  return {
    name: "disk",
    pathOf,
    putFile,
    put: (key, body) => replace(key, (path) => writeBody(path, body)),
    find: async (key) => findFile(pathOf(key), key),
    read: async (key, range) => onDisk(streamFile(pathOf(key), range).catch(missing)),
    delete: remove,
    list: (prefix) => listFiles(root, "", checkPrefix(prefix)),
    async withLocalFile(key, use) {
      if (!(await findFile(pathOf(key), key))) throw notFound();
      return use(pathOf(key));
    },
    // Its folder is on the same file system, and is written to first.
    check: () => onDisk(access(incoming, constants.R_OK | constants.W_OK)),
    async freeBytes() {
      const { bavail, bsize } = await onDisk(statfs(root));
      return bavail * bsize;
    },
    delivery: (key) => ({ way: "file", path: pathOf(key) }),
    sweepIncoming,
  };
}

async function copyDurably(from: string, to: string, sizeBytes: number): Promise<void> {
  await copyFile(from, to);
  await syncPath(to);
  await expectSize(to, sizeBytes);
}

/** What goes wrong in the body's own stream is not the storage's failure, and is thrown as it is. */
async function writeBody(path: string, body: Uint8Array | ReadableStream<Uint8Array>): Promise<void> {
  if (body instanceof Uint8Array) return onDisk(writeDurably(path, [body]));
  let ofSource: { error: unknown } | null = null;
  async function* chunks() {
    try {
      yield* body as ReadableStream<Uint8Array>;
    } catch (error) {
      ofSource = { error };
      throw error;
    }
  }
  try {
    await writeDurably(path, chunks());
  } catch (error) {
    throw ofSource ? error : storageError(error);
  }
}

async function findFile(path: string, key: string): Promise<StoredObject | null> {
  const stats = await onDisk(lstat(path).catch(ignore("ENOENT", "ENOTDIR")));
  // When it came here: moving it in kept the time at which its bytes were written, or that of the site it is from.
  return stats?.isFile() ? { key, sizeBytes: stats.size, modifiedAt: stats.ctime } : null;
}

/** Depth first, one folder's names in memory at a time. What is not named like a key is not ours. */
async function* listFiles(folder: string, above: string, prefix: string): AsyncGenerator<StoredObject> {
  const entries = (await onDisk(readdir(folder, { withFileTypes: true }).catch(ignore("ENOENT")))) ?? [];
  // A folder stands where its "name/" stands among the keys: "a-b/c" is before "a/c".
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).toSorted();
  for (const name of names) {
    const key = above + name;
    if (name.endsWith("/")) {
      const mayHold = key.startsWith(prefix) || prefix.startsWith(key);
      if (mayHold && isKey(key.slice(0, -1))) yield* listFiles(join(folder, name), key, prefix);
    } else if (key.startsWith(prefix) && isKey(key)) {
      const found = await findFile(join(folder, name), key);
      if (found) yield found;
    }
  }
}

async function removeIfEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    // ENOENT: another deletion was faster, and goes on with the folders above.
    if (["ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR"].includes(codeOf(error))) return false;
    throw storageError(error);
  }
}

async function onDisk<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw storageError(error);
  }
}

/** System errors become what a person can do something about; anything else is a bug and stays what it is. */
function storageError(error: unknown): unknown {
  const code = codeOf(error);
  if (isAppError(error) || !/^E[A-Z0-9]+$/.test(code)) return error;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new AppError("storage_full", "The storage is full.", {
      hint: "Delete something, or give the storage more space.",
      cause: error,
    });
  }
  return new AppError("storage_unreachable", "The storage can't be used right now.", {
    hint: "Check that its disk is mounted and may be written to.",
    cause: error,
  });
}

function missing(error: unknown): never {
  throw ["ENOENT", "ENOTDIR", "EISDIR"].includes(codeOf(error)) ? notFound() : error;
}

function notFound(): AppError {
  return new AppError("not_found", "There is no such file in the storage.");
}
