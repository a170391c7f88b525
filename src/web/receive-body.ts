import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import type { Server } from "bun";
import { AppError } from "../lib/errors.ts";
import { flushAlong } from "../storage/flush-along.ts";
import { storageFull } from "../storage/free-space.ts";
import { LocalFile } from "./local-file.ts";

export interface ReceivingRules {
  /** Bun's, for its own limit of time; tests have none. */
  server?: Server<unknown>;
  /** Less than this per second, over half a minute, is cut: `took_too_long`. 0 means never. */
  bytesPerSecond: number;
  /** Cuts it with its reason. */
  signal?: AbortSignal;
  /** Told of a write that goes on for a moment after it was cut: till then the file is its own. */
  lingers?(rest: Promise<void>): void;
}

/** How much may come, and what is said where it is more. */
export interface Allowance {
  mostBytes: number;
  exceeded(): AppError;
}

/**
 * Appends the body to a file, which is made where it is missing, and flushes nothing. Beyond the allowance not one
 * byte is written; of what is cut short stays what came before.
 */
export async function receiveBody(
  request: Request,
  path: string,
  allowance: Allowance,
  rules: ReceivingRules,
): Promise<void> {
  const length = bodyLength(request);
  if ((length ?? 0) > allowance.mostBytes) throw allowance.exceeded();
  if (length !== null && length >= leastForBun) return writeByBun(request, path, length, rules);
  const file = new LocalFile(path);
  let written = 0;
  try {
    await readBody(request, rules, (chunk) => {
      written += chunk.length;
      if (written > allowance.mostBytes) throw allowance.exceeded();
      file.write(chunk);
    });
  } finally {
    file.close();
  }
}

/** Of a smaller body that has arrived in whole before it is read, Bun 1.4.5 appends a part twice. */
const leastForBun = 4_000_000;

/** Past JavaScript: a third less work, and no piece waits in memory to be collected. */
async function writeByBun(
  request: Request,
  path: string,
  length: number,
  rules: ReceivingRules,
): Promise<void> {
  rules.signal?.throwIfAborted();
  const fd = openSync(path, "a", 0o600);
  const before = fstatSync(fd).size;
  const endFlushing = flushAlong(path);
  const { promise: isCut, reject: cut } = Promise.withResolvers<never>();
  const unwatch = watchBody(request, rules, () => fstatSync(fd).size - before, cut);
  const writing = Bun.write(Bun.file(fd), new Response(request.body));
  let isOver = false;
  const end = () => {
    isOver = true;
    closeSync(fd);
  };
  const over = writing.then(end, end);
  try {
    await Promise.race([writing.then(() => over), isCut]);
    if (statSync(path).size !== before + length) throw brokenOff();
  } catch (error) {
    endFlushing().catch(() => {});
    // Bun ends a write that was cut when it hangs up, which is with the answer.
    if (!isOver) rules.lingers?.(over);
    if (error instanceof DOMException && error.name === "AbortError") throw brokenOff();
    throw isFull(error) ? storageFull(error) : error;
  } finally {
    unwatch();
  }
  await endFlushing().catch((error: unknown) => {
    throw isFull(error) ? storageFull(error) : error;
  });
}

/** Null where the sender doesn't say. */
export function bodyLength({ headers, body }: Request): number | null {
  const length = headers.get("content-length");
  if (length !== null) return Number(length);
  return body === null ? 0 : null;
}

/** Hands over what comes, piece by piece. */
export async function readBody(
  request: Request,
  rules: ReceivingRules,
  take: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  if (request.body === null) return;
  rules.signal?.throwIfAborted();
  const reader = request.body.getReader();
  let seen = 0;
  let [isTaking, wasTaking] = [false, false];
  let why: unknown = null;
  // Not by a race of promises: one that lasts would hold on to each piece that it was raced with.
  const cut = (reason: unknown) => {
    why ??= reason;
    reader.cancel(reason).catch(() => {});
  };
  const countBytes = () => {
    const wasHeldUp = wasTaking;
    wasTaking = isTaking;
    return wasHeldUp ? null : seen;
  };
  const unwatch = watchBody(request, rules, countBytes, cut);
  try {
    for (;;) {
      const { value } = await reader.read();
      if (why !== null) throw why;
      if (!value) break;
      seen += value.length;
      const busy = take(value);
      if (!busy) continue;
      isTaking = wasTaking = true;
      await busy;
      isTaking = false;
      if (why !== null) throw why;
    }
    if (seen < (bodyLength(request) ?? 0)) throw brokenOff();
  } catch (error) {
    // Bun hangs up with the answer, where not all of the body was read.
    cut(error);
    throw isFull(error) ? storageFull(error) : error;
  } finally {
    unwatch();
  }
}

/** A test can make it shorter. */
const paceMs = () => Number(process.env.HOMEREEL_TEST_PACE_MS ?? 30_000);

/**
 * Cuts what is to come no further: somebody else says so, or it comes too slowly; `countBytes` gives null where we held it up
 * ourselves since it was asked last. Returns what ends the watch.
 */
function watchBody(
  request: Request,
  { server, bytesPerSecond, signal }: ReceivingRules,
  countBytes: () => number | null,
  cut: (why: unknown) => void,
): () => void {
  // Bun's own limit would cut what is slow too, but without a word.
  server?.timeout(request, 0);
  const stop = () => cut(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const everyMs = paceMs();
  let before: number | null = 0;
  const pace = setInterval(() => {
    const now = countBytes();
    const isSlow = now !== null && before !== null && now - before < (bytesPerSecond * everyMs) / 1000;
    if (isSlow) cut(tooSlow());
    before = now;
  }, everyMs);
  return () => {
    clearInterval(pace);
    signal?.removeEventListener("abort", stop);
  };
}

function isFull(error: unknown): boolean {
  return /^(ENOSPC|EDQUOT)$/.test(String((error as { code?: unknown } | null)?.code ?? ""));
}

function tooSlow(): AppError {
  return new AppError("took_too_long", "The connection was too slow, and was cut.", {
    hint: "Try again where it is better: an upload goes on where it was.",
  });
}

function brokenOff(): AppError {
  return new AppError("interrupted", "The connection broke off.", { hint: "Send it again." });
}
