import { databaseFailure } from "../../../db/failures.ts";
import type { AuditEvent, User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { parseCursor } from "../../../lib/cursor.ts";
import { cleanText } from "../../../lib/text.ts";
import type { AuditAction } from "./audit-names.ts";
import { deleteAuditBefore, insertAudit, pageOfAudit } from "./queries.ts";

/** What happened: who did it, and to what. */
export interface AuditEntry {
  action: AuditAction;
  /** Null for somebody who is not logged in, and for the machine itself. */
  actor: Pick<User, "id" | "name"> | null;
  /** What it was done to, where that is not the actor: an account, a video, a token. */
  subject?: { kind: "account" | "video" | "token" | "invite" | "site"; id: string | null; name: string };
  detail?: string;
}

/** Writes it down; it joins the caller's transaction, so that nothing happens that is not in the log. */
export function noteAudit({ db, now, from }: Pick<Deps, "db" | "now" | "from">, entry: AuditEntry): void {
  const { action, actor, subject, detail } = entry;
  insertAudit(db, {
    at: now(),
    action,
    actorId: actor?.id ?? null,
    actorName: actor?.name ?? "",
    subjectKind: subject?.kind ?? null,
    subjectId: subject?.id ?? null,
    subjectName: cleanText(subject?.name ?? "", 300),
    address: cleanText(from.address, 100),
    detail: cleanText(detail ?? "", 500),
  });
}

/** The same for what is not worth locking anybody out: on a full disk somebody has to get in to delete something. */
export function tryToWrite({ log }: Pick<Deps, "log">, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!databaseFailure(error)) throw error;
    log.warn({ err: error }, "a sign-in could not be written down");
  }
}

export interface AuditQuery {
  action?: AuditAction;
  /** Part of the name of who did it or of what it was done to, of the address or of the detail. */
  q?: string;
  limit?: number;
  cursor?: string | null;
}

/** Newest first. */
export function listAudit(
  { db }: Pick<Deps, "db">,
  { action, q, limit = 100, cursor }: AuditQuery,
): { items: AuditEvent[]; nextCursor: string | null } {
  const rows = pageOfAudit(db, { action, q: cleanText(q ?? "", 200) }, limit + 1, parseCursor(cursor));
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.seq) : null };
}

/** Deletes what is older than `log.audit_days`. */
export function forgetOldAudit({ db, now, config }: Pick<Deps, "db" | "now" | "config">): void {
  deleteAuditBefore(db, now() - config.log.audit_days * 86_400_000);
}
