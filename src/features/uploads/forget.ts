import type { Deps } from "../../deps.ts";
import { removeWorkFolder } from "../../exec/work-folder.ts";
import { workRoot } from "./arrived.ts";
import { dropArrivalLater } from "./arriving/drop-arrival.ts";
import { takeArrivalJob } from "./jobs.ts";
import { deleteUpload } from "./queries.ts";
import type { Upload } from "./queries.ts";

type Needs = Pick<Deps, "config" | "db" | "queue">;

/** That it was there is forgotten; its bytes go, where it is not a video yet. */
export async function forget(deps: Needs, upload: Upload): Promise<void> {
  deps.db.transaction(() => forgetRow(deps, upload));
  if (upload.state === "receiving") await removeWorkFolder(workRoot(deps), upload.id);
}

/** As part of the caller's transaction; what lies in its work folder is to be cleared away after it. */
export function forgetRow(deps: Pick<Deps, "db" | "queue">, upload: Upload): void {
  deleteUpload(deps.db, upload.id);
  if (upload.state !== "receiving" || upload.way === "disk") return;
  deps.queue.cancel(takeArrivalJob, upload.id);
  dropArrivalLater(deps, upload);
}
