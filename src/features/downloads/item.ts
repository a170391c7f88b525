import type { DownloadState } from "../../db/schema.ts";
import type { Progress } from "../../events/events.ts";
import type { Lane } from "../../lib/lanes.ts";

/** One download as pages and the API see it. Times are milliseconds since 1970 UTC. */
export interface DownloadItem {
  id: string;
  /** The playlist that brought it. */
  parentId: string | null;
  /** Null for a playlist, whose downloads are its children. */
  videoId: string | null;
  url: string;
  /** The video's title; before it is known, the URL. */
  title: string;
  state: DownloadState;
  lane: Lane;
  laneReason: string;
  /** Who pasted it. */
  userId: string;
  /** Numbers of the video's thumbnails that exist, and the version for their URL. */
  thumbnails: number[];
  version: number;
  progress: Progress | null;
  error: { code: string; message: string; hint: string } | null;
  createdAt: number;
  updatedAt: number;
  finishedAt: number | null;
}
