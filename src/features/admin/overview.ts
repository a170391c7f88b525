import type { Deps } from "../../deps.ts";
import { auditActions, isAuditAction, listAudit, listInvites, listPeople } from "../accounts/accounts.ts";
import type { AuditQuery } from "../accounts/accounts.ts";
import { countQueue } from "../downloads/downloads.ts";
import { describeHealth } from "../storage/storage.ts";
import { listRefused } from "../uploads/uploads.ts";
import { measureShelf } from "../videos/videos.ts";
import type { AuditItem, Overview, StorageItem } from "./item.ts";

export { listRefused } from "../uploads/uploads.ts";

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
const refusedShown = 10;

/** What an admin sees first. */
export async function takeOverview(
  deps: Pick<Deps, "config" | "db" | "now" | "storageHealth">,
): Promise<Overview> {
  return {
    people: listPeople(deps, { limit: 1 }).total,
    openInvites: listInvites(deps).length,
    ...measureShelf(deps),
    ...countQueue(deps),
    storage: await seeStorage(deps),
    refused: listRefused(deps, { limit: refusedShown }),
    latest: readAudit(deps, { limit: latestShown }).items,
  };
}

async function seeStorage(deps: Pick<Deps, "config" | "storageHealth">): Promise<StorageItem> {
  const { driver, bucket, latencyMs, problem } = await describeHealth(deps);
  const latencies = deps.storageHealth.history.map((look) => look.latencyMs);
  return { driver, bucket, latencyMs, problem, latencies };
}
