import type { VideoItem } from "../../src/features/videos/item.ts";
import { paths } from "../../src/paths.ts";

/** "1080p", "4K": the shorter side, so that upright videos are named as people name them. */
export function resolutionOf({ width, height }: Pick<VideoItem, "width" | "height">): string | null {
  if (!width || !height) return null;
  const lines = Math.min(width, height);
  if (lines === 4320) return "8K";
  return lines === 2160 ? "4K" : `${lines}p`;
}

/** Where the file plays that the page shows now: another that takes its place has another address. */
export function streamOf({ id, sha256 }: Pick<VideoItem, "id" | "sha256">): string {
  return paths.stream(id, sha256?.slice(0, 8));
}

/** What is shown before it plays: the picture that somebody chose, else the first frame. */
export function posterOf(
  video: Pick<VideoItem, "id" | "thumbnails" | "hasPoster" | "updatedAt">,
): string | undefined {
  const name = video.thumbnails.includes(0) ? "own" : video.hasPoster ? "poster" : null;
  return name === null ? undefined : paths.thumbnail(video.id, name, video.updatedAt);
}

/** True where there is something to see, and yet no picture of it could be taken. */
export function hasNoPicture(
  video: Pick<VideoItem, "state" | "thumbnailError" | "thumbnails" | "videoCodec">,
): boolean {
  const isReady = video.state === "READY" && video.videoCodec !== null;
  return isReady && video.thumbnailError !== null && video.thumbnails.length === 0;
}

/** True while work on it goes on: such parts of a page are asked for again when messages may have been missed. */
export function isUnfinished({ state }: Pick<VideoItem, "state">): boolean {
  return state === "PENDING" || state === "PROCESSING";
}
