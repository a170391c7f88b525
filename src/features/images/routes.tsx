import { Hono } from "hono";
import type { Context } from "hono";
import { ImageCards, ImagesPage } from "../../../views/images/images.tsx";
import { paths } from "../../paths.ts";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { shownError } from "../../web/forms.ts";
import type { ShownError } from "../../web/forms.ts";
import { originFor } from "../../web/origin.ts";
import { pageOf } from "../../web/page.ts";
import { pictureOf } from "../../web/receive-picture.ts";
import { sendStored } from "../../web/send-stored.ts";
import { requireUser } from "../../web/session.ts";
import { addImage, deleteImage, getImageFile, listImages, usageOf } from "./images.ts";

/** How long an address of the bucket is good. */
const linkSeconds = 60 * 60;

export const imageRoutes = new Hono<AppEnv>();

imageRoutes.get("/images", allow("videos.upload"), (c) => {
  // "Show more" asks for the next cards only; without scripts it is a page of its own.
  if (c.req.header("hx-request") && c.req.query("cursor")) return c.html(<ImageCards {...cardsFor(c)} />);
  return c.html(imagesPage(c));
});

imageRoutes.post("/images", allow("videos.upload"), async (c) => {
  try {
    await addImage(c.get("deps"), requireUser(c), pictureOf(c), c.req.raw.signal);
    return c.redirect(paths.images(), 303);
  } catch (error) {
    const shown = shownError(error);
    return c.html(imagesPage(c, shown), shown.status);
  }
});

imageRoutes.post("/images/:id/delete", allow("videos.upload"), (c) => {
  deleteImage(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.images(), 303);
});

// hono routes HEAD to the handlers of GET.
imageRoutes.get("/images/:id/:name", allow("videos.watch"), (c) => {
  const deps = c.get("deps");
  const { file, bytes } = getImageFile(deps, requireUser(c), c.req.param("id"), c.req.param("name"));
  return sendStored(deps, c.req.raw, file, bytes, linkSeconds);
});

function imagesPage(c: Context<AppEnv>, error?: ShownError) {
  const deps = c.get("deps");
  const mostBytes = deps.config.images.max_size;
  const usage = usageOf(deps, requireUser(c));
  return <ImagesPage {...cardsFor(c)} mostBytes={mostBytes} usage={usage} error={error} />;
}

function cardsFor(c: Context<AppEnv>) {
  const query = { cursor: c.req.query("cursor") };
  const { items, nextCursor } = listImages(c.get("deps"), requireUser(c), query);
  return { page: pageOf(c), images: items, nextCursor, origin: originFor(c) };
}
