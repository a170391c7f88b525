import { Hono } from "hono";
import type { Context } from "hono";
import type { AppEnv } from "../../web/env.ts";
import { requireUser } from "../../web/session.ts";
import { sendDownload, sendPicture, sendStream } from "./playback.ts";

export const playbackRoutes = new Hono<AppEnv>();

// hono routes HEAD to the handlers of GET.
playbackRoutes.get("/videos/:id/stream", (c) =>
  sendStream(c.get("deps"), requireUser(c), c.req.raw, c.req.param("id")),
);

playbackRoutes.get("/videos/:id/file", (c) =>
  sendDownload(c.get("deps"), requireUser(c), c.req.raw, c.req.param("id")),
);

playbackRoutes.get(
  "/thumbnails/:id/:picture{[a-z0-9]+\\.jpg}",
  (c: Context<AppEnv, "/thumbnails/:id/:picture">) => {
    const name = c.req.param("picture").replace(/\.jpg$/, "");
    return sendPicture(c.get("deps"), requireUser(c), c.req.raw, c.req.param("id"), name);
  },
);
