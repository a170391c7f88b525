import { and, desc, eq, lt, or, sql } from "drizzle-orm";
import type { Database } from "../../../db/open.ts";
import { auditEvents } from "../../../db/schema.ts";
import type { AuditEvent } from "../../../db/schema.ts";

export function insertAudit(db: Database, event: typeof auditEvents.$inferInsert): void {
  db.insert(auditEvents).values(event).run();
}

/** Newest first, after the row with the number `before`. */
export function pageOfAudit(
  db: Database,
  filter: { action?: string; q: string },
  limit: number,
  before: number | null,
): AuditEvent[] {
  const holds = (column: Parameters<typeof eq>[0]) => sql`instr(lower(${column}), lower(${filter.q})) > 0`;
  const { actorName, subjectName, address, detail } = auditEvents;
  return db
    .select()
    .from(auditEvents)
    .where(
      and(
        filter.action === undefined ? undefined : eq(auditEvents.action, filter.action),
        filter.q === "" ? undefined : or(holds(actorName), holds(subjectName), holds(address), holds(detail)),
        before === null ? undefined : lt(auditEvents.seq, before),
      ),
    )
    .orderBy(desc(auditEvents.seq))
    .limit(limit)
    .all();
}

export function deleteAuditBefore(db: Database, time: number): void {
  db.delete(auditEvents).where(lt(auditEvents.at, time)).run();
}
