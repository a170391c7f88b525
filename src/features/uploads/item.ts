import type { UploadState } from "../../db/schema.ts";

/** One upload as pages and the API see it. Times are milliseconds since 1970 UTC. */
export interface UploadItem {
  id: string;
  filename: string;
  sizeBytes: number;
  /** Not null where it goes straight into the bucket, in parts of so many bytes. */
  partBytes: number | null;
  /** How much of it is here. */
  offsetBytes: number;
  state: UploadState;
  /** What it became. */
  videoId: string | null;
  /** Whose file it takes the place of. */
  replaces: string | null;
  error: { code: string; message: string; hint: string } | null;
  createdAt: number;
  expiresAt: number;
}

/** An object that stays in incoming/ of the bucket, and why. */
export interface RefusedItem {
  /** As whoever put it there calls it: hostile text. */
  key: string;
  sizeBytes: number;
  code: string;
  message: string;
  hint: string;
  /** When it is tried again: as it is never, as soon as it fits, or at the next start. */
  again: "never" | "fits" | "restart";
  /** Since when it is known to be there, in milliseconds since 1970 UTC. */
  since: number;
}
