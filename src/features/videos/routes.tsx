import { Hono } from "hono";
import type { Context } from "hono";
import { GalleryPage, VideoCards } from "../../../views/videos/gallery.tsx";
import type { GalleryFilter } from "../../../views/videos/filter-bar.tsx";
import { PlayerPage } from "../../../views/videos/player.tsx";
import type { VideoState } from "../../db/schema.ts";
import { paths } from "../../paths.ts";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { readForm, shownError } from "../../web/forms.ts";
import { pageOf } from "../../web/page.ts";
import { safePath } from "../../web/safe-path.ts";
import { requireUser } from "../../web/session.ts";
import { pictureOf } from "../../web/receive-picture.ts";
import { removeOwnPicture, setOwnPicture } from "./own-picture.ts";
import {
  cancelReplacement,
  canEdit,
  deleteVideo,
  findSame,
  getVideo,
  listVideos,
  parseTags,
  popularTags,
  remakePictures,
  updateVideo,
} from "./videos.ts";

const videoStates: readonly VideoState[] = ["PENDING", "PROCESSING", "READY", "FAILED"];

export const videoRoutes = new Hono<AppEnv>();

videoRoutes.get("/", allow("videos.watch"), (c) => {
  const filter = readFilter(c);
  const deps = c.get("deps");
  const { items, nextCursor } = listVideos(deps, requireUser(c), {
    ...filter,
    states: filter.state && [filter.state],
    mine: filter.owner === "me",
    cursor: c.req.query("cursor"),
  });
  const cards = {
    page: pageOf(c),
    videos: items,
    nextCursor,
    filter,
    progress: (id: string) => deps.events.progressOf(id),
  };
  // "Show more" asks for the next cards only; without scripts it is a page of its own.
  if (c.req.header("hx-request") && c.req.query("cursor")) return c.html(<VideoCards {...cards} />);
  return c.html(<GalleryPage {...cards} allTags={popularTags(deps, requireUser(c))} />);
});

videoRoutes.get("/videos/:id", allow("videos.watch"), (c) => c.html(playerPage(c)));

videoRoutes.post("/videos/:id/edit", allow("videos.change"), async (c) => {
  const { title = "", description = "", tags = "", visibility = "" } = await readForm(c);
  const values = { title, description, tags, visibility };
  try {
    updateVideo(c.get("deps"), requireUser(c), c.req.param("id"), values);
    return c.redirect(paths.video(c.req.param("id")), 303);
  } catch (error) {
    const shown = shownError(error);
    return c.html(playerPage(c, { error: shown, values }), shown.status);
  }
});

videoRoutes.post("/videos/:id/delete", allow("videos.change"), async (c) => {
  deleteVideo(c.get("deps"), requireUser(c), c.req.param("id"));
  const { next } = await readForm(c);
  return c.redirect(safePath(next), 303);
});

videoRoutes.post("/videos/:id/replacement/cancel", allow("videos.change"), (c) => {
  cancelReplacement(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.video(c.req.param("id")), 303);
});

videoRoutes.post("/videos/:id/thumbnails", allow("videos.change"), (c) => {
  remakePictures(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.video(c.req.param("id")), 303);
});

videoRoutes.post("/videos/:id/thumbnail", allow("videos.change"), async (c) => {
  const id = c.req.param("id");
  try {
    await setOwnPicture(c.get("deps"), requireUser(c), id, pictureOf(c), c.req.raw.signal);
    return c.redirect(paths.video(id), 303);
  } catch (error) {
    const pictureError = shownError(error);
    return c.html(playerPage(c, { pictureError }), pictureError.status);
  }
});

videoRoutes.post("/videos/:id/thumbnail/delete", allow("videos.change"), (c) => {
  removeOwnPicture(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.video(c.req.param("id")), 303);
});

function playerPage(
  c: Context<AppEnv, "/videos/:id">,
  form: Pick<Parameters<typeof PlayerPage>[0], "error" | "values" | "pictureError"> = {},
) {
  const deps = c.get("deps");
  const user = requireUser(c);
  const video = getVideo(deps, user, c.req.param("id"));
  return (
    <PlayerPage
      page={pageOf(c)}
      video={video}
      canEdit={canEdit(user, { ownerId: video.owner.id })}
      same={video.owner.id === user.id ? findSame(deps, user, [video.id]).get(video.id) : undefined}
      progress={deps.events.progressOf(video.id)}
      {...form}
    />
  );
}

function readFilter(c: Context<AppEnv>): GalleryFilter & { state?: VideoState } {
  return {
    q: (c.req.query("q") ?? "").slice(0, 200),
    tags: parseTags(c.req.queries("tag") ?? []),
    owner: c.req.query("owner") === "me" ? "me" : undefined,
    state: videoStates.find((state) => state === c.req.query("state")),
  };
}
