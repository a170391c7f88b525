import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../web/allow.ts";
import { failure, isoTime, jsonOf, newApiPart, pagingQuery, timeSchema } from "../../web/api.ts";
import { listRefused } from "./overview.ts";

const refusedSchema = z
  .object({
    key: z.string().openapi({ description: "As whoever put it into the bucket called it." }),
    size_bytes: z.int(),
    code: z.string(),
    message: z.string(),
    hint: z.string(),
    again: z.enum(["never", "fits", "restart"]).openapi({
      description: "When it is tried again by itself: never, as soon as it fits, or at the next start.",
    }),
    since: timeSchema.openapi({ description: "Since when it is known to be there." }),
  })
  .openapi("RefusedFile");

const incomingRoute = createRoute({
  method: "get",
  path: "/admin/storage/incoming",
  middleware: allow("storage.manage"),
  tags: ["Storage"],
  summary: "What stays in incoming/ of the bucket since it could not become a video, newest first",
  request: { query: z.object(pagingQuery) },
  responses: {
    200: jsonOf(
      z.object({ items: z.array(refusedSchema), next_cursor: z.string().nullable(), total: z.int() }),
      "A page of them. None where `incoming_owner` is not set, or new files go to the disk.",
    ),
    ...failure,
  },
});

export const incomingApi = newApiPart().openapi(incomingRoute, (c) => {
  const { items, nextCursor, total } = listRefused(c.get("deps"), c.req.valid("query"));
  const rows = items.map(({ sizeBytes, since, ...file }) => ({
    ...file,
    size_bytes: sizeBytes,
    since: isoTime(since),
  }));
  return c.json({ items: rows, next_cursor: nextCursor, total }, 200);
});
