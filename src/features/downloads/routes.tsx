import { Hono } from "hono";
import { paths } from "../../paths.ts";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { readForm } from "../../web/forms.ts";
import { safePath } from "../../web/safe-path.ts";
import { requireUser } from "../../web/session.ts";
import { addRoutes } from "./adding/pages.tsx";
import { liveRoutes } from "./live.tsx";
import { logPages } from "./logs/pages.tsx";
import { profileRoutes } from "./profiles/pages.tsx";
import { retryVideo } from "./steering/steer.ts";
import { steerRoutes } from "./steering/pages.tsx";

export const downloadRoutes = new Hono<AppEnv>();

downloadRoutes.route("/", addRoutes);
downloadRoutes.route("/", profileRoutes);
downloadRoutes.route("/", liveRoutes);
downloadRoutes.route("/", steerRoutes);
downloadRoutes.route("/", logPages);

downloadRoutes.post("/videos/:id/retry", allow("videos.download"), async (c) => {
  const { next = paths.video(c.req.param("id")) } = await readForm(c);
  retryVideo(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(safePath(next), 303);
});
