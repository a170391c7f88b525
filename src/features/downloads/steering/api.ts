import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../../web/allow.ts";
import { bodyOf, failure, idParam, jsonOf, newApiPart } from "../../../web/api.ts";
import { requireUser } from "../../../web/session.ts";
import { downloadJson, downloadSchema } from "../api.ts";
import { moveDownload, pauseDownload, resumeDownload } from "./steer.ts";
import { pauseAll, removeAllHopeless, resumeAll, retryAllFailed } from "./steer-all.ts";

const common = { method: "post" as const, middleware: allow("videos.download"), tags: ["Downloads"] };
const one = { 200: jsonOf(downloadSchema, "The download as it is now."), ...failure };
const moveSchema = z
  .object({
    to: z.enum(["top", "up", "down"]).optional(),
    priority: z
      .number()
      .int()
      .optional()
      .openapi({ description: "Higher goes before everybody's others; admins only." }),
  })
  .openapi("DownloadMove");
const retriedSchema = z.object({
  count: z.number().int(),
  left_out: z.number().int().openapi({
    description: "Those that would fail again in the same way: whose `remedy` is `remove`.",
  }),
});

const pauseRoute = createRoute({
  ...common,
  path: "/downloads/{id}/pause",
  summary: "Set a download aside; what is there of its file stays",
  request: { params: idParam },
  responses: one,
});

const resumeRoute = createRoute({
  ...common,
  path: "/downloads/{id}/resume",
  summary: "Let a paused download go on",
  request: { params: idParam },
  responses: one,
});

const moveRoute = createRoute({
  ...common,
  path: "/downloads/{id}/move",
  summary: "Change the place of a waiting download among one's own",
  request: { params: idParam, body: bodyOf(moveSchema) },
  responses: one,
});

const pauseAllRoute = createRoute({
  ...common,
  path: "/downloads/pause-all",
  summary: "Pause one's own downloads; as an admin, the queue itself and so everybody's",
  responses: { 204: { description: "They are paused." }, ...failure },
});

const resumeAllRoute = createRoute({
  ...common,
  path: "/downloads/resume-all",
  summary: "Open the queue where an admin paused it, else let one's own paused downloads go on",
  responses: { 204: { description: "They go on." }, ...failure },
});

const retryFailedRoute = createRoute({
  ...common,
  path: "/downloads/retry-failed",
  summary: "Start all failed downloads again but those that would fail in the same way",
  responses: { 202: jsonOf(retriedSchema, "How many were started, and how many were not."), ...failure },
});

const removeFailedRoute = createRoute({
  ...common,
  path: "/downloads/remove-failed",
  summary: "Remove all failed downloads that would fail again in the same way, and their failed videos",
  responses: { 200: jsonOf(z.object({ count: z.number().int() }), "How many are gone."), ...failure },
});

export const steerApi = newApiPart()
  .openapi(pauseAllRoute, async (c) => {
    await pauseAll(c.get("deps"), requireUser(c));
    return c.body(null, 204);
  })
  .openapi(resumeAllRoute, async (c) => {
    await resumeAll(c.get("deps"), requireUser(c));
    return c.body(null, 204);
  })
  .openapi(retryFailedRoute, async (c) => {
    const { count, leftOut } = await retryAllFailed(c.get("deps"), requireUser(c));
    return c.json({ count, left_out: leftOut }, 202);
  })
  .openapi(removeFailedRoute, async (c) => {
    return c.json({ count: await removeAllHopeless(c.get("deps"), requireUser(c)) }, 200);
  })
  .openapi(pauseRoute, (c) => {
    return c.json(downloadJson(pauseDownload(c.get("deps"), requireUser(c), c.req.valid("param").id)), 200);
  })
  .openapi(resumeRoute, (c) => {
    return c.json(downloadJson(resumeDownload(c.get("deps"), requireUser(c), c.req.valid("param").id)), 200);
  })
  .openapi(moveRoute, (c) => {
    const { id } = c.req.valid("param");
    return c.json(downloadJson(moveDownload(c.get("deps"), requireUser(c), id, c.req.valid("json"))), 200);
  });
