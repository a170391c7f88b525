import { Hono } from "hono";
import { AuditPage } from "../../../views/admin/audit.tsx";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { pageOf } from "../../web/page.ts";
import { auditActions, isAuditAction } from "../accounts/accounts.ts";
import { readAudit } from "./overview.ts";

export const auditPages = new Hono<AppEnv>();

auditPages.get("/admin/audit", allow("audit.read"), (c) => {
  const deps = c.get("deps");
  const { action = "", q = "", cursor } = c.req.query();
  const known = isAuditAction(action) ? action : undefined;
  const { items, nextCursor } = readAudit(deps, { action: known, q, cursor, limit: 100 });
  return c.html(
    <AuditPage
      page={pageOf(c)}
      events={items}
      actions={auditActions}
      action={known ?? ""}
      q={q.slice(0, 200)}
      nextCursor={nextCursor}
      goesOn={Boolean(cursor)}
      keptDays={deps.config.log.audit_days}
    />,
  );
});
