import { Hono } from "hono";
import { UploadOutcomePage } from "../../../views/uploads/outcome.tsx";
import { paths } from "../../paths.ts";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { pageOf } from "../../web/page.ts";
import { problemOf } from "../../web/problem.ts";
import { requireUser } from "../../web/session.ts";
import { uploadFile, uploadForm } from "./one-request.ts";

export const formRoutes = new Hono<AppEnv>();

/** Another file for a video; what it is refused for, the error's own page says. */
formRoutes.post("/videos/:id/file", allow("videos.change"), async (c) => {
  const sending = { user: requireUser(c), request: c.req.raw, server: c.env?.server };
  await uploadFile(c.get("deps"), sending, c.req.param("id"));
  return c.redirect(paths.video(c.req.param("id")), 303);
});

/** The way without scripts: a form with files, which come while the browser waits. */
formRoutes.post("/uploads", allow("videos.upload"), async (c) => {
  const sending = { user: requireUser(c), request: c.req.raw, server: c.env?.server };
  const { videos, refused } = await uploadForm(c.get("deps"), sending);
  const [first] = refused;
  if (!first) return c.redirect(paths.mine(), 303);
  const shown = refused.map(({ filename, error }) => {
    const { message, hint } = error;
    return { filename, message, hint };
  });
  const page = <UploadOutcomePage page={pageOf(c)} taken={videos.length} refused={shown} />;
  return c.html(page, problemOf(first.error).status);
});
