import { statfsSync } from "node:fs";
import type { Config } from "../config.ts";
import { AppError } from "../lib/errors.ts";

/** Bytes that stay free for the database and everything else. */
export const headroomBytes = 500_000_000;

/** Whether a file of this size may come; merging and remuxing need the space twice. */
export function hasRoom(freeBytes: number, expectedBytes: number | null): boolean {
  return freeBytes >= headroomBytes + 2 * (expectedBytes ?? 0);
}

/** How large a file may come. */
export function roomFor(freeBytes: number): number {
  return Math.max(0, Math.floor((freeBytes - headroomBytes) / 2));
}

/** Of the disk on which what comes in is worked on. */
export function freeBytes({ config }: { config: Pick<Config, "data"> }): number {
  const { bavail, bsize } = statfsSync(config.data.dir);
  return bavail * bsize;
}

/** Before anything is written down that could not be done. */
export function requireRoom(deps: { config: Pick<Config, "data"> }, expectedBytes: number | null): void {
  if (!hasRoom(freeBytes(deps), expectedBytes)) throw storageFull();
}

export function storageFull(cause?: unknown): AppError {
  return new AppError("storage_full", "There is not enough space left for this video.", {
    hint: "Delete something or make room, then try again.",
    cause,
  });
}
