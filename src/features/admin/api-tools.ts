import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../../deps.ts";
import { allow } from "../../web/allow.ts";
import { bodyOf, failure, isoTime, jsonOf, newApiPart, timeSchema } from "../../web/api.ts";
import { requireUser } from "../../web/session.ts";
import { remakeAllPictures, rollBackDownloader, updateDownloader } from "./admin.ts";
import { lookAtTools } from "./tools.ts";

const keepers = allow("tools.manage");
const tags = ["Tools"];

const toolSchema = z.object({
  version: z.string().nullable(),
  warning: z.string().nullable().openapi({ description: "What should be done about it." }),
});

const toolsSchema = z
  .object({
    yt_dlp: toolSchema.extend({
      age_days: z.int().nullable(),
      source: z
        .enum(["data_folder", "system", "setting"])
        .nullable()
        .openapi({ description: "Where it is from." }),
      channel: z.enum(["stable", "nightly"]),
      updates: z.enum(["when-old", "daily", "never"]),
      pinned_to: z.string().nullable(),
      newest: z
        .object({ version: z.string(), checked_at: timeSchema })
        .nullable()
        .openapi({ description: "Of the channel, as far as it is known." }),
      roll_back_to: z.string().nullable().openapi({ description: "Null where there is no way back." }),
      updating: z.boolean(),
      last: z
        .object({ at: timeSchema, ok: z.boolean(), message: z.string(), hint: z.string() })
        .nullable()
        .openapi({ description: "How the last update or roll-back ended that somebody asked for." }),
    }),
    ffmpeg: toolSchema,
    ffprobe: toolSchema,
    js_runtime: toolSchema.extend({ kind: z.string().nullable() }),
  })
  .openapi("Tools");

const toolsRoute = createRoute({
  method: "get",
  path: "/admin/tools",
  middleware: keepers,
  tags,
  summary: "The programs that the work is done with",
  responses: { 200: jsonOf(toolsSchema, "Their versions, and what is wrong with them."), ...failure },
});

const updateRoute = createRoute({
  method: "post",
  path: "/admin/tools/yt-dlp/update",
  middleware: keepers,
  tags,
  summary: "Update yt-dlp, as the configuration says",
  responses: { 202: jsonOf(toolsSchema, "It is under way: `last` will say how it ended."), ...failure },
});

const rollBackRoute = createRoute({
  method: "post",
  path: "/admin/tools/yt-dlp/roll-back",
  middleware: keepers,
  tags,
  summary: "Go back to the yt-dlp before",
  responses: { 200: jsonOf(toolsSchema, "It is in use again."), ...failure },
});

const thumbnailsRoute = createRoute({
  method: "post",
  path: "/admin/thumbnails",
  middleware: allow("videos.all"),
  tags,
  summary: "Take the thumbnails of all videos again",
  request: {
    body: bodyOf(
      z.object({
        only: z.enum(["missing", "all"]).openapi({ description: "Of videos that lack one, or of all." }),
      }),
    ),
  },
  responses: { 202: jsonOf(z.object({ queued: z.int() }), "Of how many; it is done by and by."), ...failure },
});

export const toolsApi = newApiPart()
  .openapi(toolsRoute, async (c) => c.json(await toolsJson(c.get("deps")), 200))
  .openapi(updateRoute, async (c) => {
    updateDownloader(c.get("deps"), requireUser(c));
    return c.json(await toolsJson(c.get("deps")), 202);
  })
  .openapi(rollBackRoute, async (c) => {
    await rollBackDownloader(c.get("deps"), requireUser(c));
    return c.json(await toolsJson(c.get("deps")), 200);
  })
  .openapi(thumbnailsRoute, (c) => {
    const queued = remakeAllPictures(c.get("deps"), requireUser(c), c.req.valid("json"));
    return c.json({ queued }, 202);
  });

const sources = { "data folder": "data_folder", system: "system", setting: "setting" } as const;

async function toolsJson(deps: Deps): Promise<z.infer<typeof toolsSchema>> {
  const { ytDlp, ffmpeg, ffprobe, jsRuntime } = await lookAtTools(deps);
  const { version, warning, from, channel, updates, newest, last } = ytDlp;
  return {
    yt_dlp: {
      version,
      warning,
      channel,
      updates,
      age_days: ytDlp.ageDays,
      source: from && sources[from],
      pinned_to: ytDlp.pin,
      newest: newest && { version: newest.version, checked_at: isoTime(newest.at) },
      roll_back_to: ytDlp.before,
      updating: ytDlp.isUpdating,
      last: last && { at: isoTime(last.at), ok: last.ok, message: last.says, hint: last.hint },
    },
    ffmpeg,
    ffprobe,
    js_runtime: jsRuntime,
  };
}
