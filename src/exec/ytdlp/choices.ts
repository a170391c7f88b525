import { type DownloadOptions, isAudio, type Preset, presets } from "../../lib/download-options.ts";
import { heightOf, proxiedProtocols } from "./formats.ts";
import type { FormatItem } from "./lines.ts";

/** What a preset would bring of a video. */
export interface Choice {
  preset: Preset;
  /** What the site says, or what yt-dlp reckons from bitrate and duration; null where neither is known. */
  sizeBytes: number | null;
  /** Null of sound alone, and where the site does not say. */
  height: number | null;
  /** The file's extension, e.g. "mp4". */
  container: string;
}

/**
 * What the selections of `formats.ts` would come to, without asking yt-dlp eleven times. Of the heights those
 * are listed that the site has, under the lowest name that brings them. `formats` is in yt-dlp's order, best last.
 */
export function listChoices(formats: readonly FormatItem[], delivery: DownloadOptions["delivery"]): Choice[] {
  const usable = formats.filter(({ protocol }) => proxied.test(protocol ?? ""));
  const pick = (preset: Preset) =>
    isAudio(preset) ? pickSound(usable, preset) : pickVideo(usable, preset, delivery);
  const brought = presets.map((preset) => ({ preset, picked: pick(preset) }));
  const listed = brought.filter(({ preset, picked }, i) => {
    const [limit, side] = [heightOf(preset), shorterSide(picked[0] ?? nothing)];
    if (limit === null) return picked.length > 0;
    const lower = brought[i + 1];
    const lowerLimit = lower ? heightOf(lower.preset) : null;
    return side > 0 && side <= limit && (lowerLimit === null || side > lowerLimit);
  });
  return listed.map(({ preset, picked }) => describe(preset, picked));
}

/** Of a preset that is not listed, what it falls to: the next lower height, else the lowest. */
export function choiceFor(choices: readonly Choice[], preset: Preset): Choice | null {
  const limit = heightOf(preset);
  const exact = choices.find((choice) => choice.preset === preset);
  if (exact || limit === null) return exact ?? null;
  const heights = choices.filter((choice) => heightOf(choice.preset) !== null);
  return heights.find((choice) => (heightOf(choice.preset) ?? 0) < limit) ?? heights.at(-1) ?? null;
}

const nothing = { width: null, height: null };
const proxied = new RegExp(proxiedProtocols);

function pickVideo(
  formats: readonly FormatItem[],
  preset: Preset,
  delivery: DownloadOptions["delivery"],
): FormatItem[] {
  const sounds = formats.filter((format) => !hasPicture(format) && hasSound(format));
  const pictures = formats.filter(hasPicture);
  if (pictures.length === 0) return best(sounds, () => []);
  if (preset === "everywhere") {
    const playable = pictures.filter(
      (format) => isH264(format) && (hasSound(format) ? isAac(format) : sounds.some(isAac)),
    );
    if (playable.length > 0) return withSound(playable, sounds.filter(isAac), (one) => [way(one, delivery)]);
  }
  const limit = heightOf(preset);
  if (limit === null) return withSound(pictures, sounds, (one) => [way(one, delivery), shorterSide(one)]);
  const order = (one: FormatItem) => [
    way(one, delivery),
    one.language_preference ?? -1,
    upTo(shorterSide(one), limit),
    Number(one.ext === "mp4"),
    Number(isH264(one)),
  ];
  return withSound(pictures, sounds.some(isAac) ? sounds.filter(isAac) : sounds, order);
}

type Order = (format: FormatItem) => number[];

function withSound(pictures: FormatItem[], sounds: FormatItem[], order: Order): FormatItem[] {
  const [picture] = best(pictures, order);
  if (!picture) return [];
  return hasSound(picture) ? [picture] : [picture, ...best(sounds, (one) => [one.language_preference ?? -1])];
}

