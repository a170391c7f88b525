import { open, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { guardedInput } from "./ffmpeg-input.ts";
import { recordedAt } from "./recorded-at.ts";
import { run, RunError } from "./run.ts";
import type { Tools } from "./tools.ts";

export interface MediaInfo {
  container: Container;
  /** Null where the file does not say, as recordings of browsers don't. */
  durationSeconds: number | null;
  sizeBytes: number;
  /** When it was recorded, as the file says; milliseconds since 1970. Of what else it says of its maker nothing is read. */
  recordedAt: number | null;
  /** Bits per second, of everything together. */
  bitrate: number | null;
  video: VideoTrack | null;
  audio: AudioTrack | null;
  /** The picture that music files carry, where there is no other; `video` is null then. */
  cover: VideoTrack | null;
}

export type Container =
  | "mp4"
  | "mov"
  | "webm"
  | "matroska"
  | "avi"
  | "mpegts"
  | "mpeg"
  | "flv"
  | "ogg"
  | "wav"
  | "mp3"
  | "aac"
  | "flac"
  | "asf"
  | "mxf";

export interface VideoTrack {
  /** As ffmpeg names it: h264, hevc, vp9, av1 … */
  codec: string;
  profile: string | null;
  /** As it is shown: upright and with square pixels. */
  width: number;
  height: number;
  fps: number | null;
  pixelFormat: string | null;
  /** Degrees clockwise by which a player turns the picture to show it upright: 0, 90, 180 or 270. */
  rotation: number;
}

export interface AudioTrack {
  codec: string;
  channels: number | null;
}

/**
 * Reads what a local file is. Throws `not_a_video` for everything that is no container we accept, playlists
 * that call themselves .mp4 included, `tool_missing` or `took_too_long`, and the signal's reason where aborted.
 */
export async function probe(
  { tools }: { tools: Tools },
  path: string,
  { signal, deadlineMs = 60_000 }: { signal?: AbortSignal; deadlineMs?: number } = {},
): Promise<MediaInfo> {
  const file = resolve(path);
  const { size } = await stat(file);
  if (size === 0) throw new AppError("not_a_video", "The file is empty.");
  const argv = [tools.ffprobe, ...ffprobeArgs(file)];
  try {
    const { stdout } = await run({ argv, cwd: dirname(file), signal, deadlineMs });
    return parseProbe(JSON.parse(stdout), { sizeBytes: size, isWebm: await isWebm(file) });
  } catch (error) {
    throw error instanceof RunError ? explain(error) : error;
  }
}

export function ffprobeArgs(path: string): string[] {
  const shown = ["-show_format", "-show_streams", "-of", "json"];
  return ["-hide_banner", "-v", "error", ...shown, ...guardedInput(path)];
}

/** `json` is what ffprobe prints; `isWebm` because it gives WebM and Matroska the same name. */
export function parseProbe(
  json: unknown,
  { sizeBytes, isWebm: webm, now = Date.now() }: { sizeBytes: number; isWebm: boolean; now?: number },
): MediaInfo {
  const { format, streams } = probeSchema.parse(json);
  const pictures = streams.filter((stream) => stream.codec_type === "video");
  const moving = pictures.find((stream) => stream.disposition?.attached_pic !== 1);
  const video = moving ? videoTrack(moving) : null;
  const [still] = video === null ? pictures : [];
  const sound = streams.find((stream) => stream.codec_type === "audio");
  const audio = sound ? { codec: sound.codec_name ?? "unknown", channels: sound.channels ?? null } : null;
  if (video === null && audio === null) {
    throw new AppError("not_a_video", "The file contains neither picture nor sound.");
  }
  return {
    container: containerOf(format.format_name, format.tags?.major_brand, webm),
    durationSeconds: positive(format.duration) ?? positive(moving?.duration) ?? positive(sound?.duration),
    recordedAt: recordedAt(format.tags ?? {}, now),
    sizeBytes,
    bitrate: positive(format.bit_rate),
    video,
    audio,
    cover: still ? videoTrack(still) : null,
  };
}

const streamSchema = z.object({
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  profile: z.string().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  pix_fmt: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  sample_aspect_ratio: z.string().optional(),
  duration: z.string().optional(),
  channels: z.number().optional(),
  disposition: z.object({ attached_pic: z.number().optional() }).optional(),
  tags: z.object({ rotate: z.string().optional() }).optional(),
  side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
});

const probeSchema = z.object({
  streams: z.array(streamSchema),
  format: z.object({
    format_name: z.string(),
    duration: z.string().optional(),
    bit_rate: z.string().optional(),
    // These and no others: where it was, with which device and by whom must not get any further.
    tags: z
      .object({
        major_brand: z.string().optional(),
        creation_time: z.string().optional(),
        "com.apple.quicktime.creationdate": z.string().optional(),
      })
      .optional(),
  }),
});

/** Null where ffprobe found no size, which means that no frame could be decoded. */
function videoTrack(stream: z.infer<typeof streamSchema>): VideoTrack | null {
  if (!stream.width || !stream.height) return null;
  const rotation = rotationOf(stream);
  const width = Math.round(stream.width * (fraction(stream.sample_aspect_ratio) ?? 1));
  const turned = rotation === 90 || rotation === 270;
  return {
    codec: stream.codec_name ?? "unknown",
    profile: stream.profile ?? null,
    width: turned ? stream.height : width,
    height: turned ? width : stream.height,
    fps: fraction(stream.avg_frame_rate),
    pixelFormat: stream.pix_fmt ?? null,
    rotation,
  };
}

/** The display matrix counts anticlockwise, the `rotate` tag of older ffmpegs clockwise. */
function rotationOf(stream: z.infer<typeof streamSchema>): number {
  const matrix = stream.side_data_list?.find((data) => data.rotation !== undefined)?.rotation;
  const degrees = matrix === undefined ? Number(stream.tags?.rotate ?? 0) : -matrix;
  return Number.isFinite(degrees) ? (((Math.round(degrees / 90) * 90) % 360) + 360) % 360 : 0;
}

/** ffmpeg calls a demuxer by all names of its family, e.g. `mov,mp4,m4a,3gp,3g2,mj2`. */
function containerOf(formatName: string, majorBrand: string | undefined, webm: boolean): Container {
  const [first = ""] = formatName.split(",");
  if (first === "mov") return majorBrand === undefined || majorBrand.trim() === "qt" ? "mov" : "mp4";
  if (first === "matroska") return webm ? "webm" : "matroska";
  return first as Container;
}

/** The EBML header names its document type within the first bytes (RFC 8794, section 11.2.8). */
async function isWebm(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(128), 0, 128, 0);
    return buffer.subarray(0, bytesRead).includes("webm");
  } finally {
    await handle.close();
  }
}

function positive(text: string | undefined): number | null {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : null;
}

/** `30000/1001` and `4:3`; null for `0/0` and the like. */
function fraction(text: string | undefined): number | null {
  const [over = Number.NaN, under = Number.NaN] = (text ?? "").split(/[/:]/).map(Number);
  return over > 0 && under > 0 ? over / under : null;
}

function explain(error: RunError): unknown {
  if (error.reason === "missing") {
    return new AppError("tool_missing", "ffprobe is missing on this server.", {
      hint: "Install ffmpeg, or set [tools] ffprobe.",
      cause: error,
    });
  }
  if (error.reason === "deadline") {
    return new AppError("took_too_long", "Reading the file took too long.", { cause: error });
  }
  if (error.reason === "exit") {
    return new AppError("not_a_video", "This is not a video that can be read.", {
      hint: "The file may be incomplete or damaged, or of a kind that is not supported.",
      cause: error,
    });
  }
  return error.reason === "aborted" ? error.cause : error;
}
