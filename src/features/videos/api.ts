import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../web/allow.ts";
import { bodyOf, failure, idParam, jsonOf, newApiPart, pagingQuery } from "../../web/api.ts";
import { requireUser } from "../../web/session.ts";
import { videoJson, videoSchema, videoState } from "./api-parts.ts";
import { picturesApi } from "./api-pictures.ts";
import { cancelReplacement, deleteVideo, findSame, getVideo, listVideos, updateVideo } from "./videos.ts";

const oneVideoSchema = videoSchema
  .extend({
    same_as: z.string().nullable().openapi({
      description: "The oldest video with the very same file, where there is an older one.",
    }),
  })
  .openapi("OneVideo");

const changeSchema = z
  .object({
    title: z.string(),
    description: z.string(),
    tags: z.array(z.string()),
    visibility: z.enum(["library", "private"]),
  })
  .partial()
  .openapi("VideoChange");

const listRoute = createRoute({
  method: "get",
  path: "/videos",
  middleware: allow("videos.watch"),
  tags: ["Videos"],
  summary: "List videos, newest first",
  request: {
    query: z.object({
      ...pagingQuery,
      q: z
        .string()
        .max(200)
        .optional()
        .openapi({ description: "Words in title or description, all of them." }),
      tag: z
        .union([z.string(), z.array(z.string())])
        .optional()
        .openapi({ description: "Repeat for several: all must be there." }),
      state: videoState.optional(),
      owner: z.literal("me").optional(),
    }),
  },
  responses: {
    200: jsonOf(
      z.object({ items: z.array(videoSchema), next_cursor: z.string().nullable() }),
      "A page of videos.",
    ),
    ...failure,
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/videos/{id}",
  middleware: allow("videos.watch"),
  tags: ["Videos"],
  summary: "One video",
  request: { params: idParam },
  responses: { 200: jsonOf(oneVideoSchema, "The video."), ...failure },
});

const changeRoute = createRoute({
  method: "patch",
  path: "/videos/{id}",
  middleware: allow("videos.change"),
  tags: ["Videos"],
  summary: "Change title, description, tags or visibility",
  request: { params: idParam, body: bodyOf(changeSchema) },
  responses: { 200: jsonOf(videoSchema, "The changed video."), ...failure },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/videos/{id}",
  middleware: allow("videos.change"),
  tags: ["Videos"],
  summary: "Delete a video and its files",
  request: { params: idParam },
  responses: { 204: { description: "It is gone." }, ...failure },
});

const cancelReplacementRoute = createRoute({
  method: "delete",
  path: "/videos/{id}/replacement",
  middleware: allow("videos.change"),
  tags: ["Videos"],
  summary: "Keep the file that plays, and forget the new one that is being made ready",
  request: { params: idParam },
  responses: { 204: { description: "It stays." }, ...failure },
});

export const videoApi = newApiPart()
  .openapi(listRoute, (c) => {
    const { limit, cursor, q, tag, state, owner } = c.req.valid("query");
    const tags = tag === undefined ? [] : [tag].flat();
    const query = { limit, cursor, q, tags, states: state && [state], mine: owner === "me" };
    const user = requireUser(c);
    const { items, nextCursor } = listVideos(c.get("deps"), user, query);
    return c.json({ items: items.map((video) => videoJson(user, video)), next_cursor: nextCursor }, 200);
  })
  .openapi(getRoute, (c) => {
    const user = requireUser(c);
    const { id } = c.req.valid("param");
    const video = getVideo(c.get("deps"), user, id);
    const same = findSame(c.get("deps"), user, [id]).get(id);
    return c.json({ ...videoJson(user, video), same_as: same?.id ?? null }, 200);
  })
  .openapi(changeRoute, (c) => {
    const user = requireUser(c);
    const { id } = c.req.valid("param");
    return c.json(videoJson(user, updateVideo(c.get("deps"), user, id, c.req.valid("json"))), 200);
  })
  .openapi(deleteRoute, (c) => {
    deleteVideo(c.get("deps"), requireUser(c), c.req.valid("param").id);
    return c.body(null, 204);
  })
  .openapi(cancelReplacementRoute, (c) => {
    cancelReplacement(c.get("deps"), requireUser(c), c.req.valid("param").id);
    return c.body(null, 204);
  });

videoApi.route("/", picturesApi);
