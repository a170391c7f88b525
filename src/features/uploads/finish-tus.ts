import type { Deps } from "../../deps.ts";
import { finishUpload, finishUploadLater } from "./finish.ts";
import { forgetRow } from "./forget.ts";
import { inletOf } from "./inlets.ts";
import { findUpload, receivingUploads } from "./queries.ts";
import type { Upload } from "./queries.ts";
import { finishThrough, finishThroughLater } from "./through/finish-through.ts";

/** All bytes of an upload are here, by whichever way: see `finishUpload`. */
export function finishTus(deps: Parameters<typeof finishThrough>[0], id: string): Promise<void> {
  return findUpload(deps.db, id)?.way === "through" ? finishThrough(deps, id) : finishUpload(deps, id);
}

export function finishTusLater(deps: Pick<Deps, "queue">, { id, way }: Pick<Upload, "id" | "way">): void {
  if (way === "through") finishThroughLater(deps, id);
  else finishUploadLater(deps, id);
}

/** At boot: what had arrived in whole when the last life ended; what came in one request is over with that. */
export function settleUploads(deps: Pick<Deps, "config" | "db" | "queue">): void {
  for (const upload of receivingUploads(deps.db)) {
    // Of what goes straight into the bucket, its sender says when it is complete.
    if (upload.way === "direct") continue;
    if (upload.way === "once") {
      deps.db.transaction(() => forgetRow(deps, upload));
      continue;
    }
    const inlet = inletOf(upload);
    inlet.dropDistrusted(deps, upload);
    if (inlet.offset(deps, upload) === upload.sizeBytes) finishTusLater(deps, upload);
  }
}
