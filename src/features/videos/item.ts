import type { VideoState, Visibility } from "../../db/schema.ts";

export interface VideoError {
  code: string;
  message: string;
  hint: string;
  /** Its bytes can be had once more, and may pass then: what was sent is gone, and what is no video stays none. */
  retryable: boolean;
}

/** One video as pages and the API see it. Times are milliseconds since 1970 UTC, lengths seconds, sizes bytes. */
export interface VideoItem {
  id: string;
  title: string;
  description: string;
  state: VideoState;
  visibility: Visibility;
  owner: { id: string; name: string };
  /** In alphabetical order, lower case, without "#". */
  tags: string[];
  durationSeconds: number | null;
  width: number | null;
  height: number | null;
  sizeBytes: number | null;
  mime: string | null;
  sha256: string | null;
  sourceUrl: string | null;
  sourceSite: string | null;
  filename: string | null;
  videoCodec: string | null;
  audioCodec: string | null;
  /** Why browsers can't play it, as it came: it can be downloaded. */
  unplayableReason: string | null;
  /** The numbers of the thumbnails that exist: 1 (10 %), 2 (50 %), 3 (90 %), and before them 0, which somebody chose. */
  thumbnails: number[];
  hasPoster: boolean;
  /** Why no picture could be taken. */
  thumbnailError: string | null;
  /** When the camera took it, as the file says. */
  recordedAt: number | null;
  /** A new file is being made ready to take the place of the one that plays. */
  replacingSince: number | null;
  /** Why the last new file did not: for those who may change the video, and nobody else. */
  replaceError: string | null;
  error: VideoError | null;
  createdAt: number;
  updatedAt: number;
}
