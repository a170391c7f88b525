import { createRoute, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { allow } from "../../web/allow.ts";
import { failure, idParam, jsonOf, newApiPart, pagingQuery } from "../../web/api.ts";
import type { AppEnv } from "../../web/env.ts";
import { requireUser } from "../../web/session.ts";
import { directApi } from "./api-direct.ts";
import { knownApi } from "./api-known.ts";
import { answerTus } from "./tus/tus.ts";
import { uploadJson, uploadSchema } from "./upload-json.ts";
import { cancelUpload, getUpload, itemOf, listUploads } from "./uploads.ts";

const senders = allow("videos.upload");
const tags = ["Uploads"];

const listRoute = createRoute({
  method: "get",
  path: "/uploads",
  middleware: senders,
  tags,
  summary: "List one's own uploads, newest first",
  request: { query: z.object(pagingQuery) },
  responses: {
    200: jsonOf(
      z.object({ items: z.array(uploadSchema), next_cursor: z.string().nullable() }),
      "A page of uploads.",
    ),
    ...failure,
  },
});

/** hono routes HEAD to the handlers of GET. */
const headIsOfTus: MiddlewareHandler<AppEnv> = async (c, next) => {
  return c.req.raw.method === "HEAD" ? answerTus(c, c.req.param("id") ?? "") : next();
};

const getRoute = createRoute({
  method: "get",
  path: "/uploads/{id}",
  middleware: [senders, headIsOfTus],
  tags,
  summary: "One upload, and what it became",
  description: "HEAD asks tus how much of it is here: `Upload-Offset`.",
  request: { params: idParam },
  responses: { 200: jsonOf(uploadSchema, "The upload."), ...failure },
});

// What tus takes and answers stands in headers (tus.io/protocols/resumable-upload), and @tus/server judges them.

const header = (description: string) => z.string().optional().openapi({ description });
const tusHeaders = { "Tus-Resumable": header("`1.0.0`; else 412.") };
const checksumHeader = {
  "Upload-Checksum": header(
    "`sha256` or `sha1`, a space, and the digest in base64; 460 where the bytes are others.",
  ),
};
const piece = {
  required: false,
  content: { "application/offset+octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
};

const optionsRoute = createRoute({
  method: "options",
  path: "/uploads",
  middleware: senders,
  tags,
  summary: "What this server can of tus",
  responses: {
    204: { description: "In headers: version, extensions, the most bytes of a file." },
    ...failure,
  },
});

const createUploadRoute = createRoute({
  method: "post",
  path: "/uploads",
  middleware: senders,
  tags,
  summary: "Begin an upload that can be resumed, by tus 1.0",
  description:
    "The extensions creation, creation-with-upload, termination, expiration and checksum are spoken. A file that may not come is refused before its bytes.",
  request: {
    headers: z.object({
      ...tusHeaders,
      "Upload-Length": header("Bytes of the whole file."),
      "Upload-Metadata": header(
        "`filename`; and as wished `title`, `tags` (with commas), `visibility`, `modified` (milliseconds since 1970), `replaces` (a video's id). Values in base64.",
      ),
      ...checksumHeader,
    }),
    body: piece,
  },
  responses: { 201: { description: "`Location` is where the pieces go." }, ...failure },
});

const pieceRoute = createRoute({
  method: "patch",
  path: "/uploads/{id}",
  middleware: senders,
  tags,
  summary: "Send the next piece of an upload",
  description: "With the last one the file is judged: what is no video is refused, and gone.",
  request: {
    params: idParam,
    headers: z.object({
      ...tusHeaders,
      "Upload-Offset": header("How much is there; 409 where it is not so."),
      ...checksumHeader,
    }),
    body: piece,
  },
  responses: { 204: { description: "`Upload-Offset` is how much is there now." }, ...failure },
});

const cancelRoute = createRoute({
  method: "delete",
  path: "/uploads/{id}",
  middleware: senders,
  tags,
  summary: "Cancel an upload; a video that was made of it stays",
  request: { params: idParam, headers: z.object(tusHeaders) },
  responses: { 204: { description: "It is gone." }, ...failure },
});

const overrideRoute = createRoute({
  method: "post",
  path: "/uploads/{id}",
  middleware: senders,
  tags,
  summary: "PATCH or DELETE, for those who can't send these",
  request: {
    params: idParam,
    headers: z.object({ "X-HTTP-Method-Override": header("The method.") }),
    body: piece,
  },
  responses: { 204: { description: "As the method says." }, ...failure },
});

export const uploadApi = newApiPart()
  // Before what takes any name for an id.
  .route("/", knownApi)
  .route("/", directApi)
  .openapi(optionsRoute, (c) => answerTus(c, null))
  .openapi(createUploadRoute, (c) => answerTus(c, null))
  .openapi(listRoute, (c) => {
    const { limit, cursor } = c.req.valid("query");
    const page = listUploads(c.get("deps"), requireUser(c), { limit, cursor });
    return c.json({ items: page.items.map(uploadJson), next_cursor: page.nextCursor }, 200);
  })
  .openapi(getRoute, (c) => {
    const { id } = c.req.valid("param");
    const deps = c.get("deps");
    return c.json(uploadJson(itemOf(deps, getUpload(deps, requireUser(c), id))), 200);
  })
  .openapi(pieceRoute, (c) => answerTus(c, c.req.valid("param").id))
  .openapi(cancelRoute, async (c) => {
    const { id } = c.req.valid("param");
    const deps = c.get("deps");
    // Who sends straight into the bucket needs no word of tus.
    if (getUpload(deps, requireUser(c), id).way !== "direct") return answerTus(c, id);
    await cancelUpload(deps, requireUser(c), id);
    return c.body(null, 204);
  })
  .openapi(overrideRoute, (c) => answerTus(c, c.req.valid("param").id));
