import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../web/allow.ts";
import { failure, idParam, isoTime, jsonOf, newApiPart, pagingQuery, timeSchema } from "../../web/api.ts";
import { requireUser } from "../../web/session.ts";
import { pictureBody, pictureOf } from "../../web/receive-picture.ts";
import { addImage, deleteImage, getImage, listImages } from "./images.ts";
import type { ImageItem } from "./item.ts";

const tags = ["Images"];

const imageSchema = z
  .object({
    id: z.string(),
    filename: z.string().openapi({ description: "As it was sent." }),
    mime: z.string().openapi({ description: "Of what is kept, not of what was sent." }),
    width: z.int().nullable(),
    height: z.int().nullable(),
    size_bytes: z.int(),
    url: z.string(),
    sizes: z.array(z.object({ width: z.int(), url: z.string() })).openapi({
      description: "Smaller ones, the smallest first.",
    }),
    created_at: timeSchema,
  })
  .openapi("Image");

const addRoute = createRoute({
  method: "post",
  path: "/images",
  middleware: allow("videos.upload"),
  tags,
  summary: "Send a picture",
  description:
    "JPEG, PNG, GIF, WebP, AVIF or HEIC, judged by its content: kept upright, without private metadata, as WebP or in its own format, whichever is smaller. An SVG is kept as it is, to be downloaded. The same file again answers 200 with the picture that is there.",
  request: {
    query: z.object({
      filename: z.string().optional().openapi({ description: "Where the body itself is the picture." }),
    }),
  },
  requestBody: pictureBody,
  responses: {
    201: jsonOf(imageSchema, "The new picture."),
    200: jsonOf(imageSchema, "The picture that was there already."),
    ...failure,
  },
});

const listRoute = createRoute({
  method: "get",
  path: "/images",
  middleware: allow("videos.upload"),
  tags,
  summary: "List one's own pictures, newest first",
  request: { query: z.object(pagingQuery) },
  responses: {
    200: jsonOf(
      z.object({ items: z.array(imageSchema), next_cursor: z.string().nullable() }),
      "A page of pictures.",
    ),
    ...failure,
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/images/{id}",
  middleware: allow("videos.watch"),
  tags,
  summary: "One picture",
  request: { params: idParam },
  responses: { 200: jsonOf(imageSchema, "The picture."), ...failure },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/images/{id}",
  middleware: allow("videos.upload"),
  tags,
  summary: "Delete a picture",
  request: { params: idParam },
  responses: { 204: { description: "It is gone." }, ...failure },
});

export const imageApi = newApiPart()
  .openapi(addRoute, async (c) => {
    const user = requireUser(c);
    const { image, isNew } = await addImage(c.get("deps"), user, pictureOf(c), c.req.raw.signal);
    return c.json(imageJson(image), isNew ? 201 : 200);
  })
  .openapi(listRoute, (c) => {
    const { items, nextCursor } = listImages(c.get("deps"), requireUser(c), c.req.valid("query"));
    return c.json({ items: items.map(imageJson), next_cursor: nextCursor }, 200);
  })
  .openapi(getRoute, (c) =>
    c.json(imageJson(getImage(c.get("deps"), requireUser(c), c.req.valid("param").id)), 200),
  )
  .openapi(deleteRoute, (c) => {
    deleteImage(c.get("deps"), requireUser(c), c.req.valid("param").id);
    return c.body(null, 204);
  });

function imageJson(image: ImageItem): z.infer<typeof imageSchema> {
  const { id, filename, mime, width, height, url, sizes } = image;
  const created_at = isoTime(image.createdAt);
  return { id, filename, mime, width, height, size_bytes: image.sizeBytes, url, sizes, created_at };
}
