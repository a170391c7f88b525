import { Hono } from "hono";
import { QueuePage } from "../../../../views/downloads/queue-page.tsx";
import { paths } from "../../../paths.ts";
import { allow } from "../../../web/allow.ts";
import type { AppEnv } from "../../../web/env.ts";
import { readForm } from "../../../web/forms.ts";
import { pageOf } from "../../../web/page.ts";
import { requireUser } from "../../../web/session.ts";
import { groupDownloads, shownOfAll } from "../downloads.ts";
import { removeDownload } from "./remove.ts";
import { cancelDownload, moveDownload, pauseDownload, resumeDownload, retryDownload } from "./steer.ts";
import { pauseAll, removeAllHopeless, resumeAll, retryAllFailed } from "./steer-all.ts";

/** The buttons of the queue; each leads back to it. */
export const steerRoutes = new Hono<AppEnv>();

/** As much of the queue as a page can hold, as it is now; the page above it shows the first ones, live. */
steerRoutes.get("/downloads/queue", allow("downloads.see"), (c) => {
  const groups = groupDownloads(c.get("deps"), requireUser(c), shownOfAll);
  return c.html(<QueuePage page={pageOf(c)} groups={groups} />);
});

const toOne = {
  cancel: cancelDownload,
  retry: retryDownload,
  remove: removeDownload,
  pause: pauseDownload,
  resume: resumeDownload,
};

const toAll = {
  "pause-all": pauseAll,
  "resume-all": resumeAll,
  "remove-failed": removeAllHopeless,
};

for (const [name, verb] of Object.entries(toOne)) {
  steerRoutes.post(`/downloads/:id/${name}`, allow("videos.download"), (c) => {
    verb(c.get("deps"), requireUser(c), c.req.param("id") ?? "");
    return c.redirect(paths.downloads(), 303);
  });
}

for (const [name, verb] of Object.entries(toAll)) {
  steerRoutes.post(`/downloads/${name}`, allow("videos.download"), async (c) => {
    await verb(c.get("deps"), requireUser(c));
    return c.redirect(paths.downloads(), 303);
  });
}

steerRoutes.post("/downloads/retry-failed", allow("videos.download"), async (c) => {
  const { leftOut } = await retryAllFailed(c.get("deps"), requireUser(c));
  return c.redirect(paths.downloads(leftOut === 0 ? {} : { left_out: String(leftOut) }), 303);
});

steerRoutes.post("/downloads/:id/move", allow("videos.download"), async (c) => {
  const { to } = await readForm(c);
  moveDownload(c.get("deps"), requireUser(c), c.req.param("id"), { to });
  return c.redirect(paths.downloads(), 303);
});
