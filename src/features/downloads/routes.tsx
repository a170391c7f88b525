import { Hono } from "hono";
import { DownloadsPage } from "../../../views/downloads/page.tsx";
import { paths } from "../../paths.ts";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { readForm, shownError } from "../../web/forms.ts";
import { pageOf } from "../../web/page.ts";
import { requireUser } from "../../web/session.ts";
import { groupDownloads } from "./downloads.ts";
import { liveRoutes } from "./live.tsx";
import { startDownloads } from "./start.ts";
import { cancelDownload, retryDownload, retryVideo } from "./steer.ts";

export const downloadRoutes = new Hono<AppEnv>();

downloadRoutes.route("/", liveRoutes);

downloadRoutes.get("/downloads", allow("downloads.see"), (c) => {
  const groups = groupDownloads(c.get("deps"), requireUser(c));
  return c.html(<DownloadsPage page={pageOf(c)} groups={groups} />);
});

downloadRoutes.post("/downloads", allow("videos.download"), async (c) => {
  const { urls = "", title = "", tags = "", visibility = "" } = await readForm(c);
  const values = { urls, title, tags, visibility };
  const user = requireUser(c);
  try {
    startDownloads(c.get("deps"), user, { ...values, visibility: visibility || undefined });
    return c.redirect(paths.downloads(), 303);
  } catch (error) {
    const shown = shownError(error);
    const groups = groupDownloads(c.get("deps"), user);
    const page = pageOf(c);
    return c.html(<DownloadsPage page={page} groups={groups} values={values} error={shown} />, shown.status);
  }
});

downloadRoutes.post("/downloads/:id/cancel", allow("videos.download"), (c) => {
  cancelDownload(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.downloads(), 303);
});

downloadRoutes.post("/downloads/:id/retry", allow("videos.download"), (c) => {
  retryDownload(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.downloads(), 303);
});

downloadRoutes.post("/videos/:id/retry", allow("videos.download"), (c) => {
  retryVideo(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.video(c.req.param("id")), 303);
});
