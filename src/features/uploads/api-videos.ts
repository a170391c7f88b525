import { createRoute, z } from "@hono/zod-openapi";
import type { User } from "../../db/schema.ts";
import { allow } from "../../web/allow.ts";
import { failure, idParam, jsonOf, newApiPart } from "../../web/api.ts";
import { requireUser } from "../../web/session.ts";
import type { VideoItem } from "../videos/item.ts";
import { uploadFile } from "./one-request.ts";

const wishes = {
  title: z.string().optional().openapi({ description: "Made from the file's name unless said." }),
  tags: z.string().optional().openapi({ description: "With commas between them." }),
  visibility: z
    .enum(["library", "private"])
    .optional()
    .openapi({ description: "Else as `uploads.visibility` says." }),
};

const text = { type: "string" } as const;
const binary = { ...text, contentMediaType: "application/octet-stream" } as const;

/** Read by hand, and written as it comes. */
export const fileBody = {
  required: true,
  content: {
    "multipart/form-data": {
      schema: {
        type: "object" as const,
        required: ["file"],
        properties: { title: text, tags: text, visibility: text, file: binary },
      },
    },
    "application/octet-stream": { schema: binary },
  },
};

/** How the feature that owns them shows videos. */
interface VideoFormat {
  schema: z.ZodObject;
  json(viewer: User, video: VideoItem): object;
}

export function videoUploadApi({ schema, json }: VideoFormat) {
  const uploadRoute = createRoute({
    method: "post",
    path: "/videos",
    middleware: allow("videos.upload"),
    tags: ["Videos"],
    summary: "Send a video in one request",
    description:
      "The file is the body itself, named by `?filename=`, or the last field of a form, `file`. It is judged by its content before the answer, and READY a little later. What is large, or comes over a bad line, is better sent in pieces: see Uploads.",
    request: {
      query: z.object({
        filename: z.string().optional().openapi({ description: "Where the body itself is the file." }),
        ...wishes,
      }),
    },
    requestBody: fileBody,
    responses: { 201: jsonOf(schema, "The video, PROCESSING."), ...failure },
  });

  const replaceRoute = createRoute({
    method: "put",
    path: "/videos/{id}/file",
    middleware: allow("videos.change"),
    tags: ["Videos"],
    summary: "Give a video another file",
    description:
      "Sent as a new video is. The old file plays until the new one is ready, and is gone after that; `replace_error` says why where it stays. Id, title, tags, visibility and a chosen picture are kept.",
    request: {
      params: idParam,
      query: z.object({
        filename: z.string().optional().openapi({ description: "Where the body itself is the file." }),
      }),
    },
    requestBody: fileBody,
    responses: { 202: jsonOf(schema, "The video, `replacing_since` set."), ...failure },
  });

  return newApiPart()
    .openapi(uploadRoute, async (c) => {
      const user = requireUser(c);
      const sending = { user, request: c.req.raw, server: c.env?.server };
      return c.json(json(user, await uploadFile(c.get("deps"), sending, null)), 201);
    })
    .openapi(replaceRoute, async (c) => {
      const user = requireUser(c);
      const sending = { user, request: c.req.raw, server: c.env?.server };
      const { id } = c.req.valid("param");
      return c.json(json(user, await uploadFile(c.get("deps"), sending, id)), 202);
    });
}
