import { createRoute, z } from "@hono/zod-openapi";
import type { User } from "../../db/schema.ts";
import { allow } from "../../web/allow.ts";
import { failure, jsonOf, newApiPart } from "../../web/api.ts";
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

  return newApiPart().openapi(uploadRoute, async (c) => {
    const user = requireUser(c);
    const sending = { user, request: c.req.raw, server: c.env?.server };
    return c.json(json(user, await uploadFile(c.get("deps"), sending, null)), 201);
  });
}
