import type { UploadState } from "../../db/schema.ts";

/** One upload as pages and the API see it. Times are milliseconds since 1970 UTC. */
export interface UploadItem {
  id: string;
  filename: string;
  sizeBytes: number;
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
