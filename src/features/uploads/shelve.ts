import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { failpoint } from "../../lib/failpoint.ts";
import type { Arrival } from "../../storage/arrivals.ts";
import { syncPath } from "../../storage/durable-write.ts";
import { addPendingVideo, ingestLater, replaceFileLater } from "../videos/videos.ts";
import { admit } from "./admit.ts";
import { workRoot } from "./arrived.ts";
import { titleOf } from "./upload-rules.ts";
import type { Wishes } from "./wishes.ts";

/** A file that is here in whole, in a work folder of its own. */
export interface Arrived {
  /** The folder by its name, and what the file is called there. */
  folder: string;
  file: string;
  sizeBytes: number;
  /** The same bytes in the bucket, where they came there first. */
  arrival?: Arrival | undefined;
}

/** Flushes what has arrived, and judges it. Returns the name that the file has from then on. */
export async function judge(
  deps: Pick<Deps, "config" | "tools">,
  { folder, file }: Pick<Arrived, "folder" | "file">,
): Promise<string> {
  const path = (name: string) => join(workRoot(deps), folder, name);
  const [extension] = await Promise.all([admit(deps, path(file)), syncPath(path(file))]);
  const kept = `original.${extension}`;
  await rename(path(file), path(kept));
  await syncPath(path("."));
  failpoint("upload-admitted");
  return kept;
}

/**
 * Makes a video of what was judged, on its way to READY, or lets it take the place of another's file. Joins the
 * caller's transaction. Returns the video's id.
 */
export function shelve(
  deps: Pick<Deps, "db" | "events" | "from" | "now" | "queue">,
  user: User,
  { folder, file, sizeBytes, arrival }: Arrived,
  { filename, replaces, title, ...wishes }: Wishes,
): string {
  const source = { folder, file, filename, arrival };
  if (replaces !== null) {
    replaceFileLater(deps, user, replaces, source);
    return replaces;
  }
  const video = { ...wishes, title: title ?? titleOf(filename), sizeBytes };
  const id = addPendingVideo(deps, user, { ...video, sourceUrl: null, sourceSite: null });
  ingestLater(deps, { id, ownerId: user.id }, source);
  queueMicrotask(() => deps.events.emit("video.changed", { videoId: id, userId: user.id }));
  return id;
}
