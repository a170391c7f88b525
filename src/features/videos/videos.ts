import { extname } from "node:path";
import { z } from "zod";
import { withReserve } from "../../db/reserve.ts";
import type { Deps } from "../../deps.ts";
import type { StoredFile, User, Video, VideoState } from "../../db/schema.ts";
import { parseCursor } from "../../lib/cursor.ts";
import { AppError, canPassLater } from "../../lib/errors.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { cleanText } from "../../lib/text.ts";
import { revisionOf } from "../../storage/keys.ts";
import { noteAudit } from "../accounts/accounts.ts";
import { canSeeAll, canWatch } from "./access.ts";
import { noSuchVideo, requireEdit } from "./authorize.ts";
import type { VideoItem } from "./item.ts";
import { picturesJob } from "./jobs.ts";
import { changeVideo, findVideoAndFile, replaceTags } from "./queries.ts";
import { findSameFiles } from "./queries-same.ts";
import { findVideoRow, pageOfVideos, tagsInUse } from "./queries-shelf.ts";
import type { VideoRow } from "./queries-shelf.ts";
import { discardVideo } from "./shelving.ts";
import { parseTags } from "./tag-names.ts";

export { canAdd, canEdit, canSeeAll } from "./access.ts";
// For the features that bring bytes; this file is their door.
export {
  addPendingVideo,
  describeVideo,
  discardVideo,
  failVideo,
  copiesToIngest,
  foldersToIngest,
  ingestLater,
  reopenVideo,
  wishesFor,
} from "./shelving.ts";
export { cancelReplacement, replaceFileLater, requireReplaceable } from "./replacing.ts";
export { countVideosToPicture, remakeAllPictures, remakePicturesOf } from "./all-pictures.ts";
export type { WhichPictures } from "./all-pictures.ts";
export { findOnShelf, findSameName, findUrlsOnShelf } from "./origin.ts";
export { parseTags } from "./tag-names.ts";
export { countVideosOf, discardVideosOf, handOverVideos, measureShelf } from "./owners.ts";

export const titleSchema = z
  .string()
  .transform((title) => cleanText(title, 300))
  .refine((title) => title !== "", "Give a title.");

const changeSchema = z
  .object({
    title: titleSchema,
    description: z.string().transform((text) => cleanText(text, 10_000, { keepLines: true })),
    tags: z.union([z.string(), z.array(z.string())]).transform(parseTags),
    visibility: z.enum(["library", "private"], "Choose library or private."),
  })
  .partial();

export interface VideoQuery {
  q?: string;
  tags?: string[];
  /** Any of these. */
  states?: readonly VideoState[];
  /** Only one's own. */
  mine?: boolean;
  limit?: number;
  cursor?: string | null;
}

/** What this person may see, newest first. `nextCursor` is null on the last page. */
export function listVideos(
  { db }: Pick<Deps, "db">,
  user: User,
  query: VideoQuery,
): { items: VideoItem[]; nextCursor: string | null } {
  const limit = Math.min(Math.max(query.limit ?? 60, 1), 200);
  const rows = pageOfVideos(
    db,
    {
      // What is in no title is looked for in none: SQLite's search stops at a NUL.
      q: cleanText(query.q ?? "", 200),
      tags: parseTags(query.tags ?? []),
      states: query.states,
      ownerId: query.mine ? user.id : undefined,
      visibleTo: visibleTo(user),
    },
    limit + 1,
    parseCursor(query.cursor),
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(itemOf), nextCursor: rows.length > limit && last ? String(last.video.seq) : null };
}

export function popularTags({ db }: Pick<Deps, "db">, user: User): { name: string; count: number }[] {
  return tagsInUse(db, visibleTo(user), 20);
}

/** `not_found` also where this person may not see it. */
export function getVideo({ db }: Pick<Deps, "db">, user: User, id: string): VideoItem {
  const row = findVideoRow(db, id);
  if (!row || !canWatch(user, row.video)) throw noSuchVideo();
  return itemOf(row);
}

