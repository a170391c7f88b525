import { createRoute, z } from "@hono/zod-openapi";
import type { User } from "../../db/schema.ts";
import { paths } from "../../paths.ts";
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
import { pictureBody, pictureOf } from "../../web/receive-picture.ts";
import { removeOwnPicture, setOwnPicture } from "./own-picture.ts";
import type { VideoItem } from "./item.ts";
import {
  cancelReplacement,
  canEdit,
  deleteVideo,
  findSame,
  getVideo,
  listVideos,
  remakePictures,
  updateVideo,
} from "./videos.ts";

export const videoState = z.enum(["PENDING", "PROCESSING", "READY", "FAILED"]);

export const errorSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    hint: z.string(),
    retryable: z.boolean().openapi({
      description:
        "Whether starting its download again may help. What was sent has to be sent again, and what is no video stays none.",
    }),
  })
  .nullable();

export const videoSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    description: z.string(),
    state: videoState,
    visibility: z.enum(["library", "private"]),
    owner: z.object({ id: z.string(), name: z.string() }),
    tags: z.array(z.string()),
    duration_seconds: z.number().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    size_bytes: z.int().nullable(),
    mime: z.string().nullable(),
    sha256: z.string().nullable().openapi({ description: "Of the original file, in hex." }),
    video_codec: z.string().nullable(),
    audio_codec: z.string().nullable(),
    unplayable_reason: z
      .string()
      .nullable()
      .openapi({ description: "Why browsers can't play it as it came." }),
    source_url: z.string().nullable(),
    filename: z.string().nullable(),
    thumbnails: z.array(
      z.object({
        n: z.int().openapi({
          description:
            "0 is the picture that somebody chose; 1, 2 and 3 are at 10, 50 and 90 % of its length.",
        }),
        url: z.string(),
      }),
    ),
    poster_url: z.string().nullable().openapi({
      description: "The picture that somebody chose, else the first frame.",
    }),
    thumbnail_error: z
      .string()
      .nullable()
      .openapi({ description: "Why pictures are missing: pages draw one in their place." }),
    stream_url: z.string().nullable(),
    recorded_at: timeSchema.nullable().openapi({ description: "When the camera took it, as the file says." }),
    replacing_since: timeSchema
      .nullable()
      .openapi({ description: "A new file is being made ready; until then the old one plays." }),
    replace_error: z.string().nullable().openapi({
      description: "Why the last new file did not take its place; for those who may change the video.",
    }),
    created_at: timeSchema,
    updated_at: timeSchema,
    error: errorSchema,
  })
  .openapi("Video");

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

const picturesRoute = createRoute({
  method: "post",
  path: "/videos/{id}/thumbnails",
  middleware: allow("videos.change"),
  tags: ["Videos"],
  summary: "Take thumbnails and poster again",
  request: { params: idParam },
  responses: { 202: jsonOf(videoSchema, "It will be done."), ...failure },
});

const ownPictureRoute = createRoute({
  method: "put",
  path: "/videos/{id}/thumbnail",
  middleware: allow("videos.change"),
  tags: ["Videos"],
  summary: "Choose the picture that stands for a video",
  description:
    "JPEG, PNG, GIF, WebP, AVIF or HEIC; it becomes a JPEG of 1280×720. The pictures that were taken from the video stay, and taking them again leaves this one alone.",
  request: { params: idParam },
  requestBody: pictureBody,
  responses: { 200: jsonOf(videoSchema, "The video."), ...failure },
});

const removeOwnPictureRoute = createRoute({
  method: "delete",
  path: "/videos/{id}/thumbnail",
  middleware: allow("videos.change"),
  tags: ["Videos"],
  summary: "Go back to the pictures that were taken from the video",
  request: { params: idParam },
  responses: { 204: { description: "There is no chosen picture any more." }, ...failure },
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
  })
  .openapi(ownPictureRoute, async (c) => {
    const [deps, user, { id }] = [c.get("deps"), requireUser(c), c.req.valid("param")];
    await setOwnPicture(deps, user, id, pictureOf(c), c.req.raw.signal);
    return c.json(videoJson(user, getVideo(deps, user, id)), 200);
  })
  .openapi(removeOwnPictureRoute, (c) => {
    removeOwnPicture(c.get("deps"), requireUser(c), c.req.valid("param").id);
    return c.body(null, 204);
  })
  .openapi(picturesRoute, (c) => {
    const user = requireUser(c);
    const { id } = c.req.valid("param");
    remakePictures(c.get("deps"), user, id);
    return c.json(videoJson(user, getVideo(c.get("deps"), user, id)), 202);
  });

/** By their numbers. */
const pictureNames = ["own", "1", "2", "3"] as const;

export function videoJson(user: User, video: VideoItem): z.infer<typeof videoSchema> {
  const picture = (name: (typeof pictureNames)[number] | "poster") =>
    paths.thumbnail(video.id, name, video.updatedAt);
  const hasOwn = video.thumbnails.includes(0);
  return {
    id: video.id,
    title: video.title,
    description: video.description,
    state: video.state,
    visibility: video.visibility,
    owner: video.owner,
    tags: video.tags,
    duration_seconds: video.durationSeconds,
    width: video.width,
    height: video.height,
    size_bytes: video.sizeBytes,
    mime: video.mime,
    sha256: video.sha256,
    video_codec: video.videoCodec,
    audio_codec: video.audioCodec,
    unplayable_reason: video.unplayableReason,
    source_url: video.sourceUrl,
    filename: video.filename,
    thumbnails: video.thumbnails.map((n) => ({ n, url: picture(pictureNames[n] ?? "2") })),
    poster_url: hasOwn ? picture("own") : video.hasPoster ? picture("poster") : null,
    thumbnail_error: video.thumbnailError,
    stream_url: video.state === "READY" ? paths.stream(video.id) : null,
    recorded_at: video.recordedAt === null ? null : isoTime(video.recordedAt),
    replacing_since: video.replacingSince === null ? null : isoTime(video.replacingSince),
    replace_error: canEdit(user, { ownerId: video.owner.id }) ? video.replaceError : null,
    created_at: isoTime(video.createdAt),
    updated_at: isoTime(video.updatedAt),
    error: video.error,
  };
}
