import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { Database } from "../db/open.ts";
import { prepared } from "../db/prepared.ts";
import { jobs } from "../db/schema.ts";
import type { JobState } from "../db/schema.ts";
import { lanes } from "../lib/lanes.ts";
import type { Lane } from "../lib/lanes.ts";
import type { Next } from "./states.ts";

/** The right to finish a running job: whoever comes with an older token changes nothing. */
export interface Lease {
  id: number;
  token: string;
}

export interface NewJob {
  name: string;
  lane: Lane;
  payload: string;
  uniqueKey: string | null;
  userId: string | null;
  groupKey: string | null;
  held: boolean;
  priority: number;
  maxAttempts: number;
  deadlineMs: number;
  runAt: number;
  createdAt: number;
}

/** A running job, as much of it as its owner needs. */
export interface HeldJob extends Lease {
  name: string;
  lane: Lane;
  payload: string;
  attempts: number;
  maxAttempts: number;
  deadlineMs: number;
  cancelRequested: boolean;
  held: boolean;
  uniqueKey: string | null;
  groupKey: string | null;
}

/** A named parameter, where drizzle's types want SQL. */
export const value = (name: string): SQL => sql`${sql.placeholder(name)}`;

/** As written in the index jobs_unique: a job that is being cancelled has let go of its key. */
const holdsKey = sql`(state = 'ready' OR (state = 'running' AND cancel_requested = 0))`;
const ofKey = sql`name = ${value("name")} AND unique_key = ${value("key")} AND ${holdsKey}`;
const ofLease = sql`id = ${value("id")} AND state = 'running' AND lease_token = ${value("token")}`;

/** The columns of a HeldJob. */
export const held = {
  id: jobs.id,
  token: sql<string>`lease_token`,
  name: jobs.name,
  lane: jobs.lane,
  payload: jobs.payload,
  attempts: jobs.attempts,
  maxAttempts: jobs.maxAttempts,
  deadlineMs: jobs.deadlineMs,
  cancelRequested: jobs.cancelRequested,
  held: jobs.held,
  uniqueKey: jobs.uniqueKey,
  groupKey: jobs.groupKey,
};

const statements = prepared((db) => ({
  add: db
    .insert(jobs)
    .values({
      name: sql.placeholder("name"),
      lane: sql.placeholder("lane"),
      state: "ready",
      payload: sql.placeholder("payload"),
      uniqueKey: sql.placeholder("uniqueKey"),
      userId: sql.placeholder("userId"),
      groupKey: sql.placeholder("groupKey"),
      held: sql.placeholder("held"),
      priority: sql.placeholder("priority"),
      maxAttempts: sql.placeholder("maxAttempts"),
      deadlineMs: sql.placeholder("deadlineMs"),
      runAt: sql.placeholder("runAt"),
      createdAt: sql.placeholder("createdAt"),
    })
    .onConflictDoNothing()
    .returning({ id: jobs.id })
    .prepare(),
  ofKey: db.select({ id: jobs.id }).from(jobs).where(ofKey).prepare(),
  ofName: db
    .select({ payload: jobs.payload })
    .from(jobs)
    .where(sql`name = ${value("name")} AND ${holdsKey} AND json_valid(payload)`)
    .prepare(),
  heartbeat: db
    .update(jobs)
    .set({ leaseExpiresAt: value("leaseUntil") })
    .where(
      sql`state = 'running' AND lease_token IN (SELECT value FROM json_each(${sql.placeholder("tokens")}))`,
    )
    .returning({ token: held.token, cancelRequested: jobs.cancelRequested, held: jobs.held })
    .prepare(),
  held: db.select(held).from(jobs).where(ofLease).prepare(),
  leave: db
    .update(jobs)
    .set({
      state: value("state"),
      attempts: sql`attempts - ${sql.placeholder("givenBack")}`,
      runAt: sql`coalesce(${sql.placeholder("runAt")}, run_at)`,
      lastError: sql`coalesce(${sql.placeholder("error")}, last_error)`,
      finishedAt: value("finishedAt"),
      leaseToken: null,
      leaseExpiresAt: null,
    })
    .where(ofLease)
    .prepare(),
  // SQLite reads the old row on the right side of SET: both columns see the state before.
  cancel: db
    .update(jobs)
    .set({
      state: sql`iif(state = 'ready', 'cancelled', state)`,
      finishedAt: sql`iif(state = 'ready', ${sql.placeholder("now")}, finished_at)`,
      cancelRequested: true,
    })
    .where(ofKey)
    .returning({ id: jobs.id, name: jobs.name, payload: jobs.payload, state: jobs.state })
    .prepare(),
  overdue: db
    .select(held)
    .from(jobs)
    .where(sql`state = 'running' AND lease_expires_at < ${sql.placeholder("monotonicMs")}`)
    .prepare(),
  nextRunAt: db
    .select({ at: sql<number | null>`min(run_at)` })
    .from(jobs)
    .where(sql`lane = ${value("lane")} AND state = 'ready' AND run_at > ${value("now")}`)
    .prepare(),
}));

