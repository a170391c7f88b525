import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../web/allow.ts";
import { failure, jsonOf, newApiPart } from "../../web/api.ts";
import { requireUser } from "../../web/session.ts";
import { findKnown } from "./uploads.ts";

const knownSchema = z.object({ id: z.string(), title: z.string() }).nullable();

const knownRoute = createRoute({
  method: "get",
  path: "/uploads/known",
  middleware: allow("videos.upload"),
  tags: ["Uploads"],
  summary: "Look for a file that is here already, before it is sent",
  description: "By name and size alone; `same_as` of a video says later whether it is the very same.",
  request: {
    query: z.object({
      filename: z.string().min(1).max(1000),
      size_bytes: z.coerce.number().int().min(0),
    }),
  },
  responses: {
    200: jsonOf(z.object({ video: knownSchema }), "The newest such video that one may see."),
    ...failure,
  },
});

export const knownApi = newApiPart().openapi(knownRoute, (c) => {
  const { filename, size_bytes: sizeBytes } = c.req.valid("query");
  return c.json({ video: findKnown(c.get("deps"), requireUser(c), filename, sizeBytes) }, 200);
});
