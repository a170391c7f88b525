import { type FileHandle, open } from "node:fs/promises";
import { AppError } from "../lib/errors.ts";

const chunkBytes = 256 * 1024;

/**
 * Bytes `start` to `end` (inclusive, cut at the end of the file), or all, read as they are asked for. The
 * file is open from now until the stream ends or is cancelled: a replacement does not change what comes.
 */
export async function streamFile(
  path: string,
  range?: { start: number; end: number },
): Promise<ReadableStream<Uint8Array>> {
  const file = await open(path, "r");
  try {
    const { start, end } = await boundsOf(file, range);
    return streamHandle(file, start, end);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** `end` is exclusive from here on. */
async function boundsOf(file: FileHandle, range: { start: number; end: number } | undefined) {
  const stats = await file.stat();
  if (!stats.isFile()) throw new AppError("not_found", "There is no such file.");
  if (!range) return { start: 0, end: stats.size };
  if (range.start < 0 || range.start > range.end || range.start >= stats.size) {
    throw new RangeError(`bytes ${range.start}-${range.end} are not in a file of ${stats.size}`);
  }
  return { start: range.start, end: Math.min(range.end + 1, stats.size) };
}

function streamHandle(file: FileHandle, start: number, end: number): ReadableStream<Uint8Array> {
  let position = start;
  const source = {
    async pull(controller: ReadableStreamDefaultController<Uint8Array>) {
      try {
        const chunk = new Uint8Array(Math.min(chunkBytes, end - position));
        const { bytesRead } =
          chunk.length > 0 ? await file.read(chunk, 0, chunk.length, position) : { bytesRead: 0 };
        if (chunk.length > 0 && bytesRead === 0) throw new Error("the file was cut off while it was read");
        position += bytesRead;
        if (bytesRead > 0) controller.enqueue(chunk.subarray(0, bytesRead));
        if (position < end) return;
        await file.close();
        controller.close();
      } catch (error) {
        await file.close();
        controller.error(error);
      }
    },
    cancel: () => file.close(),
  };
  // Nothing is read before someone asks for it.
  return new ReadableStream(source, { highWaterMark: 0 });
}
