import { Hono } from "hono";
import { SpaceUsed } from "../../../views/parts/space-used.tsx";
import { UnfinishedUploads } from "../../../views/uploads/unfinished.tsx";
import { MinePage, MineRows } from "../../../views/videos/mine.tsx";
import type { MineFilter } from "../../../views/videos/mine.tsx";
import type { VideoState } from "../../db/schema.ts";
import { paths } from "../../paths.ts";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { pageOf } from "../../web/page.ts";
import { requireUser } from "../../web/session.ts";
import { usageOf } from "../space/space.ts";
import { findSame, listVideos } from "../videos/videos.ts";
import { cancelUpload, unfinishedUploads } from "./uploads.ts";

/** What somebody has on the shelf, and what is on its way there. */
export const mineRoutes = new Hono<AppEnv>();

const statesOf: Record<MineFilter, VideoState[]> = {
  ready: ["READY"],
  processing: ["PENDING", "PROCESSING"],
  failed: ["FAILED"],
};
const rowsOfPage = 30;

mineRoutes.get("/mine", allow("videos.watch"), (c) => {
  const deps = c.get("deps");
  const user = requireUser(c);
  const filter = readFilter(c.req.query("state"));
  const { items, nextCursor } = listVideos(deps, user, {
    mine: true,
    states: filter && statesOf[filter],
    limit: rowsOfPage,
    cursor: c.req.query("cursor"),
  });
  const same = findSame(
    deps,
    user,
    items.map(({ id }) => id),
  );
  const rows = items.map((video) => ({
    video,
    progress: deps.events.progressOf(video.id),
    same: same.get(video.id),
  }));
  const shown = { page: pageOf(c), rows, nextCursor, filter };
  // "Show more" asks for the next rows only; without scripts it is a page of its own.
  if (c.req.header("hx-request") && c.req.query("cursor")) return c.html(<MineRows {...shown} />);
  return c.html(
    <MinePage {...shown}>
      <SpaceUsed {...usageOf(deps, user)} />
      <UnfinishedUploads page={shown.page} uploads={unfinishedUploads(deps, user)} />
    </MinePage>,
  );
});

mineRoutes.post("/uploads/:id/cancel", allow("videos.upload"), async (c) => {
  await cancelUpload(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.mine(), 303);
});

function readFilter(state: string | undefined): MineFilter | undefined {
  return state !== undefined && Object.hasOwn(statesOf, state) ? (state as MineFilter) : undefined;
}
