import type { Progress } from "../../events/events.ts";
import { cleanText } from "../../lib/text.ts";
import type { DownloadOptions } from "../../lib/download-options.ts";
import { type Choice, listChoices } from "./choices.ts";
import { clipOf } from "./extras.ts";
import type { EntryItem, FormatItem, FoundItem, PlaylistItem, ProgressStep } from "./lines.ts";

/** What a site says of a video or a playlist. All text is the site's: bounded and without control characters. */
export interface SiteInfo {
  title: string;
  /** yt-dlp's name for the kind of site, e.g. "youtube" or "generic". */
  extractor: string;
  /** The site's own id. */
  id: string;
  /** Host name without "www.". */
  site: string;
  durationSeconds: number | null;
  /** Exact where the site says so, otherwise an estimate; null until a format was chosen. */
  sizeBytes: number | null;
  width: number | null;
  height: number | null;
  videoCodec: string | null;
  audioCodec: string | null;
  /** True for a stream that is on air or announced. */
  isLive: boolean;
  /** The videos of a playlist, otherwise null. */
  entries: SiteEntry[] | null;
  thumbnailUrl: string | null;
  description: string;
  webpageUrl: string;
  uploader: string | null;
  /** YYYY-MM-DD. */
  uploadDate: string | null;
  chapters: { title: string; startSeconds: number; endSeconds: number | null }[];
  /** What each preset would bring, those that there are; empty unless it was probed. */
  choices: Choice[];
  /** The site's codes of languages, e.g. "en" or "pt-BR". */
  subtitles: string[];
  automaticSubtitles: string[];
}

export interface SiteEntry {
  url: string;
  title: string;
  durationSeconds: number | null;
}

export type SiteProgress = Omit<Progress, "stage">;

/** What a run of yt-dlp has said of a page. */
export interface Said {
  /** The video as its format was chosen, or at least as it was found. */
  video: FoundItem | null;
  playlist: PlaylistItem | null;
  entries: readonly EntryItem[];
}

/** Null while nothing was found. A list of one video, and no link, is that video. */
export function describeFound({ video, playlist, entries }: Said): SiteInfo | null {
  if (playlist && (entries.length > 1 || entries.some(isLink))) return describePlaylist(playlist, entries);
  return video && describeVideo(video);
}

/** With what each preset would bring, and of a clip what is left of the whole: as large as its share of the time. */
export function withOptions(
  info: SiteInfo,
  options: DownloadOptions,
  formats: readonly FormatItem[],
): SiteInfo {
  const choices = info.entries ? [] : listChoices(formats, options.delivery);
  const clip = clipOf(options);
  const whole = info.durationSeconds;
  if (!clip || !whole) return { ...info, choices };
  const seconds = Math.max(0, Math.min(clip.to ?? whole, whole) - clip.from);
  const share = (bytes: number | null) => (bytes === null ? null : Math.round((bytes * seconds) / whole));
  return {
    ...info,
    durationSeconds: seconds,
    sizeBytes: share(info.sizeBytes),
    choices: choices.map((choice) => ({ ...choice, sizeBytes: share(choice.sizeBytes) })),
  };
}

/** How many files make the video: 2 where picture and sound come separately. */
export function partsOf(item: FoundItem): number {
  return Math.max(1, item["requested_formats.:.format_id"]?.length ?? 1);
}

/**
 * Turns yt-dlp's progress, which starts anew with every part, into one that only grows. `sizeBytes` is
 * what is known of the whole before.
 */
export function trackProgress(parts: number, sizeBytes: number | null): (step: ProgressStep) => SiteProgress {
  let finishedParts = 0;
  let finishedBytes = 0;
  let percent = 0;
  return (step) => {
    const done = step.downloaded_bytes ?? 0;
    const partTotal = step.total_bytes ?? step.total_bytes_estimate;
    const fraction = fractionOf(step, done, partTotal);
    const total = parts === 1 ? partTotal : sizeBytes;
    const bytesDone = finishedBytes + done;
    if (fraction !== null)
      percent = Math.max(percent, (Math.min(finishedParts + fraction, parts) / parts) * 100);
    if (step.status === "finished") {
      finishedParts++;
      finishedBytes += done;
    }
    return {
      percent: fraction === null && percent === 0 ? null : Math.min(100, percent),
      bytesDone: Math.round(bytesDone),
      bytesTotal: total == null ? null : Math.round(Math.max(total, bytesDone)),
      bytesPerSecond: step.speed == null ? null : Math.round(step.speed),
      secondsLeft: step.status === "finished" ? 0 : (step.eta ?? null),
    };
  };
}

