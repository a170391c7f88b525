import type { ThumbnailName } from "../paths.ts";
import { ffmpegStart } from "./ffmpeg.ts";
import { guardedInput } from "./ffmpeg-input.ts";
import type { MediaInfo, VideoTrack } from "./ffprobe.ts";

/** One picture to take. */
export interface Shot {
  name: ThumbnailName;
  atSeconds: number;
  width: number;
  height: number;
  /** ffmpeg's filters from an upright frame to the finished picture. */
  filter: string;
}

/** Thumbnails at 10, 50 and 90 %, and the first frame as poster; all at the start where no length is known. */
export function planShots(video: VideoTrack, durationSeconds: number | null): Shot[] {
  const at = (share: number) => (durationSeconds ?? 0) * share;
  return [
    { name: "1", atSeconds: at(0.1), ...thumbnailShape(video) },
    { name: "2", atSeconds: at(0.5), ...thumbnailShape(video) },
    { name: "3", atSeconds: at(0.9), ...thumbnailShape(video) },
    { name: "poster", atSeconds: 0, ...posterShape(video) },
  ];
}

/** JPEG knows no more than eight bits and, as browsers show it, full-range colour. */
const forJpeg = "setsar=1,format=yuvj420p";

/** 640 wide, as high as its shape asks for; only what is taller than 1:2 gets narrower. */
function thumbnailShape({ width, height }: VideoTrack) {
  const scale = Math.min(640 / width, 1280 / height);
  const even = (length: number) => Math.max(2, 2 * Math.round((length * scale) / 2));
  const size = { width: even(width), height: even(height) };
  return { ...size, filter: `scale=${size.width}:${size.height},${forJpeg}` };
}

/** Exactly 1280×720: a shape close to 16:9 loses its edge, every other gets black bars. */
export function posterShape({ width, height }: Pick<VideoTrack, "width" | "height">) {
  const [w, h] = [1280, 720];
  const shape = width / height / (w / h);
  const isClose = shape > 0.94 && shape < 1.06;
  const scale = isClose ? Math.max(w / width, h / height) : Math.min(w / width, h / height);
  const even = (length: number) => Math.max(2, 2 * Math.round((length * scale) / 2));
  const fit = isClose ? `crop=${w}:${h}` : `pad=${w}:${h}:-1:-1`;
  return { width: w, height: h, filter: `scale=${even(width)}:${even(height)},${fit},${forJpeg}` };
}

/**
 * Whether seeking goes to the keyframe before the time, some seconds off as keyframes are usually set, or
 * decodes from there up to it. In a short video the first would give three times the same picture.
 */
export function prefersKeyframes({ durationSeconds }: MediaInfo): boolean {
  return durationSeconds !== null && durationSeconds >= 120;
}

/**
 * Whether a keyframe at `seconds` may stand for the shot. One that is more than a minute away may too: with
 * so few keyframes, decoding up to the exact time could take as long as playing.
 */
export function isCloseEnough(shot: Shot, seconds: number, durationSeconds: number | null): boolean {
  const gap = Math.abs(shot.atSeconds - seconds);
  return gap <= Math.max(0.5, (durationSeconds ?? 0) * 0.08) || gap > 60;
}

/**
 * How to get to a shot: `keyframe` takes the keyframe before it, `accurate` decodes from there, `early` begins
 * some keyframes before (ffmpeg misses the last ones of a transport stream), `first` takes the first frame.
 */
export type Seek = "keyframe" | "accurate" | "early" | "first";

/**
 * One input for each shot, so that several are taken by one ffmpeg; into the folder that it runs in. `stream` is
 * ffmpeg's letter: "V" for a moving picture, "v" for a cover as well.
 */
export function seekArgs(
  path: string,
  shots: readonly Shot[],
  seek: Seek,
  stream: "V" | "v" = "V",
): string[] {
  const inputs = shots.flatMap((shot) => guardedInput(path, "-an", "-sn", "-dn", ...seekOptions(shot, seek)));
  const outputs = shots.flatMap((shot, i) => {
    const skip = seek === "early" ? [`trim=start=${leadSeconds(shot)}`] : [];
    return ["-map", `${i}:${stream}:0`, "-vf", [...skip, shot.filter].join(","), ...outputOf(shot)];
  });
  return [...ffmpegStart, ...inputs, ...outputs];
}

function seekOptions(shot: Shot, seek: Seek): string[] {
  const to = (seconds: number) => (seconds > 0 ? ["-ss", seconds.toFixed(3)] : []);
  if (seek === "first") return [];
  if (seek === "early") return to(shot.atSeconds - leadSeconds(shot));
  if (seek === "accurate") return to(shot.atSeconds);
  // The tiny length ends the input behind the keyframe: the decoder hands it out at once, instead of
  // reading on for frames that it would reorder.
  const keyframesOnly = ["-skip_frame", "nokey", "-noaccurate_seek", "-threads", "1", "-t", "0.001"];
  return [...keyframesOnly, ...to(shot.atSeconds)];
}

function leadSeconds({ atSeconds }: Shot): number {
  return Math.min(atSeconds, 15);
}

/** The nth frame that comes in on stdin, H.264 in Annex B form, becomes the nth shot. */
export function keyframeArgs(shots: readonly Shot[], rotation: number): string[] {
  const limits = ["-protocol_whitelist", "pipe", "-probesize", "32", "-analyzeduration", "0"];
  const input = [...limits, "-f", "h264", "-i", "pipe:0"];
  const outputs = shots.flatMap((shot, i) => {
    const filters = [`select=eq(n\\,${i})`, "setpts=0", ...uprightFilters(rotation), shot.filter];
    return ["-map", "0:v:0", "-vf", filters.join(","), ...outputOf(shot)];
  });
  return [...ffmpegStart, ...input, ...outputs];
}

/** A bare stream has lost the matrix that ffmpeg would go by. */
function uprightFilters(rotation: number): string[] {
  if (rotation === 90) return ["transpose=clock"];
  if (rotation === 180) return ["hflip", "vflip"];
  return rotation === 270 ? ["transpose=cclock"] : [];
}

/** -update: the name is one file's, not a pattern. */
function outputOf(shot: Shot): string[] {
  return ["-frames:v", "1", "-threads", "1", "-q:v", "3", "-f", "image2", "-update", "1", fileOf(shot)];
}

export function fileOf(shot: Shot): string {
  return `${shot.name}.jpg`;
}
