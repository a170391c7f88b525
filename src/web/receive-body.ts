import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import type { Server } from "bun";
import { AppError } from "../lib/errors.ts";

/** A body on its way into a file. */
export interface Reception {
  /** All of it is in the file; throws what cut it short. */
  received: Promise<void>;
  /**
   * From here on nothing is written any more. Of a body that was cut that is after the answer: Bun hangs up
   * with it, and only then is the rest of the body gone.
   */
  settled: Promise<void>;
}

interface Rules {
  /** Bun's, for its own limit of time; tests have none. */
  server?: Server<unknown>;
  /** Beyond it not one byte is written: `too_large`. */
  mostBytes: number;
  /** Less than this per second, over half a minute, is cut: `took_too_long`. 0 means never. */
  bytesPerSecond: number;
  /** Cuts it with its reason. */
  signal?: AbortSignal;
}

/** Appends the body to a file, which is made where it is missing, and flushes nothing. */
export function receiveBody(request: Request, path: string, rules: Rules): Reception {
  const { mostBytes, signal } = rules;
  signal?.throwIfAborted();
  const announced = bodyLength(request);
  if (announced !== null && announced > mostBytes) throw tooLarge();
  // Bun's own limit cuts what is slow, and would cut it without a word.
  rules.server?.timeout(request, 0);
  const fd = openSync(path, "a", 0o600);
  const cut = Promise.withResolvers<never>();
  const stop = () => cut.reject(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const pace = watchPace(fd, rules.bytesPerSecond, cut.reject);
  const writing = write(request, fd, mostBytes);
  const settled = writing
    .catch(() => {})
    .finally(() => {
      clearInterval(pace);
      signal?.removeEventListener("abort", stop);
      closeSync(fd);
    });
  return { received: Promise.race([writing, cut.promise]), settled };
}

/** Null where the sender doesn't say. */
export function bodyLength({ headers, body }: Request): number | null {
  const length = headers.get("content-length");
  if (length !== null) return Number(length);
  return body === null ? 0 : null;
}

/**
 * Piece by piece. `Bun.write(Bun.file(fd), …)` would be a little quicker, but of a body that has arrived in whole
 * before it is called it writes up to some hundred kilobytes twice (Bun 1.4.5), as a request and as a stream.
 */
async function write({ body }: Request, fd: number, mostBytes: number): Promise<void> {
  if (body === null) return;
  let written = 0;
  for await (const chunk of body) {
    written += chunk.length;
    if (written > mostBytes) throw tooLarge();
    writeAll(fd, chunk);
  }
}

export function writeAll(fd: number, chunk: Uint8Array): void {
  for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done);
}

/** A test can make it shorter. */
const paceMs = () => Number(process.env.HOMEREEL_TEST_PACE_MS ?? 30_000);

export function watchPace(
  fd: number,
  bytesPerSecond: number,
  cut: (why: AppError) => void,
): NodeJS.Timeout | undefined {
  if (bytesPerSecond === 0) return undefined;
  const everyMs = paceMs();
  let before = fstatSync(fd).size;
  return setInterval(() => {
    const { size } = fstatSync(fd);
    if (size - before < (bytesPerSecond * everyMs) / 1000) cut(tooSlow());
    before = size;
  }, everyMs);
}

function tooSlow(): AppError {
  return new AppError("took_too_long", "The connection was too slow, and was cut.", {
    hint: "Try again where it is better: an upload goes on where it was.",
  });
}

function tooLarge(): AppError {
  return new AppError("too_large", "More was sent than was announced, or than may be sent.");
}
