import { Hono } from "hono";
import type { Context } from "hono";
import { ToolsPage } from "../../../views/admin/tools.tsx";
import type { ToolsProps } from "../../../views/admin/tools.tsx";
import { paths } from "../../paths.ts";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { readForm, shownError } from "../../web/forms.ts";
import { pageOf } from "../../web/page.ts";
import { requireUser } from "../../web/session.ts";
import { rollBackDownloader, updateDownloader } from "../downloads/downloads.ts";
import { remakeAllPictures } from "../videos/videos.ts";
import { lookAtTools } from "./tools.ts";

export const toolsPages = new Hono<AppEnv>();

const keepers = allow("tools.manage");

toolsPages.get("/admin/tools", keepers, async (c) => {
  const queued = Number.parseInt(c.req.query("queued") ?? "", 10);
  return c.html(await toolsPage(c, { queued: Number.isNaN(queued) ? undefined : queued }));
});

toolsPages.post("/admin/tools/yt-dlp/update", keepers, (c) =>
  attempt(c, () => updateDownloader(c.get("deps"), requireUser(c))),
);

toolsPages.post("/admin/tools/yt-dlp/roll-back", keepers, (c) =>
  attempt(c, () => rollBackDownloader(c.get("deps"), requireUser(c))),
);

toolsPages.post("/admin/tools/thumbnails", allow("videos.all"), async (c) => {
  const { only } = await readForm(c);
  const count = remakeAllPictures(c.get("deps"), requireUser(c), { only });
  return c.redirect(paths.tools({ queued: String(count) }), 303);
});

async function attempt(c: Context<AppEnv>, act: () => void | Promise<void>) {
  try {
    await act();
    return c.redirect(paths.tools(), 303);
  } catch (error) {
    const shown = shownError(error);
    return c.html(await toolsPage(c, { error: shown }), shown.status);
  }
}

async function toolsPage(c: Context<AppEnv>, state: Pick<ToolsProps, "queued" | "error">) {
  return <ToolsPage page={pageOf(c)} tools={await lookAtTools(c.get("deps"))} {...state} />;
}
