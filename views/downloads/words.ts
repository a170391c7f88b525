import type { DownloadOptions, Preset } from "../../src/lib/download-options.ts";

/** In the order in which they are offered. */
export const presetNames: Readonly<Record<Preset, string>> = {
  everywhere: "Plays everywhere",
  best: "Best there is",
  "2160p": "4K (2160p)",
  "1440p": "1440p",
  "1080p": "1080p",
  "720p": "720p",
  "480p": "480p",
  "360p": "360p",
  m4a: "Sound only (m4a)",
  mp3: "Sound only (mp3)",
  opus: "Sound only (opus)",
};

export const embedNames: readonly (readonly [DownloadOptions["embed"][number], string])[] = [
  ["metadata", "Title and date"],
  ["chapters", "Chapters"],
  ["thumbnail", "Picture"],
];

// Made with its first use: the language data behind it takes its time.
let languages: Intl.DisplayNames | undefined;

/** "German" for "de"; the code itself where nobody knows it. */
export function languageName(code: string): string {
  if (code === "all") return "All";
  languages ??= new Intl.DisplayNames("en", { type: "language" });
  try {
    return languages.of(code) ?? code;
  } catch {
    return code;
  }
}

/** What differs from the usual, in a few words. */
export function optionsInWords(options: DownloadOptions): string {
  const { subtitles, sponsorblock, embed, delivery, clip_from: from, clip_to: to } = options;
  const parts = [
    presetNames[options.preset],
    delivery === "any" ? "" : delivery === "hls" ? "in pieces" : "as one file",
    subtitles.length === 0 ? "" : `subtitles: ${subtitles.map(languageName).join(", ")}`,
    embed.length === 0 ? "" : `with ${embed.join(", ")}`,
    sponsorblock === "off" ? "" : `sponsors' parts ${sponsorblock === "cut" ? "cut out" : "marked"}`,
    from === null && to === null ? "" : "a part of it",
    options.live_from_start ? "live from the beginning" : "",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}
