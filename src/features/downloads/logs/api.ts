import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../../web/allow.ts";
import { failure, idParam, newApiPart } from "../../../web/api.ts";
import { requireUser } from "../../../web/session.ts";
import { readLog } from "../downloads.ts";

const logRoute = createRoute({
  method: "get",
  path: "/downloads/{id}/log",
  middleware: allow("downloads.see"),
  tags: ["Downloads"],
  summary: "What the downloader said",
  description: "The last 64 KB, without secrets and paths of the server. Empty before the first attempt.",
  request: { params: idParam },
  responses: {
    200: { description: "The log.", content: { "text/plain": { schema: z.string() } } },
    ...failure,
  },
});

export const logApi = newApiPart().openapi(logRoute, (c) =>
  c.text(readLog(c.get("deps"), requireUser(c), c.req.valid("param").id), 200),
);
