import { existsSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Deps } from "../../../deps.ts";
import { distrustedFrom, relyOnArrived, workRoot } from "../arrived.ts";
import type { Upload } from "../queries.ts";

type Needs = Pick<Deps, "config">;

/** What the bucket does not have yet of an upload: a file whose name says at which byte it begins. */
export interface Tail {
  path: string;
  begin: number;
  sizeBytes: number;
}

/**
 * The tail of an upload, which may begin with bytes that the bucket has by now. Where a life ended between two of them, the
 * later one is it: it was made of the one before. Null where there is none.
 */
export function findTail(deps: Needs, { id, storedBytes }: Upload): Tail | null {
  const folder = join(workRoot(deps), id);
  if (!existsSync(folder)) return null;
  const begins = readdirSync(folder)
    .filter((name) => /^tail-\d+$/.test(name))
    .map((name) => Number(name.slice(5)));
  const begin = Math.max(...begins.filter((one) => one <= storedBytes));
  if (begin < 0) return null;
  const path = tailPath(deps, id, begin);
  return { path, begin, sizeBytes: statSync(path).size };
}

export function tailPath(deps: Needs, id: string, begin: number): string {
  return join(workRoot(deps), id, `tail-${begin}`);
}

/** How much of it has arrived, here or there. */
export function bytesThrough(deps: Needs, upload: Upload): number {
  const tail = findTail(deps, upload);
  return Math.max(upload.storedBytes, tail === null ? 0 : tail.begin + tail.sizeBytes);
}

/** Nothing that was never checked is sent on, so it is all in the tail. */
export function dropDistrustedTail(deps: Needs, upload: Upload): void {
  const offset = distrustedFrom(deps, upload.id);
  if (offset === null) return;
  const tail = findTail(deps, upload);
  if (tail && tail.begin + tail.sizeBytes > offset) truncateSync(tail.path, Math.max(0, offset - tail.begin));
  relyOnArrived(deps, upload.id);
}

/** Fills the buffer with what follows `start`, which counts from the begin of the upload. */
export async function readTail({ path, begin }: Tail, start: number, into: Buffer): Promise<void> {
  const file = await open(path);
  try {
    for (let done = 0; done < into.length;) {
      const { bytesRead } = await file.read(into, done, into.length - done, start - begin + done);
      if (bytesRead === 0) throw new Error("an upload's tail is shorter than it was");
      done += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/**
 * What the bucket has by now goes: a file that begins behind it takes the tail's place, in one step. Not while there is more of it
 * than a part, which goes on at once.
 */
export async function cutTail(deps: Needs, upload: Upload): Promise<void> {
  const tail = findTail(deps, upload);
  if (tail === null || tail.begin === upload.storedBytes) return;
  const restBytes = Math.max(0, tail.begin + tail.sizeBytes - upload.storedBytes);
  if (restBytes > (upload.partBytes ?? Infinity)) return;
  const rest = Buffer.allocUnsafe(restBytes);
  await readTail(tail, upload.storedBytes, rest);
  const path = tailPath(deps, upload.id, upload.storedBytes);
  await Bun.write(`${path}.new`, rest);
  renameSync(`${path}.new`, path);
  rmSync(tail.path);
}
