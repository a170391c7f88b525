import type { DownloadOptions } from "../../lib/download-options.ts";
import { maxUrlLength } from "../../lib/url-policy.ts";
import { clipOf, extraArgs, ffmpegLimits, hasExtras } from "./extras.ts";
import { formatArgs } from "./formats.ts";

/** The name of everything that is written: `original.mp4`, `original.info.json`, `original.mp4.part`. */
export const outputName = "original";
export const infoJsonName = `${outputName}.info.json`;

/** How the lines that we asked for begin on yt-dlp's stdout; the rest of each is JSON in ASCII. */
export const linePrefix = {
  found: "HR1 ",
  chosen: "HR2 ",
  progress: "HR3 ",
  file: "HR4 ",
  formats: "HR5 ",
  playlist: "HR6 ",
  entries: "HR7 ",
} as const;

export interface ArgsInput {
  /** From `checkUrl`. */
  url: URL;
  /** Of an egress pass. */
  proxyUrl: string;
  /** The folder with `ffmpeg` and `ffprobe`. */
  programFolder: string;
  /** From `Tools`, e.g. `deno:/usr/bin/deno`. */
  jsRuntime: string | null;
  /** What a person chose: names from lists, and numbers; nothing else of theirs ever becomes an option. */
  options: DownloadOptions;
  /** Also the other videos of a link that means one video of a playlist. */
  wholePlaylist?: boolean;
  /** A Netscape cookie file that may be written to. */
  cookiesFile?: string;
  /** Entries of a playlist that are looked at. */
  maxEntries: number;
}

/** Only looks: prints what is there and writes nothing. */
export function buildProbeArgs(input: ArgsInput): string[] {
  const formats = ["--print", `before_dl:${linePrefix.formats}${formatsTemplate}`];
  // Not --simulate: with it each entry of a playlist would be printed by itself (see `printPlaylist`).
  // And a name without fields: yt-dlp works it out twice for each of them.
  const onlyLooking = ["--no-simulate", "--skip-download", "--output", outputName];
  return [...commonArgs(input), ...onlyLooking, ...formats, ...printChosen(), ...target(input)];
}

/**
 * Looks, prints what was found and chosen, and downloads in the same process (its start is half a second
 * of Python). A playlist is printed and left alone. `resume` takes what the last run wrote about the video
 * (`infoJsonName`) instead of asking the site again.
 */
export function buildFetchArgs(input: ArgsInput & { resume?: boolean }): string[] {
  const { options } = input;
  // The description of a clip has moved its times already: with --download-sections they would move again.
  const resume = input.resume && clipOf(options) === null;
  return [
    commonArgs(input),
    // Without an extra that a site can't give the video comes all the same; every other error ends the run.
    hasExtras(options) ? ["--ignore-errors"] : [],
    onlyOneVideo,
    options.live_from_start ? ["--live-from-start"] : [],
    extraArgs(options),
    ["--output", `${outputName}.%(ext)s`],
    downloadingArgs(),
    ["--no-simulate", ...(resume ? ["--load-info-json", infoJsonName] : target(input))],
  ].flat();
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
    ffmpegLimits(input.options),
    [input.wholePlaylist ? "--yes-playlist" : "--no-playlist", "--flat-playlist"],
    ["--playlist-items", `1:${Math.max(1, Math.trunc(input.maxEntries))}`],
    formatArgs(input.options),
    ["--print", `after_filter:${linePrefix.found}${asJson(foundFields)}`],
    printPlaylist(input.maxEntries),
    ["--print", `after_move:${linePrefix.file}%(filepath)j`],
  ].flat();
}

function printChosen(): string[] {
  return ["--print", `before_dl:${linePrefix.chosen}${asJson(chosenFields)}`];
}

/**
 * At the end and by the hundred: printed one by one, 50,000 entries took yt-dlp six minutes instead of one.
 * A line that a site makes too long is lost, so not all of them are in one.
 */
function printPlaylist(maxEntries: number): string[] {
  const lines = Math.ceil(Math.max(1, maxEntries) / entriesInLine);
  const slices = Array.from({ length: lines }, (_, i) => `${i * entriesInLine}:${(i + 1) * entriesInLine}`);
  return [
    `${linePrefix.playlist}${asJson(playlistFields)}`,
    ...slices.map((slice) => `${linePrefix.entries}${asJson(entryFields, `entries.${slice}`)}`),
  ].flatMap((template) => ["--print", `playlist:${template}`]);
}

const entriesInLine = 250;

/**
 * Alternatives of which one must fit (`--match-filters`): one video, or an entry that is only a link, which
 * `--flat-playlist` lists and does not follow.
 */
const onlyOneVideo = ["!playlist_index", "n_entries=1", "_type=url", "_type=url_transparent"].flatMap(
  (filter) => ["--match-filters", filter],
);

function downloadingArgs(): string[] {
  return [
    // By then the description is on disk, so that a run that is stopped here can be taken up.
    printChosen(),
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

/** Text that a site can make as long as it likes is cut by yt-dlp itself. */
const foundFields = ["id.:200 title.:500 webpage_url extractor duration is_live live_status thumbnail"];

const playlistFields = [
  "id.:200 title.:500 webpage_url extractor uploader.:200 channel.:200 description.:5000",
];

const entryFields = ["_type title.:200 url webpage_url duration formats.-1.url formats.-1.manifest_url"];

const chosenFields = [
  ...foundFields,
  "description.:5000 uploader.:200 channel.:200 upload_date chapters.:200",
  "filesize filesize_approx width height vcodec acodec ext requested_formats.:.format_id",
  "subtitles_table.:20000 automatic_captions_table.:20000",
];

/** Of every format, best last, what tells which of them a preset would bring. */
const formatsTemplate =
  "%(formats.-300:.{vcodec,acodec,width,height,ext,protocol,filesize,filesize_approx,abr,language_preference})j";

const progressFields = [
  "status downloaded_bytes total_bytes total_bytes_estimate speed eta fragment_index fragment_count",
];

/** yt-dlp's output template for an object with these fields, in ASCII and on one line. */
function asJson(fields: string[], of = ""): string {
  return `%(${of}.{${fields.join(" ").replaceAll(" ", ",")}})j`;
}
