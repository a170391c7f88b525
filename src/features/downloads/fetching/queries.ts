import { and, eq, gt, isNotNull } from "drizzle-orm";
import type { Database } from "../../../db/open.ts";
import { sites } from "../../../db/schema.ts";
import type { Site } from "../../../db/schema.ts";

export function findSite(db: Database, site: string): Site | null {
  return db.select().from(sites).where(eq(sites.site, site)).get() ?? null;
}

/** Writes what is given and leaves the rest as it was. */
export function saveSite(db: Database, site: string, change: Partial<Site> & { updatedAt: number }): void {
  db.insert(sites)
    .values({ site, ...change })
    .onConflictDoUpdate({ target: sites.site, set: change })
    .run();
}

/** Those that are left alone at this time. */
export function coolingSites(db: Database, now: number): Site[] {
  return db
    .select()
    .from(sites)
    .where(and(isNotNull(sites.coolDownUntil), gt(sites.coolDownUntil, now)))
    .all();
}
