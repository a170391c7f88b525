import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../web/allow.ts";
import { failure, isoTime, jsonOf, newApiPart, pagingQuery, timeSchema } from "../../web/api.ts";
import type { AuditItem } from "./item.ts";
import { auditCodes, readAudit } from "./overview.ts";

const subjectSchema = z
  .object({ kind: z.string(), id: z.string().nullable(), name: z.string() })
  .nullable()
  .openapi({ description: "What it was done to, where that is not the actor." });

const eventSchema = z
  .object({
    id: z.int(),
    at: timeSchema,
    action: z.string(),
    summary: z.string().openapi({ description: "The action in words." }),
    actor: z
      .object({ id: z.string(), name: z.string() })
      .nullable()
      .openapi({ description: "As they were called then; null for nobody who was logged in." }),
    subject: subjectSchema,
    address: z.string(),
    detail: z.string(),
  })
  .openapi("AuditEvent");

const auditRoute = createRoute({
  method: "get",
  path: "/admin/audit",
  middleware: allow("audit.read"),
  tags: ["Audit log"],
  summary: "What happened to accounts, newest first",
  request: {
    query: z.object({
      ...pagingQuery,
      action: z.enum(auditCodes).optional(),
      q: z.string().max(200).optional().openapi({ description: "Part of a name, an address or the detail." }),
    }),
  },
  responses: {
    200: jsonOf(
      z.object({ items: z.array(eventSchema), next_cursor: z.string().nullable() }),
      "A page of the audit log.",
    ),
    ...failure,
  },
});

export const auditApi = newApiPart().openapi(auditRoute, (c) => {
  const { items, nextCursor } = readAudit(c.get("deps"), c.req.valid("query"));
  return c.json({ items: items.map(eventJson), next_cursor: nextCursor }, 200);
});

function eventJson(event: AuditItem): z.infer<typeof eventSchema> {
  const { seq, at, action, what, actorId, actorName, subjectKind, subjectId, subjectName } = event;
  return {
    id: seq,
    at: isoTime(at),
    action,
    summary: what,
    actor: actorId === null ? null : { id: actorId, name: actorName },
    subject: subjectKind === null ? null : { kind: subjectKind, id: subjectId, name: subjectName },
    address: event.address,
    detail: event.detail,
  };
}
