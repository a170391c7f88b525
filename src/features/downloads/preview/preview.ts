import { z } from "zod";
import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { choiceFor } from "../../../exec/ytdlp/choices.ts";
import { presets } from "../../../lib/download-options.ts";
import type { Preset } from "../../../lib/download-options.ts";
import { AppError, isAppError, remediesOf } from "../../../lib/errors.ts";
import { highestNumber } from "../../../lib/number-ranges.ts";
import { parseInput } from "../../../lib/parse-input.ts";
import { freeBytes, headroomBytes } from "../../../storage/free-space.ts";
import { canAdd, findOnShelf, findUrlsOnShelf } from "../../videos/videos.ts";
import type { FoundItem, PreviewItem } from "../item.ts";
import { lookAt } from "./look.ts";
import type { Look } from "./look.ts";
import { partOfPlaylist } from "./plan.ts";
import { chosenOptions } from "../profiles/profiles.ts";
import { estimateDownload, siteOf } from "../fetching/sites.ts";
import { mayNotAdd } from "../start.ts";
import { checkUrls, urlLines } from "../adding/links.ts";

type Needs = Pick<Deps, "config" | "db" | "egress" | "log" | "now" | "tools">;

const mostPreviews = 20;

const previewSchema = z.object({
  urls: z.union([z.string(), z.array(z.string())]).transform(urlLines),
  /** The whole list of a link that means one video of it. */
  playlist: z.boolean().default(false),
  /** Entries of a playlist that are asked for. */
  limit: z.number().int().min(1).max(highestNumber).default(1000),
  /** Of a playlist's entries: words of the title, and which page of those that have them. */
  filter: z.string().max(200).default(""),
  page: z.number().int().min(1).default(1),
  preset: z.enum(presets).optional(),
  force_long: z.boolean().default(false),
});
type Wishes = z.output<typeof previewSchema>;

/**
 * What links would bring, without downloading them. Wrong addresses are refused with the words that `startDownloads`
 * has for them; what a site says instead of a video stands in each preview's `error`.
 */
export async function previewUrls(
  deps: Needs,
  user: User,
  input: unknown,
  signal: AbortSignal,
): Promise<PreviewItem[]> {
  if (!canAdd(user)) throw mayNotAdd();
  const { urls, ...rest } = parseInput(previewSchema, input);
  const wishes = { ...rest, preset: rest.preset ?? chosenOptions(deps, user).preset };
  const checked = checkUrls(deps, urls);
  if (checked.length > mostPreviews) {
    throw new AppError("too_large", `${mostPreviews} links at once can be looked at.`, {
      hint: "More can be downloaded without.",
      field: "urls",
    });
  }
  return Promise.all(checked.map((url) => previewUrl(deps, user, url, wishes, signal)));
}

async function previewUrl(
  deps: Needs,
  user: User,
  url: URL,
  wishes: Omit<Wishes, "urls"> & { preset: Preset },
  signal: AbortSignal,
): Promise<PreviewItem> {
  try {
    const { playlist, limit } = wishes;
    const look = await lookAt(deps, user, url, { wholePlaylist: playlist, maxEntries: limit }, signal);
    return { url: url.href, error: null, found: await describe(deps, user, url, look, wishes) };
  } catch (error) {
    if (signal.aborted) throw new AppError("cancelled", "Nobody waits for this any more.");
    if (!isAppError(error)) throw error;
    const { code, message, hint } = error;
    // Nothing is there yet that could be removed.
    const remedy = remediesOf(code).find((one) => one !== "remove") ?? null;
    return { url: url.href, error: { code, message, hint, remedy }, found: null };
  }
}

async function describe(
  deps: Needs,
  user: User,
  url: URL,
  { info, picture }: Look,
  wishes: Omit<Wishes, "urls"> & { preset: Preset },
): Promise<FoundItem> {
  const { title, site, uploader, durationSeconds, isLive, extractor, id, webpageUrl } = info;
  const choices = info.choices ?? [];
  const chosen = choiceFor(choices, wishes.preset)?.sizeBytes;
  const sizeBytes = chosen ?? info.sizeBytes;
  const facts = { sizeBytes, durationSeconds, forceLong: wishes.force_long };
  const estimate = estimateDownload(deps, siteOf(url), facts);
  const urls = [url.href, ...(webpageUrl === "" ? [] : [webpageUrl])];
  const playlist = info.entries && partOfPlaylist(info.entries, wishes);
  const known = findUrlsOnShelf(deps, user, playlist?.entries.map((entry) => entry.url) ?? []);
  return {
    title,
    site,
    uploader,
    durationSeconds,
    isLive,
    picture,
    choices,
    subtitles: info.subtitles ?? [],
    automaticSubtitles: info.automaticSubtitles ?? [],
    chapters: info.chapters.length,
    estimate,
    space: describeSpace(deps, playlist ? null : estimate.bytes),
    onShelf: playlist ? null : findOnShelf(deps, user, { extractor, siteVideoId: id, urls }),
    isOneOfList: !playlist && url.searchParams.has("list"),
    playlist: playlist && {
      ...playlist,
      entries: playlist.entries.map((entry) => {
        const videoId = known.get(entry.url);
        return { ...entry, onShelf: videoId === undefined ? null : { videoId } };
      }),
    },
  };
}

/** Twice its size: putting picture and sound together writes all of it once more. */
function describeSpace(deps: Pick<Deps, "config">, bytes: number | null): FoundItem["space"] {
  const free = Math.max(0, freeBytes(deps) - headroomBytes);
  const needed = bytes === null ? null : 2 * bytes;
  return { needed, free, isEnough: (needed ?? 0) <= free };
}
