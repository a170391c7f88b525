import { AppError } from "../lib/errors.ts";

/**
 * Not null where a video's file was replaced: the new ones need names of their own, since the old ones play until then
 * (docs/decisions/0010-keys-with-a-revision.md).
 */
export type Revision = string | null;

const arrivalsRoot = "arrivals/";

/**
 * The storage keys of everything. Ids and extensions only: people's file names live in the database.
 * Extensions come without their dot.
 */
export const keys = {
  original: (videoId: string, extension: string, revision: Revision = null) =>
    checkKey(`videos/${videoId}/${revised(`original.${extension}`, revision)}`),
  /** A file made from the original, e.g. "playable.mp4". */
  rendition: (videoId: string, name: string, revision: Revision = null) =>
    checkKey(`videos/${videoId}/${revised(name, revision)}`),
  thumbnail: (videoId: string, name: "1" | "2" | "3" | "poster", revision: Revision = null) =>
    checkKey(`thumbnails/${videoId}/${revised(`${name}.jpg`, revision)}`),
  /** What somebody chose for a video; each has a name of its own. */
  ownPicture: (videoId: string, revision: string) => checkKey(`thumbnails/${videoId}/own-${revision}.jpg`),
  image: (imageId: string, extension: string) => checkKey(`images/${imageId}.${extension}`),
  /** What a browser sends straight into the bucket, until it is a video's. */
  arrival: (uploadId: string) => checkKey(`${arrivalsRoot}${uploadId}`),
  course: (courseId: string, name: string) => checkKey(`courses/${courseId}/${name}`),
};

/** Of the key of an original: what is made of it carries the same. */
export function revisionOf(originalKey: string): Revision {
  return /\/original-([a-z0-9]+)\.[a-z0-9]+$/.exec(originalKey)?.[1] ?? null;
}

function revised(name: string, revision: Revision): string {
  return revision === null ? name : name.replace(/(?=\.[^.]*$)/, `-${revision}`);
}

const roots = ["videos/", "thumbnails/", "images/", "courses/", arrivalsRoot];

/** Whether a key is one of these. Others in a bucket are somebody else's, and left alone. */
export function isOurs(key: string): boolean {
  return roots.some((root) => key.startsWith(root));
}

/** The upload that a key is an arrival of. */
export function arrivalOf(key: string): string | null {
  return key.startsWith(arrivalsRoot) ? key.slice(arrivalsRoot.length) : null;
}

/** Kinds of files that can be kept in different ways. */
export type KeyKind = "original" | "rendition" | "picture";

export function kindOfKey(key: string): KeyKind {
  if (!key.startsWith("videos/")) return "picture";
  return /^videos\/[^/]+\/original[.-]/.test(key) ? "original" : "rendition";
}

// No part starts with a dot: that bars "." and "..", and keeps dot folders for the storage itself.
const part = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}$/;
const longestKey = 1000;

export function isKey(text: string): boolean {
  return text.length <= longestKey && text.split("/").every((one) => part.test(one));
}

/** Returns the key if it is one (see `Storage`); throws `invalid_input` otherwise. */
export function checkKey(key: string): string {
  if (isKey(key)) return key;
  throw new AppError("invalid_input", "That is not the name of a stored file.");
}

/** A prefix is the beginning of a key, not necessarily up to a slash; "" is the beginning of all. */
export function checkPrefix(prefix: string): string {
  const parts = prefix.split("/");
  const last = parts.pop() ?? "";
  if (parts.every((one) => part.test(one)) && (last === "" || part.test(last))) return prefix;
  throw new AppError("invalid_input", "That is not the beginning of a stored file's name.");
}
