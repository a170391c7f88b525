import { and, eq, inArray, isNotNull, isNull, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { Database } from "../../../db/open.ts";
import { prepared } from "../../../db/prepared.ts";
import { downloads, sites, switches } from "../../../db/schema.ts";
import type { DownloadState } from "../../../db/schema.ts";

// Asked with every claim of a download.
const statements = prepared((db) => ({
  switchOf: db
    .select({ value: switches.value })
    .from(switches)
    .where(eq(switches.name, sql.placeholder("name")))
    .prepare(),
  heldBack: db
    .select({ site: sites.site, coolDownUntil: sites.coolDownUntil, lastStartAt: sites.lastStartAt })
    .from(sites)
    .where(sql`cool_down_until > ${sql.placeholder("now")} OR last_start_at > ${sql.placeholder("since")}`)
    .prepare(),
  noteStart: db
    .insert(sites)
    .values({
      site: sql.placeholder("site"),
      lastStartAt: sql.placeholder("now"),
      updatedAt: sql.placeholder("now"),
    })
    .onConflictDoUpdate({ target: sites.site, set: { lastStartAt: sql`excluded.last_start_at` } })
    .prepare(),
  running: db
    .select({ site: downloads.site, count: sql<number>`count(*)` })
    .from(downloads)
    .where(inArray(downloads.state, ["probing", "fetching"]))
    .groupBy(downloads.site)
    .prepare(),
}));

export function isSwitchedOn(db: Database, name: string): boolean {
  return statements(db).switchOf.get({ name })?.value === "on";
}

export function setSwitch(db: Database, name: string, isOn: boolean, now: number): void {
  const change = { value: isOn ? "on" : "off", updatedAt: now };
  db.insert(switches)
    .values({ name, ...change })
    .onConflictDoUpdate({ target: switches.name, set: change })
    .run();
}

/** Sites that are left alone at this time, or of which a download started after `since`. */
export function sitesHeldBack(db: Database, now: number, since: number) {
  return statements(db).heldBack.all({ now, since });
}

export function noteStart(db: Database, site: string, now: number): void {
  statements(db).noteStart.run({ site, now });
}

/** How many downloads of each site are at work. */
export function countRunningBySite(db: Database): Map<string, number> {
  return new Map(
    statements(db)
      .running.all()
      .map(({ site, count }) => [site, count]),
  );
}

const unfinished = ["waiting", "probing", "fetching"] as const satisfies DownloadState[];

const ofUser = (userId: string | null) => (userId === null ? undefined : eq(downloads.userId, userId));
/** The plus keeps SQLite from the index of states: few are paused, and thousands may wait. */
const pausedOf = (userId: string | null) =>
  and(ofUser(userId), isNotNull(downloads.pausedAt), sql`+state IN ('waiting', 'probing', 'fetching')`);

/** Pauses up to `limit` of a person's downloads that wait or run; returns their ids. */
export function pauseSome(db: Database, userId: string, now: number, limit: number): string[] {
  const goesOn = and(ofUser(userId), inArray(downloads.state, [...unfinished]), isNull(downloads.pausedAt));
  return changeSome(db, goesOn, limit, { pausedAt: now, updatedAt: now });
}

/** Lets up to `limit` paused downloads go on; `userId` null means everybody's. Returns their ids. */
export function resumeSome(db: Database, userId: string | null, now: number, limit: number): string[] {
  return changeSome(db, pausedOf(userId), limit, { pausedAt: null, updatedAt: now });
}

function changeSome(
  db: Database,
  which: SQL | undefined,
  limit: number,
  change: { pausedAt: number | null; updatedAt: number },
): string[] {
  const some = db.select({ id: downloads.id }).from(downloads).where(which).limit(limit);
  const changed = db.update(downloads).set(change).where(inArray(downloads.id, some));
  return changed
    .returning({ id: downloads.id })
    .all()
    .map(({ id }) => id);
}

/** Whether any download of a person, or of anybody, is paused. */
export function hasPaused(db: Database, userId: string | null): boolean {
  const one = db.select({ id: downloads.id }).from(downloads).where(pausedOf(userId)).limit(1).get();
  return one !== undefined;
}

/** After a crash nothing is at work: what was waits for its next try. */
export function settleInterrupted(db: Database): void {
  db.update(downloads)
    .set({ state: "waiting" })
    .where(inArray(downloads.state, ["probing", "fetching"]))
    .run();
}
