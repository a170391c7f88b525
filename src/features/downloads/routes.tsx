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
import { logPages } from "./log-pages.tsx";
import { bookmarklet, sharedLink } from "./shared-link.ts";
import { startDownloads } from "./start.ts";
import { retryVideo } from "./steer.ts";
import { steerRoutes } from "./steer-pages.tsx";

export const downloadRoutes = new Hono<AppEnv>();

downloadRoutes.route("/", liveRoutes);
downloadRoutes.route("/", steerRoutes);
downloadRoutes.route("/", logPages);

/** With ?url= (a bookmark) or what a phone shares, the box is filled in; nothing is asked of that address yet. */
downloadRoutes.get("/downloads", allow("downloads.see"), (c) => {
  const groups = groupDownloads(c.get("deps"), requireUser(c));
  const page = pageOf(c);
  const urls = sharedLink(c.req.query());
  const values = urls === "" ? undefined : { urls, title: "", tags: "", visibility: page.newVisibility };
  const origin = c.get("deps").config.server.public_url || new URL(c.req.url).origin;
  const bookmark = bookmarklet(origin, paths.downloads());
  return c.html(<DownloadsPage page={page} groups={groups} values={values} bookmarklet={bookmark} />);
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

downloadRoutes.post("/videos/:id/retry", allow("videos.download"), (c) => {
  retryVideo(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.video(c.req.param("id")), 303);
});
