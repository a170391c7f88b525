import type { Deps } from "../../deps.ts";
import { auditActions, isAuditAction, listAudit, listInvites, listPeople } from "../accounts/accounts.ts";
import type { AuditQuery } from "../accounts/accounts.ts";
import { countQueue } from "../downloads/downloads.ts";
import { measureShelf } from "../videos/videos.ts";
import type { AuditItem, Overview } from "./item.ts";

/** Every action that can be asked for. */
export const auditCodes = Object.keys(auditActions).filter(isAuditAction);

/** Newest first. */
export function readAudit(
  deps: Pick<Deps, "db">,
  query: AuditQuery,
): { items: AuditItem[]; nextCursor: string | null } {
  const { items, nextCursor } = listAudit(deps, query);
  const inWords = (action: string) => (isAuditAction(action) ? auditActions[action] : action);
  return { items: items.map((event) => ({ ...event, what: inWords(event.action) })), nextCursor };
}

const latestShown = 6;

/** What an admin sees first. */
export function takeOverview(deps: Pick<Deps, "db" | "now">): Overview {
  return {
    people: listPeople(deps, { limit: 1 }).total,
    openInvites: listInvites(deps).length,
    ...measureShelf(deps),
    ...countQueue(deps),
    latest: readAudit(deps, { limit: latestShown }).items,
  };
}
