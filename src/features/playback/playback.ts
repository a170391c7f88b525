import { extname } from "node:path";
import type { Deps } from "../../deps.ts";
import type { StoredFile, User } from "../../db/schema.ts";
import { contentDisposition } from "../../lib/content-disposition.ts";
import { AppError } from "../../lib/errors.ts";
import { sendFile } from "../../web/send-file.ts";
import { isLocal } from "../../storage/storage.ts";
import { getFile } from "../videos/videos.ts";

type Needs = Pick<Deps, "db" | "storageOf">;

/** What a player plays: the playable rendition, else the original. Ranges and conditions as asked for. */
export function sendStream(deps: Needs, user: User, request: Request, id: string): Response {
  return send(deps, request, getFile(deps, user, id, "playable"), {});
}

/** The original, under a name that people can read. */
export function sendDownload(deps: Needs, user: User, request: Request, id: string): Response {
  const file = getFile(deps, user, id, "original");
  const name = `${file.title}${extname(file.key)}`;
  return send(deps, request, file, { disposition: contentDisposition("attachment", name) });
}

/** A thumbnail by its number, or the poster. Their URLs carry a version, so browsers may keep them. */
export function sendPicture(deps: Needs, user: User, request: Request, id: string, name: string): Response {
  const file =
    name === "poster"
      ? getFile(deps, user, id, "poster")
      : getFile(deps, user, id, "thumbnail", /^[123]$/.test(name) ? Number(name) : 0);
  return send(deps, request, file, { cacheControl: "private, max-age=31536000, immutable" });
}

function send(
  { storageOf }: Pick<Deps, "storageOf">,
  request: Request,
  file: StoredFile,
  options: { disposition?: string; cacheControl?: string },
): Response {
  const storage = storageOf(file.storage);
  if (!isLocal(storage))
    throw new AppError("storage_unreachable", "This file is in a storage that is not set up.");
  return sendFile(request, {
    path: storage.pathOf(file.key),
    sizeBytes: file.sizeBytes,
    etag: `"${file.sha256}"`,
    modifiedAt: file.createdAt,
    mime: file.mime,
    ...options,
  });
}
