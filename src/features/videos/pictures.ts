import { stat } from "node:fs/promises";
import type { StoredFile } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { probe } from "../../exec/ffprobe.ts";
import { takePictures } from "../../exec/thumbnails.ts";
import type { Picture, Pictures } from "../../exec/thumbnails.ts";
import { withWorkFolder } from "../../exec/work-folder.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { sha256OfFile } from "../../lib/sha256.ts";
import type { JobContext } from "../../queue/job.ts";
import { keys, revisionOf } from "../../storage/keys.ts";
import type { Revision } from "../../storage/keys.ts";
import { discardFiles } from "../removals/removals.ts";
import { changeVideo, filesOf, findFile, findVideo, upsertFile } from "./queries.ts";
import type { NewFile } from "./queries.ts";

/** Takes thumbnails and poster again from the stored original. */
export async function remakePicturesNow(
  deps: Pick<Deps, "config" | "db" | "events" | "log" | "now" | "queue" | "storage" | "storageOf" | "tools">,
  { videoId }: { videoId: string },
  { signal }: JobContext,
): Promise<void> {
  const { config, db, events, now, storageOf } = deps;
  const video = findVideo(db, videoId);
  const original = findFile(db, videoId, "original");
  if (!video || !original) return;
  await withWorkFolder(dataFolder.work(config.data.dir), `pictures-${videoId}`, (folder) =>
    storageOf(original.storage).withLocalFile(original.key, async (path) => {
      const info = await probe(deps, path, { signal });
      const taken = await takePictures(deps, path, info, folder, { signal });
      const rows = await storePictures(deps, videoId, taken.pictures, revisionOf(original.key));
      db.transaction(() => {
        // Replaced meanwhile: these are pictures of a file that is no longer there.
        if (findFile(db, videoId, "original")?.key !== original.key) {
          discardFiles(deps, rows);
          return;
        }
        // Those before may be in another storage, where nobody will overwrite them.
        discardFiles(deps, picturesElsewhere(filesOf(db, videoId), rows));
        for (const row of rows) upsertFile(db, row);
        changeVideo(db, videoId, { thumbnailError: sayMissing(deps, videoId, taken), updatedAt: now() });
      });
    }),
  );
  events.emit("video.changed", { videoId, userId: video.ownerId });
}

function picturesElsewhere(before: readonly StoredFile[], now: readonly NewFile[]): StoredFile[] {
  return before.filter(({ kind, n, storage }) =>
    now.some((row) => row.kind === kind && row.n === n && row.storage !== storage),
  );
}

/** For the owner, in a sentence. What ffmpeg said is for the log: it can quote paths of this machine. */
export function sayMissing(
  { log }: Pick<Deps, "log">,
  videoId: string,
  { pictures, missing }: Pictures,
): string | null {
  if (missing === null) return null;
  log.info({ videoId, missing }, "pictures are missing");
  return pictures.length > 0
    ? "Some pictures could not be taken from this video."
    : "No picture could be taken from this video.";
}

/** Moves pictures into the storage; returns the rows that say so. */
export function storePictures(
  { storage, now }: Pick<Deps, "storage" | "now">,
  videoId: string,
  pictures: readonly Picture[],
  revision: Revision,
): Promise<NewFile[]> {
  return Promise.all(
    pictures.map(async ({ name, path }) => {
      const key = keys.thumbnail(videoId, name, revision);
      const [sha256, { size: sizeBytes }] = await Promise.all([sha256OfFile(path), stat(path)]);
      await storage.putFile(key, path);
      const kind = name === "poster" ? "poster" : "thumbnail";
      const n = name === "poster" ? 0 : Number(name);
      return {
        videoId,
        kind,
        n,
        storage: storage.name,
        key,
        mime: "image/jpeg",
        sizeBytes,
        sha256,
        createdAt: now(),
      };
    }),
  );
}
