import type { Container, MediaInfo } from "./ffprobe.ts";

/** What must be done so that current browsers play a file, and why, for the log and the person. */
export type PlayablePlan =
  | { action: "as_it_is"; why: string }
  | { action: "remux"; container: "mp4" | "webm"; why: string }
  | { action: "transcode"; why: string };

/**
 * Whether Chrome, Firefox and Safari play it. An MP4 with its table of contents at the end stays as it is:
 * players find it by a range request, one round trip later. QuickTime is remuxed although Chrome would play
 * it: the others go by the brand or the type, and copying costs no more than reading the file.
 */
export function planPlayable(info: MediaInfo): PlayablePlan {
  if (info.video === null) return planSound(info);
  const { container } = info;
  const video = info.video.codec;
  const audio = info.audio?.codec ?? null;
  const pixels = info.video.pixelFormat;

  if (!playedVideo.has(video)) return { action: "transcode", why: `browsers don't play ${video}` };
  if (video === "h264" && pixels !== null && !/^yuvj?420p$/.test(pixels)) {
    return { action: "transcode", why: `browsers don't play H.264 in ${pixels}` };
  }
  if (fits("webm", video, audio)) {
    if (container === "webm") return { action: "as_it_is", why: "WebM" };
    if (!fits("mp4", video, audio))
      return { action: "remux", container: "webm", why: `${video} in ${container}` };
  }
  if (!fits("mp4", video, audio))
    return { action: "transcode", why: `browsers don't play ${audio} with ${video}` };
  if (container === "mp4") return { action: "as_it_is", why: "MP4" };
  return { action: "remux", container: "mp4", why: `browsers play ${video}, but not in ${container}` };
}

const playedVideo = new Set(["h264", "av1", "vp9", "vp8"]);

const codecs = {
  mp4: { video: ["h264", "av1", "vp9"], audio: ["aac", "mp3", "opus", "flac"] },
  webm: { video: ["vp8", "vp9", "av1"], audio: ["opus", "vorbis"] },
};

function fits(container: "mp4" | "webm", video: string, audio: string | null): boolean {
  const known = codecs[container];
  return known.video.includes(video) && (audio === null || known.audio.includes(audio));
}

/** Sound alone; a piece of music keeps its container where a browser's <video> plays it. */
function planSound({ container, audio }: MediaInfo): PlayablePlan {
  const codec = audio?.codec ?? "";
  if (soundIn[container]?.includes(codec)) return { action: "as_it_is", why: `${codec} in ${container}` };
  if (codecs.mp4.audio.includes(codec)) {
    return { action: "remux", container: "mp4", why: `browsers play ${codec}, but not in ${container}` };
  }
  if (codecs.webm.audio.includes(codec)) {
    return { action: "remux", container: "webm", why: `browsers play ${codec}, but not in ${container}` };
  }
  return { action: "transcode", why: `browsers don't play ${codec || "it"}` };
}

const soundIn: Partial<Record<Container, readonly string[]>> = {
  mp4: codecs.mp4.audio,
  webm: codecs.webm.audio,
  ogg: ["opus", "vorbis", "flac"],
  mp3: ["mp3"],
  aac: ["aac"],
  flac: ["flac"],
  wav: ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_f32le"],
};
