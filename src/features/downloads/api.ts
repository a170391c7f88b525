import { createRoute, z } from "@hono/zod-openapi";
import { lanes } from "../../lib/lanes.ts";
import { allow } from "../../web/allow.ts";
import {
  bodyOf,
  failure,
  idParam,
  isoTime,
  jsonOf,
  newApiPart,
  pagingQuery,
  timeSchema,
} from "../../web/api.ts";
import { requireUser } from "../../web/session.ts";
import { itemsPart, optionsPart, remedyPart } from "./api-parts.ts";
import { previewApi } from "./preview/api.ts";
import { profilesApi } from "./profiles/api.ts";
import { getDownload, listDownloads, playlistItems } from "./downloads.ts";
import type { DownloadItem } from "./item.ts";
import { logApi } from "./logs/api.ts";
import { startDownloads } from "./start.ts";
import { removeDownload } from "./steering/remove.ts";
import { cancelDownload, retryDownload } from "./steering/steer.ts";

const stateSchema = z.enum(["waiting", "probing", "fetching", "ingesting", "done", "failed", "cancelled"]);

export const downloadSchema = z
  .object({
    id: z.string(),
    video_id: z.string().nullable(),
    parent_id: z.string().nullable().openapi({ description: "The playlist that brought it." }),
    url: z.string(),
    title: z.string(),
    state: stateSchema,
    lane: z.enum(lanes),
    lane_reason: z.string(),
    paused: z.boolean().openapi({ description: "Set aside until it is resumed." }),
    priority: z.number().int(),
    waits_for: z
      .string()
      .openapi({ description: "Why it waits, in words; empty where it is not its turn yet." }),
    progress: z
      .object({
        stage: z.string(),
        percent: z.number().nullable(),
        bytes_done: z.number().nullable(),
        bytes_total: z.number().nullable(),
        bytes_per_second: z.number().nullable(),
        seconds_left: z.number().nullable(),
      })
      .nullable(),
    error: z
      .object({
        code: z.string(),
        message: z.string(),
        hint: z.string(),
        remedy: remedyPart,
        retryable: z
          .boolean()
          .openapi({ description: "Whether starting it again may help: what is no video stays none." }),
      })
      .nullable(),
    created_at: timeSchema,
    updated_at: timeSchema,
    finished_at: timeSchema.nullable(),
  })
  .openapi("Download");

const itemsSchema = z.object({ items: z.array(downloadSchema) });

const startSchema = z
  .object({
    url: z.string().openapi({ example: "https://example.org/watch/1" }),
    urls: z.array(z.string()).openapi({ description: "Instead of `url`, for several." }),
    title: z.string().openapi({ description: "Instead of the site's." }),
    tags: z.array(z.string()),
    visibility: z
      .enum(["library", "private"])
      .openapi({ description: "Who sees it; else as `downloads.visibility` says." }),
    options: optionsPart.openapi({ description: "Else those of the profile." }),
    profile: z.string().openapi({ description: "A profile's id or name; one's default unless said." }),
    force_long: z.boolean().openapi({ description: "The long lane, whatever is estimated." }),
    items: itemsPart,
  })
  .partial()
  .openapi("DownloadRequest");

const startRoute = createRoute({
  method: "post",
  path: "/downloads",
  middleware: allow("videos.download"),
  tags: ["Downloads"],
  summary: "Download one or several URLs",
  request: { body: bodyOf(startSchema) },
  responses: {
    202: jsonOf(
      z.union([downloadSchema, itemsSchema]),
      "Accepted: the download, or for `urls` all of them as `items`.",
    ),
    ...failure,
  },
});

