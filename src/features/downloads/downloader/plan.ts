import { compareVersions } from "../../../lib/versions.ts";

/** What the configuration wants of yt-dlp. */
export interface Care {
  updates: "when-old" | "daily" | "never";
  /** A release to stay at; "" for none. */
  pin: string;
}

/** What is there of it; `version` is null where it is missing. */
export interface Present {
  version: string | null;
  /** So old that it is likely broken for big sites. */
  isStale: boolean;
}

/** Which release the daily look wants: this very one, "newest" if that is worth getting, or none. */
export function planUpdate({ updates, pin }: Care, { version, isStale }: Present): string | null {
  if (updates === "never") return null;
  if (pin !== "") return version === pin ? null : pin;
  return version === null || isStale || updates === "daily" ? "newest" : null;
}

/** Whether the newest release is to be had: newer than what is there, and than what somebody went back from. */
export function isWorthGetting(newest: string, version: string | null, leftBehind: string | null): boolean {
  if (version === null) return true;
  const isNewer = (than: string | null) => than === null || compareVersions(newest, than) > 0;
  return isNewer(version) && isNewer(leftBehind);
}