/** Where the same file was on the shelf before, by the ids of those of these videos of which it was. */
export function findSame(
  { db }: Pick<Deps, "db">,
  user: User,
  ids: readonly string[],
): Map<string, { id: string; title: string }> {
  const found = findSameFiles(db, ids, visibleTo(user));
  return new Map(found.map(({ id, sameId, sameTitle }) => [id, { id: sameId, title: sameTitle }]));
}

/** The file of a kind, for someone who may watch the video. `playable` falls back to the original. */
export function getFile(
  { db }: Pick<Deps, "db">,
  user: User,
  id: string,
  kind: StoredFile["kind"],
  n = 0,
): { file: StoredFile; video: Video } {
  const { video, file } = findVideoAndFile(db, id, kind, n);
  if (!video || !canWatch(user, video)) throw noSuchVideo();
  if (!file)
    throw new AppError("not_found", "This video has no such file.", { hint: "It may still be processed." });
  return { file, video };
}

/** What an original is called when it is saved: as its sender called it; what came from a site by its title. */
export function nameOfFile({ title, filename, sourceUrl }: Video, { key }: StoredFile): string {
  const isSent = sourceUrl === null || revisionOf(key) !== null;
  return isSent && filename ? filename : `${title}${extname(key)}`;
}

/** Changes what is given and leaves the rest. */
export function updateVideo(
  { db, now, events }: Pick<Deps, "db" | "now" | "events">,
  user: User,
  id: string,
  input: unknown,
): VideoItem {
  const { ownerId, visibility } = requireEdit({ db }, user, id);
  const { tags, ...columns } = parseInput(changeSchema, input);
  db.transaction(() => {
    changeVideo(db, id, { ...columns, updatedAt: now() });
    if (tags) replaceTags(db, id, tags);
  });
  events.emit("video.changed", { videoId: id, userId: ownerId });
  const isHidden = visibility === "library" && columns.visibility === "private";
  if (isHidden) events.emit("video.hidden", { videoId: id, userId: ownerId });
  return getVideo({ db }, user, id);
}

/** Takes the video off the shelf; its bytes go right after the commit. */
export function deleteVideo(
  deps: Pick<Deps, "config" | "db" | "now" | "queue" | "events" | "from">,
  user: User,
  id: string,
): void {
  const video = requireEdit(deps, user, id);
  withReserve(deps.config.data.dir, () =>
    deps.db.transaction(() => {
      discardVideo(deps, id);
      noteAudit(deps, {
        action: "video.delete",
        actor: user,
        subject: { kind: "video", id, name: video.title },
      });
    }),
  );
  const wasPrivate = video.visibility === "private";
  deps.events.emit("video.deleted", { videoId: id, userId: video.ownerId, wasPrivate });
}

export function remakePictures({ db, queue }: Pick<Deps, "db" | "queue">, user: User, id: string): void {
  const video = requireEdit({ db }, user, id);
  if (video.state !== "READY") throw new AppError("conflict", "The video is not ready yet.");
  queue.add(picturesJob, { videoId: id }, { userId: user.id });
}

function visibleTo(user: User): string | null {
  return canSeeAll(user) ? null : user.id;
}

function itemOf({ video, ownerName, tags, files }: VideoRow): VideoItem {
  const { ownerId, errorCode, errorMessage, errorHint, seq: _seq, ...columns } = video;
  return {
    ...columns,
    owner: { id: ownerId, name: ownerName },
    tags,
    thumbnails: files.filter((file) => file.kind === "thumbnail").map((file) => file.n),
    hasPoster: files.some((file) => file.kind === "poster"),
    error:
      errorCode === null
        ? null
        : {
            code: errorCode,
            message: errorMessage ?? "",
            hint: errorHint ?? "",
            retryable: video.sourceUrl !== null && canPassLater(errorCode),
          },
  };
}