const listRoute = createRoute({
  method: "get",
  path: "/downloads",
  middleware: allow("downloads.see"),
  tags: ["Downloads"],
  summary: "List downloads, newest first",
  request: { query: z.object({ ...pagingQuery, state: stateSchema.optional() }) },
  responses: {
    200: jsonOf(itemsSchema.extend({ next_cursor: z.string().nullable() }), "A page of downloads."),
    ...failure,
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/downloads/{id}",
  middleware: allow("downloads.see"),
  tags: ["Downloads"],
  summary: "One download; a playlist comes with its items",
  request: { params: idParam },
  responses: {
    200: jsonOf(downloadSchema.extend({ items: z.array(downloadSchema).optional() }), "The download."),
    ...failure,
  },
});

const cancelRoute = createRoute({
  method: "post",
  path: "/downloads/{id}/cancel",
  middleware: allow("videos.download"),
  tags: ["Downloads"],
  summary: "Cancel a download; its video leaves the shelf",
  request: { params: idParam },
  responses: { 200: jsonOf(downloadSchema, "The cancelled download."), ...failure },
});

const retryRoute = createRoute({
  method: "post",
  path: "/downloads/{id}/retry",
  middleware: allow("videos.download"),
  tags: ["Downloads"],
  summary: "Start a failed or cancelled download again",
  description:
    "What failed with `retryable: false` is answered with 409: send the file, or start a new download.",
  request: { params: idParam },
  responses: { 202: jsonOf(downloadSchema, "The download, waiting again."), ...failure },
});

const removeRoute = createRoute({
  method: "delete",
  path: "/downloads/{id}",
  middleware: allow("videos.download"),
  tags: ["Downloads"],
  summary: "Remove a failed or cancelled download, and its failed video",
  request: { params: idParam },
  responses: { 204: { description: "It is gone." }, ...failure },
});

export const downloadApi = newApiPart()
  // Before what takes any name for an id.
  .route("/", previewApi)
  .route("/", profilesApi)
  .openapi(startRoute, (c) => {
    const { url, urls, ...wishes } = c.req.valid("json");
    const input = { urls: urls ?? (url === undefined ? [] : [url]), ...wishes };
    const items = startDownloads(c.get("deps"), requireUser(c), input).map(downloadJson);
    const [only] = items;
    return c.json(urls === undefined && only ? only : { items }, 202);
  })
  .openapi(listRoute, (c) => {
    const { limit, cursor, state } = c.req.valid("query");
    const page = listDownloads(c.get("deps"), requireUser(c), { limit, cursor, states: state && [state] });
    return c.json({ items: page.items.map(downloadJson), next_cursor: page.nextCursor }, 200);
  })
  .openapi(getRoute, (c) => {
    const { id } = c.req.valid("param");
    const download = getDownload(c.get("deps"), requireUser(c), id);
    const children = playlistItems(c.get("deps"), requireUser(c), id).map(downloadJson);
    return c.json({ ...downloadJson(download), ...(children.length > 0 ? { items: children } : {}) }, 200);
  })
  .openapi(cancelRoute, (c) => {
    return c.json(downloadJson(cancelDownload(c.get("deps"), requireUser(c), c.req.valid("param").id)), 200);
  })
  .openapi(retryRoute, (c) => {
    return c.json(downloadJson(retryDownload(c.get("deps"), requireUser(c), c.req.valid("param").id)), 202);
  })
  .openapi(removeRoute, (c) => {
    removeDownload(c.get("deps"), requireUser(c), c.req.valid("param").id);
    return c.body(null, 204);
  });

downloadApi.route("/", logApi);

export function downloadJson(download: DownloadItem): z.infer<typeof downloadSchema> {
  const { progress } = download;
  return {
    id: download.id,
    video_id: download.videoId,
    parent_id: download.parentId,
    url: download.url,
    title: download.title,
    state: download.state,
    lane: download.lane,
    lane_reason: download.laneReason,
    paused: download.paused,
    priority: download.priority,
    waits_for: download.waitsFor,
    progress: progress && {
      stage: progress.stage,
      percent: progress.percent,
      bytes_done: progress.bytesDone,
      bytes_total: progress.bytesTotal,
      bytes_per_second: progress.bytesPerSecond,
      seconds_left: progress.secondsLeft,
    },
    error: download.error,
    created_at: isoTime(download.createdAt),
    updated_at: isoTime(download.updatedAt),
    finished_at: download.finishedAt === null ? null : isoTime(download.finishedAt),
  };
}
