import { Hono } from "hono";
import { OverviewPage } from "../../../views/admin/overview.tsx";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { pageOf } from "../../web/page.ts";
import { cookiesPages } from "./cookies-pages.tsx";
import { invitesPages } from "./invites-pages.tsx";
import { auditPages } from "./audit-pages.tsx";
import { takeOverview } from "./overview.ts";
import { peoplePages } from "./people-pages.tsx";
import { toolsPages } from "./tools-pages.tsx";

export const adminRoutes = new Hono<AppEnv>();

adminRoutes.route("/", peoplePages);
adminRoutes.route("/", invitesPages);
adminRoutes.route("/", auditPages);
adminRoutes.route("/", cookiesPages);
adminRoutes.route("/", toolsPages);

adminRoutes.get("/admin", allow("people.manage"), async (c) => {
  const overview = await takeOverview(c.get("deps"));
  return c.html(<OverviewPage page={pageOf(c)} overview={overview} />);
});
