import { parseClock } from "../../../lib/clock-time.ts";
import { readOptions } from "../../../lib/download-options.ts";
import type { DownloadOptions } from "../../../lib/download-options.ts";
import { AppError } from "../../../lib/errors.ts";

/** The fields of the form that adds videos, each with all of its values. */
export type Fields = Readonly<Record<string, readonly string[]>>;

/** The last value of a field; "" where the form has none. */
export function textOf(fields: Fields, name: string): string {
  return fields[name]?.at(-1) ?? "";
}

/**
 * What `startDownloads` takes, of the form. Of a form without the fields of the options, which its fold loads when
 * it is needed, they stay open: `usual` says what they are then, where only the quality was chosen.
 */
export function wishesOf(fields: Fields, usual: () => DownloadOptions): Record<string, unknown> {
  const urls = textOf(fields, "urls");
  const quality = textOf(fields, "quality");
  const options = optionsOf(fields);
  return {
    urls,
    title: textOf(fields, "title"),
    tags: textOf(fields, "tags"),
    visibility: textOf(fields, "visibility") || undefined,
    options: quality === "" ? options : { ...(options ?? usual()), preset: quality },
    force_long: "force_long" in fields,
    items: itemsOf(fields, urls),
  };
}

/** Undefined where the form has no such fields. */
export function optionsOf(fields: Fields): Record<string, unknown> | undefined {
  if (!("preset" in fields)) return undefined;
  return {
    preset: textOf(fields, "preset"),
    delivery: textOf(fields, "delivery") || undefined,
    subtitles: fields.subtitles ?? [],
    automatic_subtitles: "automatic_subtitles" in fields,
    embed: fields.embed ?? [],
    sponsorblock: textOf(fields, "sponsorblock") || undefined,
    clip_from: parseClock(textOf(fields, "clip_from"), "clip_from"),
    clip_to: parseClock(textOf(fields, "clip_to"), "clip_to"),
    live_from_start: "live_from_start" in fields,
  };
}

/** What the form showed, to be shown again as it was; null where it has no such fields. */
export function shownOptions(fields: Fields): DownloadOptions | null {
  const { clip_from: from, clip_to: to, ...others } = fields;
  const said = optionsOf(others);
  if (!said) return null;
  const clock = (text: string | undefined) => {
    const [minutes = 0, seconds = 0] =
      /^(\d+):(\d+)$/
        .exec(text ?? "")
        ?.slice(1)
        .map(Number) ?? [];
    return text ? minutes * 60 + seconds : null;
  };
  const options = readOptions({ ...said, clip_from: null, clip_to: null });
  return { ...options, clip_from: clock(from?.at(-1)), clip_to: clock(to?.at(-1)) };
}

/**
 * Which videos of a playlist were chosen: only of the address that was looked at. "" and null are all that the
 * link means; that nothing was chosen is refused, since it would bring all.
 */
function itemsOf(fields: Fields, urls: string): string | null {
  const isOfThis = textOf(fields, "looked_at") === urls.trim();
  if (!isOfThis || !("items" in fields)) return isOfThis && "playlist" in fields ? "1-" : null;
  const items = textOf(fields, "items").trim();
  if (items !== "") return items;
  throw new AppError("invalid_input", "No video of the playlist is chosen.", {
    hint: "Choose some, or all of them.",
    field: "items",
  });
}
