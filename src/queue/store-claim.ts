import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { Database } from "../db/open.ts";
import { prepared } from "../db/prepared.ts";
import { jobs } from "../db/schema.ts";
import { lanes } from "../lib/lanes.ts";
import type { Lane } from "../lib/lanes.ts";
import { held, value } from "./store.ts";
import type { HeldJob } from "./store.ts";

/**
 * Takes as many due jobs as the lane has room for, in one statement. `turn` must rise from claim to
 * claim; `leaseUntil` is monotonic time, `now` wall time.
 */
export function claimJobs(
  db: Database,
  claim: { lane: Lane; concurrency: number; now: number; turn: number; leaseUntil: number },
): HeldJob[] {
  return claimOf(db)[claim.lane].all({ ...claim });
}

/** The highest turn that was taken; the next claim's is above it. */
export function findLastTurn(db: Database): number {
  return db.get<{ turn: number | null }>(sql`SELECT max(turn) AS turn FROM jobs`).turn ?? 0;
}

// One statement a lane, its name written out: bound, it made SQLite prepare the claim anew each time.
const claimOf = prepared(
  (db) =>
    Object.fromEntries(lanes.map((lane) => [lane, claimStatement(db, lane)])) as Record<
      Lane,
      ReturnType<typeof claimStatement>
    >,
);

function claimStatement(db: Database, lane: Lane) {
  return db
    .update(jobs)
    .set({
      state: "running",
      attempts: sql`attempts + 1`,
      turn: value("turn"),
      leaseToken: sql`lower(hex(randomblob(16)))`,
      leaseExpiresAt: value("leaseUntil"),
      startedAt: value("now"),
    })
    .where(sql`state = 'ready' AND id IN (${nextInLine(sql.raw(`'${lane}'`))})`)
    .returning(held)
    .prepare();
}

/**
 * Which jobs a lane takes next. `waiting` walks the users from one to the next along jobs_ready, ending
 * with NULL, the house itself; of each only the first few jobs are looked at, so the cost grows with
 * users and not with jobs. Then: priority, fewest running (those taken before it in this very claim
 * included), served longest ago, run_at, id.
 */
const nextInLine = (lane: SQL): SQL => sql`
  WITH RECURSIVE
  waiting (user_id) AS (
    SELECT min(user_id) FROM jobs WHERE lane = ${lane} AND state = 'ready'
    UNION
    SELECT (
      SELECT j.user_id FROM jobs j
      WHERE j.lane = ${lane} AND j.state = 'ready' AND j.user_id > waiting.user_id
      ORDER BY j.user_id LIMIT 1
    )
    FROM waiting WHERE waiting.user_id IS NOT NULL
  ),
  standing (user_id, running, turn) AS (
    SELECT
      user_id,
      (SELECT count(*) FROM jobs r WHERE r.lane = ${lane} AND r.state = 'running' AND r.user_id IS waiting.user_id),
      (
        SELECT s.turn FROM jobs s WHERE s.lane = ${lane} AND s.user_id IS waiting.user_id
        ORDER BY s.turn DESC LIMIT 1
      )
    FROM waiting
  ),
  room (n) AS (
    SELECT max(0, ${value("concurrency")} - count(*)) FROM jobs WHERE lane = ${lane} AND state = 'running'
  )
  SELECT head.id FROM standing JOIN jobs head ON head.id IN (
    SELECT c.id FROM jobs c
    WHERE c.lane = ${lane} AND c.state = 'ready' AND c.user_id IS standing.user_id
      AND c.run_at <= ${value("now")}
      AND NOT EXISTS (
        SELECT 1 FROM jobs r
        WHERE r.state = 'running' AND r.cancel_requested = 1 AND r.name = c.name AND r.unique_key = c.unique_key
      )
    ORDER BY c.priority DESC, c.run_at, c.id LIMIT (SELECT n FROM room)
  )
  ORDER BY
    head.priority DESC,
    standing.running + row_number() OVER (
      PARTITION BY standing.user_id ORDER BY head.priority DESC, head.run_at, head.id
    ),
    coalesce(standing.turn, 0), head.run_at, head.id
  LIMIT (SELECT n FROM room)`;