function pickSound(formats: readonly FormatItem[], preset: "m4a" | "mp3" | "opus"): FormatItem[] {
  const sounds = formats.filter((format) => !hasPicture(format) && hasSound(format));
  const wanted = { m4a: /^(mp4a|aac)/, mp3: /^mp3/, opus: /^opus/ }[preset];
  const inWanted = (format: FormatItem) => wanted.test(format.acodec ?? "") || format.ext === preset;
  const order = (one: FormatItem) => [one.language_preference ?? -1, one.abr ?? 0, -shorterSide(one)];
  const ways = [sounds.filter(inWanted), formats.filter(inWanted), sounds, formats.filter(hasSound)];
  return best(ways.find((way) => way.length > 0) ?? [], order);
}

/** The last of those that are highest, number by number. */
function best(formats: readonly FormatItem[], order: Order): FormatItem[] {
  const sorted = formats.toSorted((a, b) => compare(order(a), order(b)));
  return sorted.slice(-1);
}

function compare(a: number[], b: number[]): number {
  const i = a.findIndex((value, at) => value !== b[at]);
  return i === -1 ? 0 : (a[i] ?? 0) - (b[i] ?? 0);
}

/** As `res:<limit>` of yt-dlp: the highest up to the limit, then the lowest above it. */
function upTo(height: number, limit: number): number {
  return height <= limit ? height : -height;
}

/** As yt-dlp sorts protocols: whole files before pieces, or HLS before all. */
function way({ protocol }: FormatItem, delivery: DownloadOptions["delivery"]): number {
  if (delivery === "any") return 0;
  const isHls = (protocol ?? "").startsWith("m3u8");
  if (delivery === "hls") return isHls ? 2 : Number(!/^https?$/.test(protocol ?? ""));
  return /^https?$/.test(protocol ?? "") ? 2 : Number(isHls);
}

function describe(preset: Preset, picked: readonly FormatItem[]): Choice {
  const [first, second] = picked;
  const sizes = picked.map(({ filesize, filesize_approx: about }) => filesize ?? about);
  const known = sizes.filter((size) => size !== null);
  const size = known.length === sizes.length ? known.reduce((sum, one) => sum + one, 0) : null;
  if (isAudio(preset) && first) {
    const container = soundFile(preset, first);
    // Taken out of a video, or encoded, it has another size.
    const isKept = !hasPicture(first) && (container !== "mp3" || first.ext === "mp3");
    return { preset, sizeBytes: isKept ? size : null, height: null, container };
  }
  const height = (first && hasPicture(first) ? first.height : null) ?? null;
  const container = second && first ? mergedFile(first, second) : (first?.ext ?? "mp4");
  return { preset, sizeBytes: size, height, container };
}

function soundFile(preset: "m4a" | "mp3" | "opus", { acodec, ext }: FormatItem): string {
  if (preset === "mp3") return "mp3";
  const byCodec: [RegExp, string][] = [
    [/^(mp4a|aac)/, "m4a"],
    [/^opus/, "opus"],
    [/^vorbis/, "ogg"],
    [/^mp3/, "mp3"],
    [/^flac/, "flac"],
  ];
  return byCodec.find(([codec]) => codec.test(acodec ?? ""))?.[1] ?? ext ?? "m4a";
}

/** As yt-dlp chooses among "mp4/webm/mkv". */
function mergedFile(picture: FormatItem, sound: FormatItem): string {
  const [video, audio] = [picture.vcodec ?? "", sound.acodec ?? ""];
  if (/^(avc|h26[45]|hev|hvc|av01|$)/.test(video) && /^(mp4a|aac|ec-3|ac-4)/.test(audio)) return "mp4";
  return /^(vp0?[89]|av01)/.test(video) && /^(opus|vorbis)/.test(audio) ? "webm" : "mkv";
}

function hasPicture({ vcodec }: FormatItem): boolean {
  return vcodec !== "none";
}

function hasSound({ acodec }: FormatItem): boolean {
  return acodec !== "none";
}

/** Unknown counts as playable, as in the selection. */
function isH264({ vcodec }: FormatItem): boolean {
  return vcodec === null || /^(avc|h264)/.test(vcodec);
}

function isAac({ acodec }: FormatItem): boolean {
  return acodec === null || /^(mp4a|aac)/.test(acodec);
}

/** 0 where it is not known. */
function shorterSide({ width, height }: Pick<FormatItem, "width" | "height">): number {
  const sides = [width ?? 0, height ?? 0].filter((side) => side > 0);
  return sides.length > 0 ? Math.min(...sides) : 0;
}
