import { Hono } from "hono";
import { DownloadLogPage } from "../../../../views/downloads/log.tsx";
import { allow } from "../../../web/allow.ts";
import type { AppEnv } from "../../../web/env.ts";
import { pageOf } from "../../../web/page.ts";
import { requireUser } from "../../../web/session.ts";
import { getDownload, readLog } from "../downloads.ts";

export const logPages = new Hono<AppEnv>();

logPages.get("/downloads/:id/log", allow("downloads.see"), (c) => {
  const [deps, user, id] = [c.get("deps"), requireUser(c), c.req.param("id")];
  const [download, log] = [getDownload(deps, user, id), readLog(deps, user, id)];
  return c.html(<DownloadLogPage page={pageOf(c)} download={download} log={log} />);
});
