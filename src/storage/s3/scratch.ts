import { createWriteStream } from "node:fs";
import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { withWorkFolder } from "../../exec/work-folder.ts";
import { AppError } from "../../lib/errors.ts";
import { codeOf } from "../durable-write.ts";

// The database lives on the same disk and must still be able to write.
const headroomBytes = 64 * 1024 * 1024;

/** Lends a copy of `sizeBytes` bytes that `fetch` writes, in a folder of its own, and removes it whatever `use` does. */
export async function withScratchCopy<T>(
  { workRoot, sizeBytes, fetch }: { workRoot: string; sizeBytes: number; fetch(path: string): Promise<void> },
  use: (path: string) => Promise<T>,
): Promise<T> {
  await requireScratch(workRoot, sizeBytes);
  return withWorkFolder(workRoot, "s3-copy", async (folder) => {
    const path = join(folder, "original");
    await fetch(path);
    return use(path);
  });
}

/** Whether a copy of so many bytes has room. */
export async function requireScratch(workRoot: string, sizeBytes: number): Promise<void> {
  await mkdir(workRoot, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(workRoot);
  if (bavail * bsize < sizeBytes + headroomBytes) throw noRoom();
}

/** Writes a new file; `seen` is told of all that comes. */
export async function fillFile(
  path: string,
  bytes: ReadableStream<Uint8Array>,
  seen: (chunk: Uint8Array) => void,
  signal?: AbortSignal,
): Promise<void> {
  async function* telling(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      seen(chunk);
      yield chunk;
    }
  }
  try {
    await pipeline(
      Readable.fromWeb(bytes as unknown as NodeReadableStream<Uint8Array>),
      telling,
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
