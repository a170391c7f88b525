import { statfsSync } from "node:fs";
import type { Deps } from "../../deps.ts";
import { AppError } from "../../lib/errors.ts";
import { hasRoom } from "./plan.ts";

/** Of the disk that downloads are made on. */
export function freeBytes({ config }: Pick<Deps, "config">): number {
  const { bavail, bsize } = statfsSync(config.data.dir);
  return bavail * bsize;
}

/** Before anything is written down that could not be done. */
export function requireRoom(deps: Pick<Deps, "config">): void {
  if (!hasRoom(freeBytes(deps), null)) throw storageFull();
}

export function storageFull(): AppError {
  return new AppError("storage_full", "There is not enough space left for this video.", {
    hint: "Delete something or make room, then try again.",
  });
}
