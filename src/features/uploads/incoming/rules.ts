import { cleanText } from "../../../lib/text.ts";

/** What the person calls it who put it there: the last part of the key, with nothing in it that a name may not have. */
export function filenameOfKey(key: string): string {
  const name = key.slice(key.lastIndexOf("/") + 1);
  return cleanText(name.replaceAll("\\", "-"), 255) || "video";
}

/** Tools put an empty object there for a folder, and that is no file. */
export function isFolderMark(key: string): boolean {
  return key.endsWith("/");
}

/** Whether an address can be made of it: `.` and `..` would be resolved on the way, and name something else. */
export function hasAddress(key: string): boolean {
  return !key.split("/").some((part) => part === "." || part === "..");
}

/**
 * What may become of an object that was refused: it will never be taken as it is; as soon as it fits; or when the
 * server, its programs and its settings are others, at the next start.
 */
export function secondChance(code: string): "never" | "fits" | "restart" {
  if (["not_a_video", "too_long", "invalid_input", "conflict"].includes(code)) return "never";
  return ["too_large", "quota_exceeded", "storage_full", "not_allowed"].includes(code) ? "fits" : "restart";
}
