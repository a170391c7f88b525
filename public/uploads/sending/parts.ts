import type { PartLink } from "./put-part.ts";
import { crc32InBase64 } from "./crc32.ts";
import { putPart } from "./put-part.ts";
import type { Outcome, Sending } from "./way.ts";

/** Parts on their way at a time. */
const partsAtOnce = 3;

/** What the bucket has of an upload, and how large its parts are. */
export interface Stored {
  partBytes: number;
  parts: Set<number>;
}

/** Why a part did not go: what its upload comes to, or the bucket's status, 0 where it gave no answer. */
export type PartFailure = Outcome | { kind: "not-taken"; status: number };

/** Asks for the address of a part. */
export type AskForLink = (n: number, checksum: string) => Promise<PartLink | Outcome>;

/** Sends what is missing; null when all is there. The first failure stops the others. */
export async function sendParts(
  sending: Sending,
  stored: Stored,
  askForLink: AskForLink,
): Promise<PartFailure | null> {
  const { file, watcher } = sending;
  const stop = new AbortController();
  const signal = AbortSignal.any([sending.signal, stop.signal]);
  const all = partsOf(file.size, stored.partBytes);
  const missing = all.filter(({ n }) => !stored.parts.has(n));
  const onTheirWay = new Map<number, number>();
  const tell = () => watcher.sent(bytesOf(all, stored.parts) + sum(onTheirWay.values()));
  let failure: PartFailure | null = null;

  async function sendSome(): Promise<void> {
    for (let part = missing.shift(); part && !signal.aborted; part = missing.shift()) {
      const { n, start, end } = part;
      const sent = (bytes: number) => {
        onTheirWay.set(n, Math.min(bytes, end - start));
        tell();
      };
      const failed = await sendPart(n, file.slice(start, end), askForLink, sent, signal);
      onTheirWay.delete(n);
      if (failed) {
        failure ??= failed;
        return stop.abort();
      }
      stored.parts.add(n);
      watcher.accepted(bytesOf(all, stored.parts));
      tell();
    }
  }
  await Promise.all(Array.from({ length: partsAtOnce }, sendSome));
  return sending.signal.aborted ? { kind: "again" } : failure;
}

async function sendPart(
  n: number,
  piece: Blob,
  askForLink: AskForLink,
  sent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<PartFailure | null> {
  const checksum = await crc32InBase64(piece).catch(() => null);
  if (checksum === null) return { kind: "unreadable" };
  for (let isFirst = true; ; isFirst = false) {
    const link = await askForLink(n, checksum);
    if ("kind" in link) return link;
    const status = await putPart(link, piece, sent, signal);
    if (status === 200) return null;
    // An address is good for some minutes, and bytes can be garbled on the way: once more, by a new one.
    if (!isFirst || status < 400 || status >= 500) return { kind: "not-taken", status };
  }
}

interface Part {
  /** From 1. */
  n: number;
  start: number;
  end: number;
}

function partsOf(sizeBytes: number, partBytes: number): Part[] {
  return Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, i) => {
    const start = i * partBytes;
    return { n: i + 1, start, end: Math.min(start + partBytes, sizeBytes) };
  });
}

function bytesOf(all: readonly Part[], stored: ReadonlySet<number>): number {
  return sum(all.filter(({ n }) => stored.has(n)).map(({ start, end }) => end - start));
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const one of numbers) total += one;
  return total;
}
