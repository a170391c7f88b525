import type { User, Video } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { AppError } from "../../lib/errors.ts";
import { canEdit, canWatch } from "./access.ts";
import { findVideo } from "./queries.ts";

/** The video, for its owner or an admin; others hear `not_allowed`, or `not_found` where they may not know of it. */
export function requireEdit({ db }: Pick<Deps, "db">, user: User, id: string): Video {
  const video = findVideo(db, id);
  if (!video || !canWatch(user, video)) throw noSuchVideo();
  if (!canEdit(user, video)) {
    throw new AppError("not_allowed", "Only its owner or an admin may change this video.");
  }
  return video;
}

export function noSuchVideo(): AppError {
  return new AppError("not_found", "There is no such video.", { hint: "It may have been deleted." });
}
