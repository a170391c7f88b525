import type { Deps } from "../../../deps.ts";
import { finishUpload, finishUploadLater } from "../finish.ts";
import { findUpload } from "../queries.ts";
import type { Upload } from "../queries.ts";
import { finishThrough, finishThroughLater } from "../through/finish-through.ts";

/** All bytes of an upload are here, by whichever way: see `finishUpload`. */
export function finishTus(deps: Parameters<typeof finishThrough>[0], id: string): Promise<void> {
  return findUpload(deps.db, id)?.way === "through" ? finishThrough(deps, id) : finishUpload(deps, id);
}

export function finishTusLater(deps: Pick<Deps, "queue">, { id, way }: Pick<Upload, "id" | "way">): void {
  if (way === "through") finishThroughLater(deps, id);
  else finishUploadLater(deps, id);
}
