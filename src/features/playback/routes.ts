import { Hono } from "hono";
import type { Context } from "hono";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { requireUser } from "../../web/session.ts";
import { sendDownload, sendPicture, sendStream } from "./playback.ts";

export const playbackRoutes = new Hono<AppEnv>();

// hono routes HEAD to the handlers of GET.
playbackRoutes.get("/videos/:id/stream", allow("videos.watch"), (c) =>
  sendStream(c.get("deps"), requireUser(c), c.req.raw, c.req.param("id")),
);

playbackRoutes.get("/videos/:id/file", allow("videos.watch"), (c) =>
  sendDownload(c.get("deps"), requireUser(c), c.req.raw, c.req.param("id")),
);

playbackRoutes.get(
  "/thumbnails/:id/:picture{[a-z0-9]+\\.jpg}",
  allow("videos.watch"),
  (c: Context<AppEnv, "/thumbnails/:id/:picture">) => {
    const name = c.req.param("picture").replace(/\.jpg$/, "");
    return sendPicture(c.get("deps"), requireUser(c), c.req.raw, c.req.param("id"), name);
  },
);
