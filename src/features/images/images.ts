import { extname } from "node:path";
import { withReserve } from "../../db/reserve.ts";
import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { contentDisposition } from "../../lib/content-disposition.ts";
import { parseCursor } from "../../lib/cursor.ts";
import { AppError } from "../../lib/errors.ts";
import { paths } from "../../paths.ts";
import type { ReceivePicture } from "../../web/receive-picture.ts";
import type { BytesToSend } from "../../web/send-file.ts";
import { discardFiles, removeFilesLater } from "../removals/removals.ts";
import { canDeleteImage, canSeeImage } from "./access.ts";
import { addImageNow } from "./add.ts";
import type { ImageItem } from "./item.ts";
import {
  changeImagesOwner,
  countImagesByOwner,
  deleteImageRow,
  deleteImagesOfOwner,
  filesOfImage,
  findImage,
  findImageFile,
  findImageRow,
  pageOfImages,
} from "./queries.ts";
import type { ImageFile, ImageRow } from "./queries.ts";

export { usageOf } from "../space/space.ts";

/** Keeps what somebody sent; `isNew` is false where it is there already. Throws `not_a_picture`, `too_large` and the like. */
export async function addImage(
  deps: Pick<Deps, "config" | "db" | "now" | "queue" | "storage" | "tools">,
  user: User,
  receive: ReceivePicture,
  signal?: AbortSignal,
): Promise<{ image: ImageItem; isNew: boolean }> {
  const { id, isNew } = await addImageNow(deps, user, receive, signal);
  return { image: getImage(deps, user, id), isNew };
}

/** One's own, newest first. `nextCursor` is null on the last page. */
export function listImages(
  { db }: Pick<Deps, "db">,
  user: User,
  query: { limit?: number; cursor?: string | null } = {},
): { items: ImageItem[]; nextCursor: string | null } {
  const limit = query.limit ?? 60;
  const rows = pageOfImages(db, user.id, limit + 1, parseCursor(query.cursor));
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(itemOf), nextCursor: rows.length > limit && last ? String(last.image.seq) : null };
}

/** `not_found` also for who may not see it. */
export function getImage({ db }: Pick<Deps, "db">, user: User, id: string): ImageItem {
  const row = findImageRow(db, id);
  if (!row || !canSeeImage(user)) throw noSuchImage();
  return itemOf(row);
}

/** A file by the name that its address gives it, and how it is sent. */
export function getImageFile(
  { db }: Pick<Deps, "db">,
  user: User,
  id: string,
  name: string,
): { file: ImageFile; bytes: BytesToSend } {
  const image = findImage(db, id);
  const width = name.startsWith("image.") ? 0 : Number(/^([1-9]\d{0,4})\./.exec(name)?.[1] ?? Number.NaN);
  const file = image && canSeeImage(user) && Number.isInteger(width) ? findImageFile(db, id, width) : null;
  if (!image || !file || extname(name) !== extname(file.key)) throw noSuchImage();
  const { sizeBytes, sha256, createdAt, mime } = file;
  return {
    file,
    bytes: {
      sizeBytes,
      etag: `"${sha256}"`,
      modifiedAt: createdAt,
      mime,
      // What is not known to be a picture only goes out as an attachment: see sendFile.
      disposition: contentDisposition("inline", nameOf(image.filename, file.key)),
      cacheControl: "private, max-age=31536000, immutable",
    },
  };
}

export function deleteImage(
  deps: Pick<Deps, "config" | "db" | "now" | "queue">,
  user: User,
  id: string,
): void {
  const image = findImage(deps.db, id);
  if (!image || !canSeeImage(user)) throw noSuchImage();
  if (!canDeleteImage(user, image))
    throw new AppError("not_allowed", "Only its owner or an admin may delete this picture.");
  withReserve(deps.config.data.dir, () =>
    deps.db.transaction(() => {
      discardFiles(deps, filesOfImage(deps.db, id));
      deleteImageRow(deps.db, id);
    }),
  );
}

// Whose the images are, for the feature that looks after people. What changes something joins the caller's transaction.

/** How many images each of these people has; who has none is not in it. */
export function countImagesOf({ db }: Pick<Deps, "db">, ownerIds: readonly string[]): Map<string, number> {
  return countImagesByOwner(db, ownerIds);
}

/** All that one person has becomes another's. How many there were. */
export function handOverImages({ db }: Pick<Deps, "db">, from: string, to: string): number {
  return changeImagesOwner(db, from, to);
}

/** Rows and bytes of all that a person has go, whoever asks. How many there were. */
export function discardImagesOf(
  { db, now, queue }: Pick<Deps, "db" | "now" | "queue">,
  ownerId: string,
): number {
  const gone = deleteImagesOfOwner(db, ownerId, now());
  if (gone > 0) removeFilesLater({ queue });
  return gone;
}

function itemOf({ image, files }: ImageRow): ImageItem {
  const { id, ownerId, filename, mime, width, height, sizeBytes, createdAt } = image;
  const [itself, ...smaller] = files.map((file) => {
    const name = file.width === 0 ? "image" : String(file.width);
    return { width: file.width, url: paths.imageFile(id, `${name}${extname(file.key)}`) };
  });
  const url = itself?.url ?? "";
  const size = { width: width || null, height: height || null };
  return { id, ownerId, filename, mime, ...size, sizeBytes, url, sizes: smaller, createdAt };
}

/** As the sender called it, with the extension of what became of it. */
function nameOf(filename: string, key: string): string {
  return `${filename.replace(/\.[A-Za-z0-9]{1,8}$/, "")}${extname(key)}`;
}

function noSuchImage(): AppError {
  return new AppError("not_found", "There is no such picture.", { hint: "It may have been deleted." });
}
