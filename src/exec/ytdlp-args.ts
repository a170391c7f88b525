import { maxUrlLength } from "../lib/url-policy.ts";

/** What a person can choose; nothing else of theirs ever becomes part of an option. */
export const formatPresets = ["everywhere", "best", "1080p", "720p", "480p"] as const;
export type FormatPreset = (typeof formatPresets)[number];

/** The name of everything that is written: `original.mp4`, `original.info.json`, `original.mp4.part`. */
export const outputName = "original";
export const infoJsonName = `${outputName}.info.json`;

/** How the lines that we asked for begin on yt-dlp's stdout; the rest of each is JSON in ASCII. */
export const linePrefix = { found: "HR1 ", chosen: "HR2 ", progress: "HR3 ", file: "HR4 " } as const;

export interface ArgsInput {
  /** From `checkUrl`. */
  url: URL;
  /** Of an egress pass. */
  proxyUrl: string;
  /** The folder with `ffmpeg` and `ffprobe`. */
  programFolder: string;
  /** From `Tools`, e.g. `deno:/usr/bin/deno`. */
  jsRuntime: string | null;
  preset: FormatPreset;
  /** Also the other videos of a link that means one video of a playlist. */
  wholePlaylist?: boolean;
  /** A Netscape cookie file that may be written to. */
  cookiesFile?: string;
  /** Entries of a playlist that are looked at. */
  maxEntries: number;
}

/** Only looks: prints what is there and writes nothing. */
export function buildProbeArgs(input: ArgsInput): string[] {
  return [...commonArgs(input), "--simulate", ...printChosen("video"), ...target(input)];
}

/**
 * Looks, prints what was found and chosen, and downloads in the same process (its start is half a second
 * of Python). A playlist or a live stream is printed and left alone. `resume` takes what the last run
 * wrote about the video (`infoJsonName`) instead of asking the site again.
 */
export function buildFetchArgs(input: ArgsInput & { resume?: boolean }): string[] {
  const source = input.resume ? ["--load-info-json", infoJsonName] : target(input);
  return [...commonArgs(input), ...onlyOneVideo, ...downloadingArgs(), "--no-simulate", ...source];
}

/** yt-dlp --help, 2026.10; what reads or runs anything besides the page is off. */
function commonArgs(input: ArgsInput): string[] {
  return [
    ["--ignore-config", "--no-plugin-dirs", "--no-cache-dir", "--no-exec", "--no-remote-components"],
    ["--no-update", "--color", "never", "--abort-on-error"],
    ["--proxy", input.proxyUrl, "--socket-timeout", "20", "--extractor-retries", "2"],
    ["--no-js-runtimes", ...(input.jsRuntime ? ["--js-runtimes", input.jsRuntime] : [])],
    input.cookiesFile ? ["--cookies", input.cookiesFile] : [],
    ["--ffmpeg-location", input.programFolder],
    ["--downloader", "m3u8,dash:native"],
    ["--downloader-args", `ffmpeg_i:-protocol_whitelist ${webProtocols}`],
    localSteps.flatMap((step) => [
      "--postprocessor-args",
      `${step}+ffmpeg_i:-format_whitelist ${containers}`,
    ]),
    [input.wholePlaylist ? "--yes-playlist" : "--no-playlist", "--flat-playlist"],
    ["--playlist-items", `1:${Math.max(1, Math.trunc(input.maxEntries))}`],
    ["--format", formatSelection(input.preset), "--merge-output-format", "mp4/webm/mkv"],
    ["--output", `${outputName}.%(ext)s`],
    ["--print", `pre_process:${linePrefix.found}${asJson(foundFields)}`],
    ["--print", `after_move:${linePrefix.file}%(filepath)j`],
  ].flat();
}

function printChosen(when: "video" | "before_dl"): string[] {
  return ["--print", `${when}:${linePrefix.chosen}${asJson(chosenFields)}`];
}

