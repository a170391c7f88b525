import { createRoute, z } from "@hono/zod-openapi";
import { presets } from "../../../lib/download-options.ts";
import { highestNumber } from "../../../lib/number-ranges.ts";
import { allow } from "../../../web/allow.ts";
import { bodyOf, failure, jsonOf, newApiPart } from "../../../web/api.ts";
import { requireUser } from "../../../web/session.ts";
import { remedyPart } from "../api-parts.ts";
import type { FoundItem, PlaylistPart, PreviewItem } from "../item.ts";
import { previewUrls } from "./preview.ts";

const bytes = z.number().nullable();

const playlistSchema = z.object({
  count: z.int(),
  is_cut: z.boolean().openapi({ description: "There may be more than `limit` let see." }),
  passing: z.int().openapi({ description: "How many the filter lets pass." }),
  passing_numbers: z.string().openapi({ description: "Their numbers, as `items` takes them." }),
  page: z.int(),
  pages: z.int(),
  entries: z.array(
    z.object({
      n: z.int(),
      title: z.string(),
      url: z.string(),
      duration_seconds: z.number().nullable(),
      on_shelf: z.object({ video_id: z.string() }).nullable(),
    }),
  ),
});

const foundSchema = z.object({
  title: z.string(),
  site: z.string(),
  uploader: z.string().nullable(),
  duration_seconds: z.number().nullable(),
  is_live: z.boolean(),
  picture: z.string().nullable().openapi({ description: "A small JPEG, as a data: URL." }),
  choices: z.array(
    z.object({
      preset: z.enum(presets),
      size_bytes: bytes,
      height: z.number().nullable(),
      container: z.string(),
    }),
  ),
  subtitles: z.array(z.string()),
  automatic_subtitles: z.array(z.string()),
  chapters: z.int(),
  estimate: z.object({
    bytes,
    seconds: z.number().nullable(),
    lane: z.enum(["short", "long"]),
    reason: z.string(),
    cost: z
      .object({ storage_month: z.number(), traffic: z.number(), currency: z.string() })
      .nullable()
      .openapi({ description: "Where `costs` are set." }),
  }),
  space: z.object({ needed: bytes, free: z.number(), is_enough: z.boolean() }),
  on_shelf: z.object({ video_id: z.string(), title: z.string(), is_ready: z.boolean() }).nullable(),
  is_one_of_list: z.boolean().openapi({ description: "Its list can be had with `playlist`." }),
  playlist: playlistSchema.nullable(),
});

const previewSchema = z
  .object({
    url: z.string(),
    error: z
      .object({ code: z.string(), message: z.string(), hint: z.string(), remedy: remedyPart })
      .nullable(),
    found: foundSchema.nullable(),
  })
  .openapi("DownloadPreview");

const askSchema = z
  .object({
    url: z.string(),
    urls: z.array(z.string()).openapi({ description: "Instead of `url`, for several." }),
    playlist: z.boolean().openapi({ description: "The whole list of a link to one video of it." }),
    limit: z
      .int()
      .min(1)
      .max(highestNumber)
      .openapi({ description: "Entries of a playlist; 1,000 unless said." }),
    filter: z.string().openapi({ description: "Words that the titles of a playlist's entries must have." }),
    page: z.int().min(1).openapi({ description: "Of a playlist's entries, 200 on each." }),
    preset: z.enum(presets).openapi({ description: "For which size and time are estimated." }),
    force_long: z.boolean(),
  })
  .partial()
  .openapi("DownloadPreviewRequest");

const previewRoute = createRoute({
  method: "post",
  path: "/downloads/preview",
  middleware: allow("videos.download"),
  tags: ["Downloads"],
  summary: "See what URLs would bring, without downloading them",
  request: { body: bodyOf(askSchema) },
  responses: {
    200: jsonOf(z.object({ items: z.array(previewSchema) }), "One for each URL, in their order."),
    ...failure,
  },
});

export const previewApi = newApiPart().openapi(previewRoute, async (c) => {
  const { url, urls, ...wishes } = c.req.valid("json");
  const input = { urls: urls ?? (url === undefined ? [] : [url]), ...wishes };
  const items = await previewUrls(c.get("deps"), requireUser(c), input, c.req.raw.signal);
  return c.json({ items: items.map(previewJson) }, 200);
});

function previewJson({ url, error, found }: PreviewItem): z.infer<typeof previewSchema> {
  return { url, error, found: found && foundJson(found) };
}

function foundJson(found: FoundItem): z.infer<typeof foundSchema> {
  const { cost, ...estimate } = found.estimate;
  const { onShelf } = found;
  return {
    title: found.title,
    site: found.site,
    uploader: found.uploader,
    duration_seconds: found.durationSeconds,
    is_live: found.isLive,
    picture: found.picture,
    choices: found.choices.map(({ sizeBytes, ...choice }) => ({ ...choice, size_bytes: sizeBytes })),
    subtitles: found.subtitles,
    automatic_subtitles: found.automaticSubtitles,
    chapters: found.chapters,
    estimate: {
      ...estimate,
      cost: cost && { storage_month: cost.storageMonth, traffic: cost.traffic, currency: cost.currency },
    },
    space: { needed: found.space.needed, free: found.space.free, is_enough: found.space.isEnough },
    on_shelf: onShelf && { video_id: onShelf.videoId, title: onShelf.title, is_ready: onShelf.isReady },
    is_one_of_list: found.isOneOfList,
    playlist: found.playlist && playlistJson(found.playlist),
  };
}

function playlistJson(playlist: PlaylistPart): z.infer<typeof playlistSchema> {
  const { isCut, passingNumbers, entries, ...counts } = playlist;
  return {
    ...counts,
    is_cut: isCut,
    passing_numbers: passingNumbers,
    entries: entries.map(({ durationSeconds, onShelf, ...entry }) => ({
      ...entry,
      duration_seconds: durationSeconds,
      on_shelf: onShelf && { video_id: onShelf.videoId },
    })),
  };
}
