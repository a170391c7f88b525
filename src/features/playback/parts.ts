import type { Deps } from "../../deps.ts";
import type { StoredFile, User, Video } from "../../db/schema.ts";
import { contentDisposition } from "../../lib/content-disposition.ts";
import { mediaHeaders } from "../../web/security-headers.ts";
import type { BytesToSend } from "../../web/send-file.ts";
import { getFile, nameOfFile } from "../videos/videos.ts";

/** What can be had of a video: what plays, the file as it came, and its pictures. */
export const parts = ["stream", "original", "poster", "own", "1", "2", "3"] as const;
export type Part = (typeof parts)[number];

const videoSeconds = 15 * 60;
const pictureSeconds = 60 * 60;

/** How long an address of it is good unless somebody asks for another time. */
export function secondsOf(part: Part): number {
  return part === "stream" || part === "original" ? videoSeconds : pictureSeconds;
}

/** A part for somebody who may watch the video, and how it is sent. */
export function getPart(
  deps: Pick<Deps, "config" | "db">,
  user: User,
  id: string,
  part: Part,
): { file: StoredFile; video: Video; bytes: BytesToSend } {
  if (part === "stream") {
    const { file, video } = getFile(deps, user, id, "playable");
    return { file, video, bytes: streamBytes(deps, file) };
  }
  if (part === "original") {
    const { file, video } = getFile(deps, user, id, "original");
    const disposition = contentDisposition("attachment", nameOfFile(video, file));
    return { file, video, bytes: { ...bytesOf(file), disposition } };
  }
  const { file, video } =
    part === "poster"
      ? getFile(deps, user, id, "poster")
      : getFile(deps, user, id, "thumbnail", part === "own" ? 0 : Number(part));
  // The addresses of pictures carry a version, so browsers may keep them.
  return { file, video, bytes: { ...bytesOf(file), cacheControl: "private, max-age=31536000, immutable" } };
}

const knownStreams = new WeakMap<StoredFile, BytesToSend>();

/**
 * One object for all the ranges of a file: what sendFile works out of it is worked out once. `no-store`,
 * because what Chromium keeps it asks for in pieces with an end, which are never cut short.
 */
function streamBytes(deps: Pick<Deps, "config">, file: StoredFile): BytesToSend {
  let bytes = knownStreams.get(file);
  if (!bytes) {
    bytes = { ...bytesOf(file), cacheControl: "private, no-store", also: mediaHeaders(deps) };
    knownStreams.set(file, bytes);
  }
  return bytes;
}

function bytesOf({ sizeBytes, sha256, createdAt, mime }: StoredFile): BytesToSend {
  return { sizeBytes, etag: `"${sha256}"`, modifiedAt: createdAt, mime };
}
