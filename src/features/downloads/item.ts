import type { DownloadState } from "../../db/schema.ts";
import type { Progress } from "../../events/events.ts";
import type { DownloadOptions, Preset } from "../../lib/download-options.ts";
import type { Remedy } from "../../lib/errors.ts";
import type { Lane } from "../../lib/lanes.ts";

export interface DownloadError {
  code: string;
  message: string;
  hint: string;
  /** The one action that helps; null where none does. */
  remedy: Remedy | null;
  /** Whether starting it again may help: what is no video stays none. */
  retryable: boolean;
}

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
  /** Set aside by somebody: it waits, or is about to, with what is there of its file. */
  paused: boolean;
  /** Higher first, before everybody's others; admins set it. */
  priority: number;
  /** The host it comes from, without "www.". */
  site: string;
  /** Why it waits, in words; empty where it is only not its turn yet. */
  waitsFor: string;
  /** Who pasted it. */
  userId: string;
  /** Numbers of the video's thumbnails that exist, 0 for one that somebody chose, and the version for their URL. */
  thumbnails: number[];
  version: number;
  progress: Progress | null;
  error: DownloadError | null;
  createdAt: number;
  updatedAt: number;
  finishedAt: number | null;
}

/** A person's named choice of how to download. */
export interface ProfileItem {
  id: string;
  name: string;
  options: DownloadOptions;
  isDefault: boolean;
}

/** What a link would bring, before anything is downloaded. All text is the site's, cleaned. */
export interface PreviewItem {
  url: string;
  /** Null where the site could be asked. */
  error: Omit<DownloadError, "retryable"> | null;
  found: FoundItem | null;
}

export interface FoundItem {
  title: string;
  site: string;
  uploader: string | null;
  durationSeconds: number | null;
  isLive: boolean;
  /** A small JPEG as a data: URL; the browser asks nobody but us. */
  picture: string | null;
  /** What each preset would bring, as far as the site says. */
  choices: { preset: Preset; sizeBytes: number | null; height: number | null; container: string }[];
  /** Codes of languages. */
  subtitles: string[];
  automaticSubtitles: string[];
  chapters: number;
  estimate: {
    bytes: number | null;
    seconds: number | null;
    lane: Extract<Lane, "short" | "long">;
    reason: string;
    cost: { storageMonth: number; traffic: number; currency: string } | null;
  };
  /** Bytes on the disk while it is downloaded and put together, and bytes that are left. */
  space: { needed: number | null; free: number; isEnough: boolean };
  onShelf: { videoId: string; title: string; isReady: boolean } | null;
  /** The link names a list beside the one video. */
  isOneOfList: boolean;
  playlist: PlaylistPart | null;
}

/** A part of a playlist's entries: those of one page that the filter lets pass. */
export interface PlaylistPart {
  /** All that were found. */
  count: number;
  /** There may be more: only so many were asked for. */
  isCut: boolean;
  /** Of all that pass. */
  passing: number;
  /** The numbers of all that pass, as "1-20,33". */
  passingNumbers: string;
  page: number;
  pages: number;
  entries: {
    n: number;
    title: string;
    url: string;
    durationSeconds: number | null;
    onShelf: { videoId: string } | null;
  }[];
}
