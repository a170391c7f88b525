import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../web/allow.ts";
import { bodyOf, failure, idParam, isoTime, jsonOf, newApiPart, timeSchema } from "../../web/api.ts";
import { requireUser } from "../../web/session.ts";
import { completeUpload, linkParts, partsThere, startDirectUpload } from "./direct/direct.ts";
import { uploadJson, uploadSchema } from "./upload-json.ts";
import { itemOf } from "./uploads.ts";

const senders = allow("videos.upload");
const tags = ["Uploads"];
const bytes = z.int().min(0);

const beginRoute = createRoute({
  method: "post",
  path: "/uploads/s3",
  middleware: senders,
  tags,
  summary: "Begin an upload straight into the bucket",
  description:
    "The file is cut into parts of `part_bytes`, the last of which is what remains. Each goes by PUT to an address that is asked for; then the upload is completed. A file that may not come is refused here. `no_direct_uploads` where new files don't go to a bucket, or browsers can't reach it.",
  request: {
    body: bodyOf(
      z.object({
        filename: z.string(),
        size_bytes: bytes,
        title: z.string().optional(),
        tags: z.string().optional().openapi({ description: "With commas between them." }),
        visibility: z.enum(["library", "private"]).optional(),
        modified: z.string().optional().openapi({ description: "Milliseconds since 1970." }),
        replaces: z
          .string()
          .optional()
          .openapi({ description: "The video whose file it takes the place of." }),
      }),
    ),
  },
  responses: { 201: jsonOf(uploadSchema, "The upload, `part_bytes` set."), ...failure },
});

const linksRoute = createRoute({
  method: "post",
  path: "/uploads/{id}/parts",
  middleware: senders,
  tags,
  summary: "Addresses to which parts are sent by PUT",
  description:
    "Each is good for some minutes, and for a body that has the size of this part and this checksum; the headers have to be sent as they are given.",
  request: {
    params: idParam,
    body: bodyOf(
      z.object({
        parts: z
          .array(
            z.object({
              n: z.int().openapi({ description: "From 1." }),
              crc32: z.string().openapi({
                description: "CRC-32 of the part: its four bytes in base64, the highest first.",
              }),
            }),
          )
          .min(1)
          .max(100),
      }),
    ),
  },
  responses: {
    200: jsonOf(
      z.object({
        parts: z.array(
          z.object({
            n: z.int(),
            size_bytes: bytes,
            url: z.string(),
            headers: z.record(z.string(), z.string()),
          }),
        ),
        expires_at: timeSchema,
      }),
      "The addresses, in the order in which they were asked for.",
    ),
    ...failure,
  },
});

const partsRoute = createRoute({
  method: "get",
  path: "/uploads/{id}/parts",
  middleware: senders,
  tags,
  summary: "The parts that the bucket has",
  description: "Who goes on with an upload sends the others.",
  request: { params: idParam },
  responses: {
    200: jsonOf(
      z.object({
        part_bytes: bytes,
        parts: z.array(z.object({ n: z.int(), size_bytes: bytes })),
      }),
      "In the order of their numbers.",
    ),
    ...failure,
  },
});

const completeRoute = createRoute({
  method: "post",
  path: "/uploads/{id}/complete",
  middleware: senders,
  tags,
  summary: "Say that all parts are sent",
  description:
    "`conflict` where some are missing. The file is then looked at: ask for the upload until it is `done` or `refused`. It can be said again.",
  request: { params: idParam },
  responses: { 202: jsonOf(uploadSchema, "The upload."), ...failure },
});

export const directApi = newApiPart()
  .openapi(beginRoute, async (c) => {
    const deps = c.get("deps");
    const { size_bytes: sizeBytes, ...wishes } = c.req.valid("json");
    const upload = await startDirectUpload(deps, requireUser(c), { sizeBytes, wishes });
    return c.json(uploadJson(itemOf(deps, upload)), 201);
  })
  .openapi(linksRoute, async (c) => {
    const { id } = c.req.valid("param");
    const { parts } = c.req.valid("json");
    const { links, expiresAt } = await linkParts(c.get("deps"), requireUser(c), id, parts);
    c.header("cache-control", "private, no-store");
    const shown = links.map(({ n, sizeBytes, url, headers }) => ({ n, size_bytes: sizeBytes, url, headers }));
    return c.json({ parts: shown, expires_at: isoTime(expiresAt) }, 200);
  })
  .openapi(partsRoute, async (c) => {
    const { id } = c.req.valid("param");
    const { partBytes, parts } = await partsThere(c.get("deps"), requireUser(c), id);
    const shown = parts.map(({ n, sizeBytes }) => ({ n, size_bytes: sizeBytes }));
    return c.json({ part_bytes: partBytes, parts: shown }, 200);
  })
  .openapi(completeRoute, async (c) => {
    const deps = c.get("deps");
    const { id } = c.req.valid("param");
    return c.json(uploadJson(itemOf(deps, await completeUpload(deps, requireUser(c), id))), 202);
  });
