import { z } from "zod";

/** What is brought of a video. Qualities fall to the next lower one that there is; nothing is encoded again. */
export const presets = [
  "everywhere",
  "best",
  "2160p",
  "1440p",
  "1080p",
  "720p",
  "480p",
  "360p",
  "m4a",
  "mp3",
  "opus",
] as const;
export type Preset = (typeof presets)[number];

export const audioPresets = ["m4a", "mp3", "opus"] as const satisfies readonly Preset[];

export function isAudio(preset: Preset): preset is (typeof audioPresets)[number] {
  return (audioPresets as readonly Preset[]).includes(preset);
}

/** How the bytes come, where a site offers several ways. */
export const deliveries = ["any", "progressive", "hls"] as const;

/** Languages of subtitles (ISO 639-1), and all that there are. */
export const subtitleLanguages = [
  "all",
  "ar",
  "bg",
  "bn",
  "ca",
  "cs",
  "da",
  "de",
  "el",
  "en",
  "es",
  "et",
  "fa",
  "fi",
  "fr",
  "he",
  "hi",
  "hr",
  "hu",
  "id",
  "it",
  "ja",
  "ko",
  "lt",
  "lv",
  "ms",
  "nl",
  "no",
  "pl",
  "pt",
  "ro",
  "ru",
  "sk",
  "sl",
  "sr",
  "sv",
  "sw",
  "ta",
  "th",
  "tr",
  "uk",
  "ur",
  "vi",
  "zh",
] as const;

export const embeds = ["metadata", "chapters", "thumbnail"] as const;
export const sponsorBlock = ["off", "mark", "cut"] as const;

const second = z.coerce
  .number()
  .min(0)
  .max(7 * 86_400)
  .nullable();

/** Everything that a person can choose of a download, all of it enumerated or a number: no text reaches yt-dlp. */
export const optionsSchema = z
  .object({
    preset: z.enum(presets, "Choose one of the formats.").default("everywhere"),
    delivery: z.enum(deliveries).default("any"),
    subtitles: z.array(z.enum(subtitleLanguages, "This language is not known.")).max(50).default([]),
    automatic_subtitles: z.boolean().default(false),
    embed: z.array(z.enum(embeds)).default([]),
    sponsorblock: z.enum(sponsorBlock).default("off"),
    /** In seconds of the video; null: from its beginning, to its end. */
    clip_from: second.default(null),
    clip_to: second.default(null),
    live_from_start: z.boolean().default(false),
  })
  .refine((one) => one.clip_to === null || one.clip_to > (one.clip_from ?? 0), {
    message: "The clip ends before it begins.",
    path: ["clip_to"],
  });

export type DownloadOptions = z.output<typeof optionsSchema>;

export const usualOptions: DownloadOptions = optionsSchema.parse({});

/** Of a row that an older version wrote: what is missing is as usual. */
export function readOptions(stored: unknown): DownloadOptions {
  return optionsSchema.catch(usualOptions).parse(stored);
}