/**
 * Alternatives of which one must fit (`--match-filters`): one video that isn't live, or an entry that is
 * only a link, which `--flat-playlist` prints and does not follow.
 */
const onlyOneVideo = [
  "!playlist_index & !is_live",
  "n_entries=1 & !is_live",
  "_type=url",
  "_type=url_transparent",
].flatMap((filter) => ["--match-filters", filter]);

function downloadingArgs(): string[] {
  return [
    // By then the description is on disk, so that a run that is stopped here can be taken up.
    printChosen("before_dl"),
    ["--continue", "--no-mtime", "--write-info-json", "--no-write-playlist-metafiles"],
    ["--retries", "3", "--fragment-retries", "3"],
    ["--retry-sleep", "http:exp=1:4", "--retry-sleep", "fragment:exp=1:4"],
    // A video with holes in it must not count as a video.
    ["--abort-on-unavailable-fragments", "--concurrent-fragments", "4"],
    ["--progress", "--newline", "--progress-delta", "0.25"],
    ["--progress-template", `download:${linePrefix.progress}${asJson(progressFields, "progress")}`],
  ].flat();
}

function target({ url }: ArgsInput): string[] {
  if (!/^https?:$/.test(url.protocol) || url.href.length > maxUrlLength)
    throw new Error("the URL was not checked");
  return ["--", url.href];
}

/** What goes through an HTTP proxy; rtmp, rtsp, mms and ftp would go round it. */
const proxied = "[protocol~='^(https?|m3u8(_native)?|http_dash_segments(_generator)?|ism|f4m)$']";
/** H.264 and AAC play everywhere. Unknown ("?") counts as that: sites that don't say mostly mean it. */
const playableVideo = "[vcodec~=?'^(avc|h264)']";
const playableAudio = "[acodec~=?'^(mp4a|aac)']";

function formatSelection(preset: FormatPreset): string {
  const height = /^(\d+)p$/.exec(preset)?.[1];
  const only = `${proxied}${height ? `[height<=?${height}]` : ""}`;
  const best = [`bv*${only}+ba${proxied}`, `b${only}`, `bv*${only}`, `b${proxied}`];
  const playable = [
    `bv*${only}${playableVideo}+ba${proxied}${playableAudio}`,
    `b${only}${playableVideo}${playableAudio}`,
  ];
  return (preset === "best" ? best : [...playable, ...best]).join("/");
}

/** For ffmpeg where yt-dlp leaves a stream to it; ffmpeg sends these through the proxy of its environment. */
const webProtocols = "http,https,httpproxy,tcp,tls,crypto,data";

/** What yt-dlp does with ffmpeg after a download; a limit for ffmpeg has to be given for each by its name. */
const localSteps = [
  "Merger",
  "FixupM3u8",
  "FixupM4a",
  "FixupStretched",
  "FixupTimestamp",
  "FixupDuration",
  "FixupDuplicateMoov",
];

/** What ffmpeg may take a downloaded file for; playlists and lists of files are not among it. */
const containers =
  "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,flv,avi,asf,ogg,aac,ac3,eac3,mp3,flac,wav,h264,hevc,m4v,ivf";

/** Text that a site can make as long as it likes is cut by yt-dlp itself. */
const foundFields = [
  "_type id.:200 title.:500 url formats.-1.url formats.-1.manifest_url webpage_url extractor duration",
  "is_live live_status thumbnail n_entries playlist_title.:500 playlist_uploader.:200 playlist_webpage_url",
];

const chosenFields = [
  ...foundFields,
  "description.:5000 uploader.:200 channel.:200 upload_date chapters.:200",
  "filesize filesize_approx width height vcodec acodec requested_formats.:.format_id",
];

const progressFields = [
  "status downloaded_bytes total_bytes total_bytes_estimate speed eta fragment_index fragment_count",
];

/** yt-dlp's output template for an object with these fields, in ASCII and on one line. */
function asJson(fields: string[], of = ""): string {
  return `%(${of}.{${fields.join(" ").replaceAll(" ", ",")}})j`;
}
