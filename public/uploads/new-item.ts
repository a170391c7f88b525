import { formatBytes } from "../../src/lib/bytes.ts";
import { isPicture } from "./dropped.ts";
import type { Problem, UploadItem, Wishes } from "./item.ts";

/** A file that was just chosen. What is too large fails at once, before anything of it is sent. */
export function newItem(
  file: File,
  wishes: Wishes,
  addedAt: number,
  { userId, maxBytes }: { userId: string; maxBytes: number },
): UploadItem {
  const kind = isPicture(file) && wishes.replaces === undefined ? "picture" : "video";
  const problem = kind === "video" ? tooLarge(file.size, maxBytes) : null;
  return {
    id: newId(),
    userId,
    addedAt,
    kind,
    name: file.name,
    sizeBytes: file.size,
    modified: file.lastModified,
    wishes,
    state: problem ? "failed" : "waiting",
    url: null,
    sentBytes: 0,
    anyway: false,
    place: null,
    doneAt: null,
    problem,
  };
}

/** 0 is no limit. */
function tooLarge(sizeBytes: number, maxBytes: number): Problem | null {
  if (maxBytes === 0 || sizeBytes <= maxBytes) return null;
  const message = `This file is ${formatBytes(sizeBytes)}, and up to ${formatBytes(maxBytes)} are taken.`;
  return { message, hint: "Nothing of it was sent.", isFinal: true };
}

/** `crypto.randomUUID` exists with TLS only. */
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