/** Adds a job; where an unfinished one holds the same key, `added` is false and the id is of that one. */
export function addJob(db: Database, job: NewJob): { id: number; added: boolean } {
  const added = statements(db).add.get({ ...job });
  if (added) return { id: added.id, added: true };
  const holder = job.uniqueKey === null ? null : findByKey(db, job.name, job.uniqueKey);
  if (holder === null) throw new Error(`the job "${job.name}" was neither added nor there already`);
  return { id: holder, added: false };
}

/** The id of the unfinished job that holds a key. */
export function findByKey(db: Database, name: string, key: string): number | null {
  return statements(db).ofKey.get({ name, key })?.id ?? null;
}

/** Of the unfinished jobs of a name, those that are being cancelled aside. */
export function listPayloads(db: Database, name: string): string[] {
  return statements(db)
    .ofName.all({ name })
    .map(({ payload }) => payload);
}

/** Extends the leases that are still held; the answer has a line for each, and no line for a lost one. */
export function extendLeases(
  db: Database,
  tokens: readonly string[],
  leaseUntil: number,
): { token: string; cancelRequested: boolean; held: boolean }[] {
  return statements(db).heartbeat.all({ tokens: JSON.stringify(tokens), leaseUntil });
}

/** The running job of this lease; null where the lease is no longer the job's. */
export function findHeld(db: Database, lease: Lease): HeldJob | null {
  return statements(db).held.get({ id: lease.id, token: lease.token }) ?? null;
}

/** Takes a job out of `running`; false where the lease is no longer the job's, and nothing was changed. */
export function leaveRunning(db: Database, lease: Lease, next: Next, now: number): boolean {
  const again = next.state === "ready" ? next : null;
  const { changes } = statements(db).leave.run({
    id: lease.id,
    token: lease.token,
    state: next.state,
    givenBack: again && !again.countsAttempt ? 1 : 0,
    runAt: again?.delayMs == null ? null : now + again.delayMs,
    error: next.state === "done" ? null : next.error,
    finishedAt: again ? null : now,
  });
  return changes === 1;
}

/**
 * Cancels the job that holds a key: a waiting one at once; a running one is marked, loses its key, and is
 * cancelled when it ends. Null where no job holds the key.
 */
export function cancelByKey(
  db: Database,
  name: string,
  key: string,
  now: number,
): { id: number; name: string; payload: string; state: JobState } | null {
  return statements(db).cancel.get({ name, key, now }) ?? null;
}

/** Running jobs whose lease ran out by then; by `Infinity` that is every running job. */
export function listOverdue(db: Database, monotonicMs: number): HeldJob[] {
  return statements(db).overdue.all({ monotonicMs });
}

/** When the first sleeping job of the lane is due, in wall time. */
export function findNextRunAt(db: Database, lane: Lane, now: number): number | null {
  return statements(db).nextRunAt.get({ lane, now })?.at ?? null;
}

/** The newest time that waiting jobs know of; later than now where the clock was set back since. */
export function findNewestStamp(db: Database): number {
  const newest = sql`SELECT max(max(created_at, coalesce(started_at, 0))) AS stamp FROM jobs WHERE state = 'ready'`;
  return db.get<{ stamp: number | null }>(newest).stamp ?? 0;
}

/** After the clock was set back: what waits keeps the rest of its wait, and no stamp is of the future. */
export function moveWaitsBack(db: Database, byMs: number, now: number): void {
  db.run(sql`UPDATE jobs SET run_at = run_at - ${byMs}, created_at = min(created_at, ${now}),
    started_at = min(started_at, ${now}) WHERE state = 'ready'`);
}

export function countUnfinished(db: Database): Record<Lane, { ready: number; running: number }> {
  const rows = db.all<{ lane: Lane; state: "ready" | "running"; n: number }>(
    sql`SELECT lane, 'ready' AS state, count(*) AS n FROM jobs WHERE state = 'ready' GROUP BY lane
      UNION ALL SELECT lane, 'running', count(*) FROM jobs WHERE state = 'running' GROUP BY lane`,
  );
  const depth = Object.fromEntries(lanes.map((lane) => [lane, { ready: 0, running: 0 }]));
  for (const row of rows) (depth[row.lane] ??= { ready: 0, running: 0 })[row.state] = row.n;
  return depth as Record<Lane, { ready: number; running: number }>;
}

/**
 * Forgets finished jobs: done and cancelled ones that ended before `endedBefore`, and all failed ones but
 * the newest `failedKept`. At most a thousand of each at a time, so that no other writer waits for long.
 */
export function pruneFinished(db: Database, endedBefore: number, failedKept: number): number {
  const ended = db.run(sql`DELETE FROM jobs WHERE id IN (SELECT id FROM jobs
    WHERE state IN ('done', 'cancelled') AND finished_at < ${endedBefore} LIMIT 1000)`);
  const failed = db.run(sql`DELETE FROM jobs WHERE id IN (SELECT id FROM jobs
    WHERE state = 'failed' AND finished_at IS NOT NULL
    ORDER BY finished_at DESC, id DESC LIMIT 1000 OFFSET ${failedKept})`);
  return ended.changes + failed.changes;
}
