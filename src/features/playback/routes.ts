import { Hono } from "hono";
import type { Context } from "hono";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { notFound } from "../../web/problem.ts";
import { requireUser } from "../../web/session.ts";
import { parts } from "./parts.ts";
import type { Part } from "./parts.ts";
import { sendPart } from "./playback.ts";
import { sendSigned } from "./stream-url.ts";

export const playbackRoutes = new Hono<AppEnv>();

// hono routes HEAD to the handlers of GET.
playbackRoutes.get("/videos/:id/stream", allow("videos.watch"), (c) => answer(c, "stream"));

playbackRoutes.get("/videos/:id/file", allow("videos.watch"), (c) => answer(c, "original"));

playbackRoutes.get(
  "/thumbnails/:id/:picture{[a-z0-9]+\\.jpg}",
  allow("videos.watch"),
  (c: Context<AppEnv, "/thumbnails/:id/:picture">) => {
    const name = c.req.param("picture").replace(/\.jpg$/, "");
    return answer(c, pictures.find((one) => one === name) ?? notFound());
  },
);

// No login: the signature says who lends what.
playbackRoutes.get("/signed/:id/:name", (c) =>
  sendSigned(c.get("deps"), c.req.raw, c.req.param("id"), c.req.param("name")),
);

const pictures = parts.filter((part) => part !== "stream" && part !== "original");

function answer(c: Context<AppEnv, "/:id">, part: Part): Response | Promise<Response> {
  return sendPart(c.get("deps"), requireUser(c), c.req.raw, c.req.param("id"), part);
}
