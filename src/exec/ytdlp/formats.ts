import { type DownloadOptions, isAudio, type Preset } from "../../lib/download-options.ts";

/** What goes through an HTTP proxy; rtmp, rtsp, mms and ftp would go round it. */
export const proxiedProtocols = "^(https?|m3u8(_native)?|http_dash_segments(_generator)?|ism|f4m)$";
const proxied = `[protocol~='${proxiedProtocols}']`;
/** H.264 and AAC play everywhere. Unknown ("?") counts as that: sites that don't say mostly mean it. */
const playableVideo = "[vcodec~=?'^(avc|h264)']";
const playableAudio = "[acodec~=?'^(mp4a|aac)']";

/** The options that say which of a site's formats come and in what they end; nothing of a video is encoded. */
export function formatArgs(options: DownloadOptions): string[] {
  const sort = formatSort(options);
  return [
    ["--format", formatSelection(options.preset)],
    sort.length > 0 ? ["--format-sort", sort.join(",")] : [],
    ["--merge-output-format", "mp4/webm/mkv"],
    audioArgs(options.preset),
  ].flat();
}

/** The height that a preset is called after; null for the others. */
export function heightOf(preset: Preset): number | null {
  const height = /^(\d+)p$/.exec(preset)?.[1];
  return height === undefined ? null : Number(height);
}

function formatSelection(preset: Preset): string {
  if (isAudio(preset)) return audioSelection(preset);
  const best = [`bv*${proxied}+ba${proxied}`, `b${proxied}`, `bv*${proxied}`, `ba${proxied}`];
  const playable = [
    `bv*${proxied}${playableVideo}+ba${proxied}${playableAudio}`,
    `b${proxied}${playableVideo}${playableAudio}`,
  ];
  return (preset === "everywhere" ? [...playable, ...best] : best).join("/");
}

function audioSelection(preset: "m4a" | "mp3" | "opus"): string {
  const codec = { m4a: "^(mp4a|aac)", mp3: "^mp3", opus: "^opus" }[preset];
  const wanted = `${proxied}[acodec~='${codec}']`;
  const ext = preset === "opus" ? [] : [`ba${proxied}[ext=${preset}]`];
  return [`ba${wanted}`, ...ext, `b${wanted}`, `ba${proxied}`, `b${proxied}`].join("/");
}

/**
 * yt-dlp's order of "best first" (README, "Sorting Formats"): `res:720` puts the next lower one first where
 * there is no 720, and the lowest above where there is nothing lower; it goes by the shorter side, so that
 * an upright video counts as what it is called. The site's own language comes before any dubbed sound.
 */
function formatSort({ preset, delivery }: DownloadOptions): string[] {
  const height = heightOf(preset);
  const ways = { any: [], progressive: ["proto"], hls: ["proto:m3u8"] }[delivery];
  if (isAudio(preset)) return [...ways, "lang", "abr", "+res"];
  // What fits into an MP4 with AAC first: a copy of the video for browsers need not be made then.
  const playable = ["vext", "vcodec:h264", "acodec:aac"];
  if (height !== null) return [...ways, "lang", `res:${height}`, ...playable];
  return ways;
}

/**
 * Sound alone is the one place where yt-dlp's ffmpeg may encode, and only to MP3: where MP3 was asked for and the
 * site has none, or where a codec has no file of its own. "best" copies AAC to .m4a, Opus to .opus and so on.
 */
function audioArgs(preset: Preset): string[] {
  if (!isAudio(preset)) return [];
  const mp3 = ["--audio-format", "mp3", "--audio-quality", "0"];
  return ["--extract-audio", ...(preset === "mp3" ? mp3 : ["--audio-format", "best"])];
}
