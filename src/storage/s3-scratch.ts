import { createWriteStream } from "node:fs";
import { mkdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { withWorkFolder } from "../exec/work-folder.ts";
import { AppError } from "../lib/errors.ts";
import { codeOf } from "./durable-write.ts";
import { unreachable } from "./s3-errors.ts";

// The database lives on the same disk and must still be able to write.
const headroomBytes = 64 * 1024 * 1024;

/** Lends a copy of `sizeBytes` bytes that `read` gives, in a folder of its own, and removes it whatever `use` does. */
export async function withScratchCopy<T>(
  {
    workRoot,
    sizeBytes,
    read,
  }: { workRoot: string; sizeBytes: number; read(): Promise<ReadableStream<Uint8Array>> },
  use: (path: string) => Promise<T>,
): Promise<T> {
  await requireScratch(workRoot, sizeBytes);
  return withWorkFolder(workRoot, "s3-copy", async (folder) => {
    const path = join(folder, "original");
    await fillFile(path, await read());
    // An answer that is short by its own word too ends like a whole one.
    const { size } = await stat(path);
    if (size !== sizeBytes) throw unreachable(new Error(`${size} of ${sizeBytes} bytes came`));
    return use(path);
  });
}

/** Whether a copy of so many bytes has room. */
export async function requireScratch(workRoot: string, sizeBytes: number): Promise<void> {
  await mkdir(workRoot, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(workRoot);
  if (bavail * bsize < sizeBytes + headroomBytes) throw noRoom();
}

/** Writes a new file. */
export async function fillFile(
  path: string,
  bytes: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await pipeline(
      Readable.fromWeb(bytes as unknown as NodeReadableStream<Uint8Array>),
      createWriteStream(path, { flags: "wx" }),
      { signal },
    );
  } catch (error) {
    throw codeOf(error) === "ENOSPC" ? noRoom(error) : error;
  }
}

function noRoom(cause?: unknown): AppError {
  return new AppError("storage_full", "There is no room for a copy to work on.", {
    hint: "The disk of the data folder is almost full: free some space there.",
    cause,
  });
}
