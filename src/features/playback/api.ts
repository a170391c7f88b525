import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../web/allow.ts";
import { failure, idParam, isoTime, jsonOf, newApiPart, timeSchema } from "../../web/api.ts";
import { originFor } from "../../web/origin.ts";
import { requireUser } from "../../web/session.ts";
import { parts } from "./parts.ts";
import { createStreamUrl } from "./stream-url.ts";

const mostSeconds = 86_400;

const urlSchema = z
  .object({ url: z.string(), expires_at: timeSchema.openapi({ description: "When it stops to let in." }) })
  .openapi("StreamUrl");

const streamUrlRoute = createRoute({
  method: "get",
  path: "/videos/{id}/stream-url",
  middleware: allow("videos.watch"),
  tags: ["Videos"],
  summary: "An address that needs no login, for VLC, mpv and the like",
  description:
    "Whoever has it gets this one file, with ranges, until it expires. One of our own ends before that with the video, with the right of who asked to watch it, and with their sessions; one of a bucket does not.",
  request: {
    params: idParam,
    query: z.object({
      expires_in: z.coerce
        .number()
        .int()
        .min(1)
        .max(mostSeconds)
        .optional()
        .openapi({ description: "Seconds: 15 minutes for videos and an hour for pictures unless given." }),
      part: z
        .enum(parts)
        .default("stream")
        .openapi({ description: "What plays, the file as it came, the poster, or a thumbnail." }),
    }),
  },
  responses: { 200: jsonOf(urlSchema, "The address."), ...failure },
});

export const playbackApi = newApiPart().openapi(streamUrlRoute, async (c) => {
  const { expires_in: expiresSeconds, part } = c.req.valid("query");
  const wish = { part, expiresSeconds, origin: originFor(c) };
  const { url, expiresAt } = await createStreamUrl(
    c.get("deps"),
    requireUser(c),
    c.req.valid("param").id,
    wish,
  );
  // It is as good as a login.
  c.header("Cache-Control", "no-store");
  return c.json({ url, expires_at: isoTime(expiresAt) }, 200);
});
