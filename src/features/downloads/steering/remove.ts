import { withReserve } from "../../../db/reserve.ts";
import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import { discardVideo, wishesFor } from "../../videos/videos.ts";
import { deleteDownload } from "../queries.ts";
import { findOwn } from "./steer.ts";

/** Takes a download that failed or was cancelled off the list, and its video that never came off the shelf. */
export function removeDownload(
  deps: Pick<Deps, "config" | "db" | "events" | "now" | "queue">,
  user: User,
  id: string,
): void {
  const { config, db, events } = deps;
  const { download, state } = findOwn(deps, user, id);
  const { videoId, userId } = download;
  if (state !== "failed" && state !== "cancelled") {
    throw new AppError("conflict", "This download did not fail.", {
      hint: state === "done" ? "Delete its video instead." : "Cancel it first.",
    });
  }
  const wasPrivate = videoId !== null && wishesFor(deps, videoId).visibility === "private";
  withReserve(config.data.dir, () =>
    db.transaction(() => {
      if (videoId) discardVideo(deps, videoId);
      deleteDownload(db, id);
    }),
  );
  if (videoId) events.emit("video.deleted", { videoId, userId, wasPrivate });
  events.emit("queue.changed", { userId });
}
