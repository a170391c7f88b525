/**
 * Containers that we take; every other demuxer is closed, above all those of text (HLS, DASH, ffconcat),
 * which open further files: an upload named .mp4 could otherwise read what the server can read.
 */
const containers = "mov,matroska,avi,mpegts,mpeg,flv,ogg,wav,mp3,aac,flac,asf,mxf";

/** Larger than 8192 × 8192 is no video but a bomb. */
const maxPixels = String(8192 * 8192);

/** `-i` for ffmpeg and ffprobe, for a local file that a stranger made. */
export function guardedInput(path: string, ...options: string[]): string[] {
  const limits = ["-protocol_whitelist", "file", "-format_whitelist", containers, "-max_pixels", maxPixels];
  return [...limits, ...options, "-i", `file:${path}`];
}
