import { stat } from "node:fs/promises";
import { join } from "node:path";
import { withReserve } from "../../db/reserve.ts";
import type { User, Video } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { makeCover } from "../../exec/pictures.ts";
import { withWorkFolder } from "../../exec/work-folder.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { newId } from "../../lib/ids.ts";
import { sha256OfFile } from "../../lib/sha256.ts";
import { keys } from "../../storage/keys.ts";
import type { ReceivePicture } from "../../web/receive-picture.ts";
import { getUser } from "../accounts/accounts.ts";
import { discardFiles } from "../removals/removals.ts";
import { requireQuota } from "../space/space.ts";
import { noSuchVideo, requireEdit } from "./authorize.ts";
import { changeVideo, deleteFile, findFile, findVideo, upsertFile } from "./queries.ts";
import type { NewFile } from "./queries.ts";

type Needs = Pick<Deps, "config" | "db" | "events" | "now" | "queue" | "storage" | "tools">;

/**
 * A picture that somebody chose stands for the video, before those that were taken from it, which stay. `receive` is
 * asked only where this person may change the video. It takes of the owner's space: throws `quota_exceeded`, and what
 * `makeCover` does.
 */
export async function setOwnPicture(
  deps: Needs,
  user: User,
  id: string,
  receive: ReceivePicture,
  signal?: AbortSignal,
): Promise<void> {
  const { config, db, tools } = deps;
  const video = requireEdit(deps, user, id);
  const owner = getUser(deps, video.ownerId);
  // How much it will take is known once it is made; where nothing is left, that is not worth the work.
  if (!findFile(db, id, "thumbnail", 0)) requireQuota(deps, owner, 1, user);
  await withWorkFolder(dataFolder.work(config.data.dir), `picture-${id}`, async (folder) => {
    const path = join(folder, "arrived");
    await receive(path);
    const cover = await makeCover({ tools }, path, folder, {
      megapixels: config.images.max_megapixels,
      signal,
    });
    await takePlace(deps, { owner, told: user }, video, cover.path);
  });
  deps.events.emit("video.changed", { videoId: id, userId: video.ownerId });
}

/** Those that were taken from the video stand for it again. */
export function removeOwnPicture(
  deps: Pick<Deps, "config" | "db" | "events" | "now" | "queue">,
  user: User,
  id: string,
): void {
  const { config, db, now } = deps;
  const { ownerId } = requireEdit(deps, user, id);
  withReserve(config.data.dir, () =>
    db.transaction(() => {
      const own = findFile(db, id, "thumbnail", 0);
      if (!own) return;
      deleteFile(db, own);
      discardFiles(deps, [own]);
      changeVideo(db, id, { updatedAt: now() });
    }),
  );
  deps.events.emit("video.changed", { videoId: id, userId: ownerId });
}

interface Whose {
  owner: User;
  /** Who chose it. */
  told: User;
}

/** Under a name of its own: the one before is in use until the commit. Nothing stays of it where that fails. */
async function takePlace(deps: Needs, whose: Whose, { id }: Video, path: string): Promise<void> {
  const { db, now, storage } = deps;
  const key = keys.ownPicture(id, newId());
  const [sha256, { size: sizeBytes }] = await Promise.all([sha256OfFile(path), stat(path)]);
  const place = { videoId: id, kind: "thumbnail", n: 0, storage: storage.name, key } as const;
  const row: NewFile = { ...place, mime: "image/jpeg", sizeBytes, sha256, createdAt: now() };
  try {
    await storage.putFile(key, path);
    db.transaction(() => commit(deps, whose, row), { behavior: "immediate" });
  } catch (error) {
    db.transaction(() => discardFiles(deps, [row]));
    throw error;
  }
}

function commit(deps: Needs, { owner, told }: Whose, row: NewFile): void {
  const { db, now } = deps;
  const id = row.videoId;
  // It may have been deleted in the meantime.
  if (!findVideo(db, id)) throw noSuchVideo();
  const old = findFile(db, id, "thumbnail", 0);
  requireQuota(deps, owner, row.sizeBytes - (old?.sizeBytes ?? 0), told);
  if (old) discardFiles(deps, [old]);
  upsertFile(db, row);
  changeVideo(db, id, { updatedAt: now() });
}