function fractionOf(step: ProgressStep, done: number, total: number | null | undefined): number | null {
  if (step.status === "finished") return 1;
  // Of a stream in pieces only the first bytes are known, from which no size can be told.
  if (step.fragment_count) return (step.fragment_index ?? 0) / step.fragment_count;
  return total ? Math.min(1, done / total) : null;
}

function describeVideo(item: FoundItem): SiteInfo {
  return {
    title: cleanLine(item["title.:500"], 200) || "Untitled",
    extractor: cleanLine(item.extractor, 100),
    id: cleanLine(item["id.:200"], 200),
    site: siteOf(item.webpage_url),
    durationSeconds: item.duration,
    sizeBytes: item.filesize ?? item.filesize_approx,
    width: item.width,
    height: item.height,
    videoCodec: codec(item.vcodec),
    audioCodec: codec(item.acodec),
    isLive: item.is_live === true || item.live_status === "is_live" || item.live_status === "is_upcoming",
    entries: null,
    thumbnailUrl: item.thumbnail,
    description: cleanText(item["description.:5000"] ?? "", 5000, { keepLines: true }),
    webpageUrl: item.webpage_url ?? "",
    uploader: cleanLine(item["uploader.:200"] ?? item["channel.:200"], 200) || null,
    uploadDate: item.upload_date?.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3") ?? null,
    chapters: describeChapters(item),
    choices: [],
    subtitles: describeLanguages(item["subtitles_table.:20000"]),
    automaticSubtitles: describeLanguages(item["automatic_captions_table.:20000"]),
  };
}

function describePlaylist(playlist: PlaylistItem, entries: readonly EntryItem[]): SiteInfo {
  return {
    title: cleanLine(playlist["title.:500"], 200) || "Untitled",
    extractor: cleanLine(playlist.extractor, 100),
    id: cleanLine(playlist["id.:200"], 200),
    site: siteOf(playlist.webpage_url),
    durationSeconds: null,
    sizeBytes: null,
    width: null,
    height: null,
    videoCodec: null,
    audioCodec: null,
    isLive: false,
    entries: entries.flatMap(describeEntry),
    thumbnailUrl: null,
    description: cleanText(playlist["description.:5000"] ?? "", 5000, { keepLines: true }),
    webpageUrl: playlist.webpage_url ?? "",
    uploader: cleanLine(playlist["uploader.:200"] ?? playlist["channel.:200"], 200) || null,
    uploadDate: null,
    chapters: [],
    choices: [],
    subtitles: [],
    automaticSubtitles: [],
  };
}

function describeEntry(item: EntryItem): SiteEntry[] {
  // Several videos on one page share its address; what tells them apart is where each one's file is.
  const file = item["formats.-1.manifest_url"] ?? item["formats.-1.url"];
  const url = isLink(item) ? (item.url ?? item.webpage_url) : (file ?? item.webpage_url);
  if (!url) return [];
  return [{ url, title: cleanLine(item["title.:200"], 200) || url, durationSeconds: item.duration }];
}

function describeChapters(item: FoundItem): SiteInfo["chapters"] {
  return (item["chapters.:200"] ?? []).map((chapter) => ({
    title: cleanLine(chapter.title, 200),
    startSeconds: chapter.start_time,
    endSeconds: chapter.end_time,
  }));
}

/** The first column of yt-dlp's table, below its heading; the row that the cut went through is left out. */
function describeLanguages(table: string | null): string[] {
  const rows = (table ?? "").split("\n").slice(1);
  const whole = table?.length === 20_000 ? rows.slice(0, -1) : rows;
  const codes = whole.flatMap((row) => /^[a-z]{2,3}(?:-[A-Za-z0-9-]{1,20})?(?=\s|$)/.exec(row) ?? []);
  return codes.slice(0, 300);
}

function isLink({ _type: type }: EntryItem): boolean {
  return type === "url" || type === "url_transparent";
}

function siteOf(url: string | null): string {
  return (url === null ? null : URL.parse(url))?.hostname.replace(/^www\./, "") ?? "";
}

function codec(name: string | null): string | null {
  return name === null || name === "none" ? null : cleanLine(name, 50);
}

function cleanLine(text: string | null | undefined, longest: number): string {
  return cleanText((text ?? "").replaceAll(/\s+/g, " "), longest);
}
