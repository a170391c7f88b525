import type { User, Video } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { AppError } from "../../lib/errors.ts";
import { cleanText } from "../../lib/text.ts";
import { noteAudit } from "../accounts/accounts.ts";
import type { Arrival } from "../../storage/arrivals.ts";
import { requireEdit } from "./authorize.ts";
import { replaceJob, replaceKey } from "./jobs.ts";
import { changeVideo, endReplacing } from "./queries.ts";

/**
 * The bytes are in `folder` of the work folder, as `file`: they are made ready while the old ones play, and then take
 * their place. Of two that come after each other the later wins. Joins the caller's transaction.
 */
export function replaceFileLater(
  deps: Pick<Deps, "db" | "events" | "from" | "now" | "queue">,
  user: User,
  videoId: string,
  source: { folder: string; file: string; filename: string; arrival?: Arrival | undefined },
): void {
  const { db, events, now, queue } = deps;
  const { folder, file, arrival } = source;
  const filename = cleanText(source.filename, 255);
  const video = requireReplaceable(deps, user, videoId);
  db.transaction(() => {
    stopReplacing(deps, video);
    const since = Math.max(now(), (video.replacingSince ?? 0) + 1);
    changeVideo(db, videoId, { replacingSince: since, replaceError: null });
    queue.add(replaceJob, { videoId, folder, file, filename, arrival, since }, { userId: user.id });
    const subject = { kind: "video", id: videoId, name: video.title } as const;
    noteAudit(deps, { action: "video.replace", actor: user, subject, detail: filename });
  });
  queueMicrotask(() => events.emit("video.changed", { videoId, userId: video.ownerId }));
}

/** Before any byte of a new file is taken: `not_found`, `not_allowed`, or `conflict` while there is no old one. */
export function requireReplaceable(deps: Pick<Deps, "db">, user: User, videoId: string): Video {
  const video = requireEdit(deps, user, videoId);
  if (video.state === "READY") return video;
  throw new AppError("conflict", "This video has no file yet that could be replaced.", {
    hint: "Wait until it is ready, or add the file as a video of its own.",
  });
}

/** The old file stays, and the new one is cleared away. */
export function cancelReplacement(
  deps: Pick<Deps, "db" | "events" | "queue">,
  user: User,
  videoId: string,
): void {
  const video = requireEdit(deps, user, videoId);
  deps.db.transaction(() => stopReplacing(deps, video));
  deps.events.finished(videoId, video.ownerId);
}

/** Part of the caller's transaction. */
function stopReplacing({ db, queue }: Pick<Deps, "db" | "queue">, { id, replacingSince }: Video): void {
  if (replacingSince === null) return;
  endReplacing(db, id, replacingSince, {});
  queue.cancel(replaceJob, replaceKey({ videoId: id, since: replacingSince }));
}
