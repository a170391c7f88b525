import { type DownloadOptions, isAudio } from "../../lib/download-options.ts";

/**
 * What is put beside the picture and the sound, and what is cut. All of it is chosen from lists, or is a
 * number; none of it encodes picture or sound again.
 */
export function extraArgs(options: DownloadOptions): string[] {
  return [
    ...subtitleArgs(options),
    ...embedArgs(options),
    ...sponsorBlockArgs(options),
    ...clipArgs(options),
  ];
}

/** Whether anything was asked for that a site can fail to give while its video is fine. */
export function hasExtras(options: DownloadOptions): boolean {
  return options.subtitles.length > 0 || options.embed.length > 0 || options.sponsorblock !== "off";
}

/** Seconds of the video that are wanted; null: all of it. */
export function clipOf({ clip_from, clip_to }: DownloadOptions): { from: number; to: number | null } | null {
  if (!clip_from && clip_to === null) return null;
  return { from: clip_from ?? 0, to: clip_to };
}

/** Into the video itself, as WebVTT or what its container calls text: so they stay with the file. */
function subtitleArgs(options: DownloadOptions): string[] {
  const { subtitles, automatic_subtitles: automatic, preset } = options;
  if (subtitles.length === 0 || isAudio(preset)) return [];
  return [
    ["--write-subs", ...(automatic ? ["--write-auto-subs"] : []), "--embed-subs"],
    ["--compat-options", "no-keep-subs"],
    ["--sub-langs", subtitles.includes("all") ? "all,-live_chat" : subtitles.map(languagePattern).join(",")],
    ["--sub-format", "vtt/srt/ass/ttml/dfxp", "--convert-subs", "vtt"],
  ].flat();
}

/** "pt" means pt-BR too, but not what a machine made of another language ("pt-de", "pt-orig"). */
function languagePattern(language: string): string {
  return `${language}(-[A-Z][A-Za-z]+)?`;
}

function embedArgs(options: DownloadOptions): string[] {
  const { embed, sponsorblock } = options;
  // yt-dlp moves no chapters to where a clip begins.
  const clipped = clipOf(options) !== null;
  const chapters = (embed.includes("chapters") || sponsorblock === "mark") && !clipped;
  return [
    embed.includes("metadata") ? ["--embed-metadata", "--no-embed-info-json"] : [],
    chapters ? ["--embed-chapters"] : ["--no-embed-chapters"],
    embed.includes("thumbnail") ? ["--embed-thumbnail"] : [],
  ].flat();
}

/** What is cut goes from keyframe to keyframe. In a clip its times would mean something else. */
function sponsorBlockArgs(options: DownloadOptions): string[] {
  if (options.sponsorblock === "off" || clipOf(options)) return [];
  return options.sponsorblock === "mark"
    ? ["--sponsorblock-mark", "all"]
    : ["--sponsorblock-remove", "sponsor,selfpromo,interaction"];
}

/** From the keyframe before `from`. ffmpeg fetches it, with the limits of `remoteInput`. */
function clipArgs(options: DownloadOptions): string[] {
  const clip = clipOf(options);
  if (!clip) return [];
  const to = clip.to === null ? "inf" : decimal(clip.to);
  return ["--download-sections", `*${decimal(clip.from)}-${to}`];
}

/** Never "1e-7", which yt-dlp does not read. */
function decimal(seconds: number): string {
  return String(Number(seconds.toFixed(3)));
}

/** The limits of each of yt-dlp's runs of ffmpeg; each has to be given by the name of its step. */
export function ffmpegLimits(options: DownloadOptions): string[] {
  return [
    "--downloader-args",
    `ffmpeg_i:-protocol_whitelist ${webProtocols} -format_whitelist ${containers},${manifests}`,
    ...steps(options).flatMap(([step, limits]) => ["--postprocessor-args", `${step}+${limits}`]),
  ];
}

function steps(options: DownloadOptions): [step: string, limits: string][] {
  const local = (formats: string) => `-protocol_whitelist file -format_whitelist ${formats}`;
  const from = clipOf(options)?.from ?? 0;
  const media = ["Merger", "ExtractAudio", ...fixups].map((step): [string, string] => [
    step,
    `ffmpeg_i:${local(containers)}`,
  ]);
  return [
    ...media,
    ["SubtitlesConvertor", `ffmpeg_i:${local(texts)}`],
    // The first is the video, the others are its subtitles, which begin where the clip does.
    ["EmbedSubtitle", `ffmpeg_i1:${local(containers)}`],
    ["EmbedSubtitle", `ffmpeg_i:${local(texts)}${from > 0 ? ` -ss ${decimal(from)}` : ""}`],
    ["Metadata", `ffmpeg_i1:${local(containers)}`],
    ["Metadata", `ffmpeg_i:${local("ffmetadata")}`],
    // Its list of pieces is yt-dlp's own; what it names is held to the same formats.
    ["ModifyChapters", `ffmpeg_i:${local(`concat,${containers},${texts}`)}`],
    ["EmbedThumbnail", `ffmpeg_i1:${local(`${containers},${pictures}`)}`],
    ["EmbedThumbnail", `ffmpeg_i:${local(pictures)}`],
    ["ThumbnailsConvertor", `ffmpeg_i:${local(pictures)} -codec_whitelist ${pictureCodecs}`],
  ];
}

/** What yt-dlp mends by copying. */
const fixups = ["M3u8", "M4a", "Stretched", "Timestamp", "Duration", "DuplicateMoov"].map(
  (name) => `Fixup${name}`,
);

/** For ffmpeg where yt-dlp leaves a stream to it; ffmpeg sends these through the proxy of its environment. */
const webProtocols = "http,https,httpproxy,tcp,tls,crypto,data";

/** What ffmpeg may take a downloaded file for; playlists and lists of files are not among it. */
const containers =
  "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,flv,avi,asf,ogg,aac,ac3,eac3,mp3,flac,wav,h264,hevc,m4v,ivf";
/** And what it may take a link for, where only web protocols are open. */
const manifests = "hls,dash,webvtt";
const texts = "webvtt,srt,ass";
const pictures = "image2,jpeg_pipe,png_pipe,webp_pipe,gif";
/** Not SVG, which can name other files. */
const pictureCodecs = "mjpeg,png,webp,gif";
