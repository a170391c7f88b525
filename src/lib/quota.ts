import { formatBytes, parseBytes } from "./bytes.ts";

/** How much space somebody has of their own. Null: as configured for everybody; 0: no limit. */
export type Quota = number | null;

/** Reads "5 GB", "none" and "default", which is also nothing; undefined for anything else. */
export function parseQuota(text: string): Quota | undefined {
  const word = text.trim().toLowerCase();
  if (word === "" || word === "default") return null;
  return word === "none" ? 0 : (parseBytes(word) ?? undefined);
}

export function formatQuota(quota: Quota): string {
  if (quota === null) return "default";
  return quota === 0 ? "none" : formatBytes(quota);
}

/** To be read by `parseQuota` again, and so to the byte. */
export function exactQuota(quota: Quota): string {
  if (quota === null || quota === 0) return formatQuota(quota);
  const short = formatBytes(quota);
  return parseBytes(short) === quota ? short : String(quota);
}
