import type { Progress } from "../../src/events/events.ts";
import type { DownloadItem, FoundItem } from "../../src/features/downloads/item.ts";
import type { VideoItem } from "../../src/features/videos/item.ts";
import type { Page } from "../../views/page.ts";

/** What a site, a file name or a person may hand in; shown as it is, it must not do anything. */
export const hostile = `</title><script>alert(1)</script>"'><img src=x onerror=alert(2)> \u202Eright to left עברית`;

export const nonce = "the-nonce";

export const page: Page = {
  nonce,
  user: { id: "u1", name: hostile, email: "ada@example.org", role: "admin" },
  theme: "auto",
  asset: (name) => `/assets/${name}`,
  here: "/?q=%22",
  now: Date.UTC(2026, 0, 2),
  running: 3,
  newVisibility: "library",
  uploads: { chunkBytes: 8_000_000, maxBytes: 500_000_000, visibility: "library", isDirect: false },
};

export const progress: Progress = {
  stage: "Downloading",
  percent: 64.9,
  bytesDone: 12_000_000,
  bytesTotal: 30_000_000,
  bytesPerSecond: 2_100_000,
  secondsLeft: 95,
};

export const unknownProgress: Progress = {
  stage: "Looking",
  percent: null,
  bytesDone: null,
  bytesTotal: null,
  bytesPerSecond: null,
  secondsLeft: null,
};

export function makeVideo(values: Partial<VideoItem> = {}): VideoItem {
  return {
    id: "0190a0b0-0000-7000-8000-000000000001",
    title: "A quiet morning",
    description: "",
    state: "READY",
    visibility: "library",
    owner: { id: "u1", name: "Ada" },
    tags: [],
    durationSeconds: 760,
    width: 1920,
    height: 1080,
    sizeBytes: 12_400_000,
    mime: "video/mp4",
    sha256: "a".repeat(64),
    sourceUrl: "https://example.org/watch",
    sourceSite: "example.org",
    filename: "morning.mp4",
    videoCodec: "h264",
    audioCodec: "aac",
    unplayableReason: null,
    thumbnails: [1, 2, 3],
    hasPoster: true,
    thumbnailError: null,
    error: null,
    createdAt: page.now - 3 * 86_400_000,
    updatedAt: 1000,
    recordedAt: null,
    replacingSince: null,
    replaceError: null,
    ...values,
  };
}

/** A video of which nothing is known yet. */
export const unknownVideo: Partial<VideoItem> = {
  durationSeconds: null,
  width: null,
  height: null,
  sizeBytes: null,
  mime: null,
  sha256: null,
  sourceUrl: null,
  sourceSite: null,
  filename: null,
  videoCodec: null,
  audioCodec: null,
  thumbnails: [],
  hasPoster: false,
};

export function makeDownload(values: Partial<DownloadItem> = {}): DownloadItem {
  return {
    id: "0190a0b0-0000-7000-8000-0000000000d1",
    parentId: null,
    videoId: "0190a0b0-0000-7000-8000-000000000001",
    url: "https://example.org/watch",
    title: "A quiet morning",
    state: "fetching",
    lane: "short",
    laneReason: "",
    paused: false,
    priority: 0,
    site: "example.org",
    waitsFor: "",
    userId: "u1",
    thumbnails: [],
    version: 1,
    progress: null,
    error: null,
    createdAt: page.now - 3_600_000,
    updatedAt: page.now,
    finishedAt: null,
    ...values,
  };
}

/** What a site offers, of which there is nothing more to be said. */
export function makeFound(values: Partial<FoundItem> = {}): FoundItem {
  return {
    title: "A quiet morning",
    site: "example.org",
    uploader: null,
    durationSeconds: 760,
    isLive: false,
    picture: null,
    choices: [],
    subtitles: [],
    automaticSubtitles: [],
    chapters: 0,
    estimate: { bytes: 12_400_000, seconds: 20, lane: "short", reason: "about 20 s.", cost: null },
    space: { needed: 24_800_000, free: 50_000_000_000, isEnough: true },
    onShelf: null,
    isOneOfList: false,
    playlist: null,
    ...values,
  };
}
