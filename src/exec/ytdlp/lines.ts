import { z } from "zod";
import { linePrefix } from "./args.ts";

export type OutputLine =
  | { kind: "found" | "chosen"; item: FoundItem }
  | { kind: "formats"; formats: FormatItem[] }
  | { kind: "playlist"; playlist: PlaylistItem }
  | { kind: "entries"; entries: EntryItem[] }
  | { kind: "progress"; step: ProgressStep }
  | { kind: "file"; path: string };

/** One line of yt-dlp's stdout; null for anything that we did not ask for. */
export function parseLine(line: string): OutputLine | null {
  const kind = kinds.find((candidate) => line.startsWith(linePrefix[candidate]));
  if (!kind) return null;
  const json = parseJson(line.slice(linePrefix[kind].length));
  if (kind === "file") return typeof json === "string" ? { kind, path: json } : null;
  if (kind === "progress") {
    const step = progressSchema.safeParse(json);
    return step.success ? { kind, step: step.data } : null;
  }
  if (kind === "formats") {
    const formats = z.array(formatSchema).max(300).safeParse(json);
    return formats.success ? { kind, formats: formats.data } : null;
  }
  if (kind === "playlist") {
    const playlist = playlistSchema.safeParse(json);
    return playlist.success ? { kind, playlist: playlist.data } : null;
  }
  if (kind === "entries") {
    const entries = entriesSchema.safeParse(json);
    return entries.success ? { kind, entries: entries.data } : null;
  }
  const item = itemSchema.safeParse(json);
  return item.success ? { kind, item: item.data } : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a line longer than what is kept of it
  }
}

const kinds = ["progress", "found", "chosen", "formats", "playlist", "entries", "file"] as const;

const text = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);
const amount = z
  .number()
  .nonnegative()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);
const count = z
  .number()
  .int()
  .nonnegative()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);
const flag = z
  .boolean()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);
const webUrl = text.transform((value) =>
  value !== null && value.length <= 8192 && /^https?:$/.test(URL.parse(value)?.protocol ?? "") ? value : null,
);

/** Extractors are written by many people: a field of the wrong kind counts as one that is not there. */
const itemSchema = z.object({
  "id.:200": text,
  "title.:500": text,
  webpage_url: webUrl,
  extractor: text,
  duration: amount,
  is_live: flag,
  live_status: text,
  thumbnail: webUrl,
  "description.:5000": text,
  "uploader.:200": text,
  "channel.:200": text,
  upload_date: text.transform((value) => (/^\d{8}$/.test(value ?? "") ? value : null)),
  "chapters.:200": z
    .array(z.object({ title: text, start_time: z.number().nonnegative(), end_time: amount }))
    .nullish()
    .catch(null),
  filesize: count,
  filesize_approx: amount.transform((value) => (value === null ? null : Math.round(value))),
  width: count,
  height: count,
  vcodec: text,
  acodec: text,
  ext: text,
  "subtitles_table.:20000": text,
  "automatic_captions_table.:20000": text,
  "requested_formats.:.format_id": z.array(z.string()).nullish().catch(null),
});

const playlistSchema = z.object({
  "id.:200": text,
  "title.:500": text,
  webpage_url: webUrl,
  extractor: text,
  "uploader.:200": text,
  "channel.:200": text,
  "description.:5000": text,
});

const entrySchema = z.object({
  _type: text,
  "title.:200": text,
  url: webUrl,
  webpage_url: webUrl,
  duration: amount,
  "formats.-1.url": webUrl,
  "formats.-1.manifest_url": webUrl,
});

/** One that could not be looked at is null. */
const entriesSchema = z
  .array(entrySchema.nullable().catch(null))
  .transform((entries) => entries.filter((entry) => entry !== null));

const signed = z
  .number()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);

const formatSchema = z.object({
  vcodec: text,
  acodec: text,
  width: count,
  height: count,
  ext: text,
  protocol: text,
  filesize: count,
  filesize_approx: amount.transform((value) => (value === null ? null : Math.round(value))),
  abr: amount,
  language_preference: signed,
});

const progressSchema = z.object({
  status: z.string(),
  downloaded_bytes: amount,
  total_bytes: amount,
  total_bytes_estimate: amount,
  speed: amount,
  eta: amount,
  fragment_index: count,
  fragment_count: count,
});

export type FoundItem = z.infer<typeof itemSchema>;
export type FormatItem = z.infer<typeof formatSchema>;
export type PlaylistItem = z.infer<typeof playlistSchema>;
export type EntryItem = z.infer<typeof entrySchema>;
export type ProgressStep = z.infer<typeof progressSchema>;
