import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { Database } from "../db/open.ts";
import { prepared } from "../db/prepared.ts";
import { jobs } from "../db/schema.ts";
import { lanes } from "../lib/lanes.ts";
import type { Lane } from "../lib/lanes.ts";
import { held, value } from "./store.ts";
import type { HeldJob } from "./store.ts";

/** What a claim may take of a lane's jobs; without it, all. */
export interface Restraint {
  blockedGroups: readonly string[];
  /** How many jobs of one group run at once, over all lanes. */
  groupRoom: number;
}

interface Claim {
  lane: Lane;
  concurrency: number;
  now: number;
  turn: number;
  leaseUntil: number;
}

/**
 * Takes as many due jobs as the lane has room for, in one statement. `turn` must rise from claim to
 * claim; `leaseUntil` is monotonic time, `now` wall time.
 */
export function claimJobs(db: Database, claim: Claim): HeldJob[] {
  return statementsOf(db)[claim.lane].several.all({ ...claim });
}

/** Takes the next job that is not restrained: one, as what it is decides about the one after it. */
export function claimJob(
  db: Database,
  claim: Claim,
  { blockedGroups, groupRoom }: Restraint,
): HeldJob | null {
  const restraint = { blockedGroups: JSON.stringify(blockedGroups), groupRoom };
  return statementsOf(db)[claim.lane].restrained.get({ ...claim, ...restraint }) ?? null;
}

/** The unique keys of jobs that wait, those that are held too, in the order in which they would be claimed. */
export function listInLine(
  db: Database,
  line: { lane: Lane; userId: string | null; limit: number },
): string[] {
  const lane = sql.raw(`'${line.lane}'`);
  const query =
    line.userId === null
      ? nextInLine(lane, sql`TRUE`, sql`SELECT ${line.limit} AS n`, sql`head.unique_key AS key`)
      : sql`SELECT unique_key AS key FROM jobs
          WHERE lane = ${lane} AND state = 'ready' AND user_id = ${line.userId}
          ORDER BY priority DESC, run_at, id LIMIT ${line.limit}`;
  return db.all<{ key: string | null }>(query).flatMap((row) => row.key ?? []);
}

/** The highest turn that was taken; the next claim's is above it. */
export function findLastTurn(db: Database): number {
  return db.get<{ turn: number | null }>(sql`SELECT max(turn) AS turn FROM jobs`).turn ?? 0;
}

// One set a lane, its name written out: bound, it made SQLite prepare the claim anew each time.
const statementsOf = prepared(
  (db) =>
    Object.fromEntries(lanes.map((lane) => [lane, laneStatements(db, sql.raw(`'${lane}'`))])) as Record<
      Lane,
      ReturnType<typeof laneStatements>
    >,
);

function laneStatements(db: Database, lane: SQL) {
  const room = sql`SELECT max(0, ${value("concurrency")} - count(*)) AS n FROM jobs
    WHERE lane = ${lane} AND state = 'running'`;
  const due = sql`c.held = 0 AND c.run_at <= ${value("now")} AND NOT EXISTS (
    SELECT 1 FROM jobs r
    WHERE r.state = 'running' AND r.cancel_requested = 1 AND r.name = c.name AND r.unique_key = c.unique_key
  )`;
  return {
    several: takeStatement(db, nextInLine(lane, due, room)),
    restrained: takeStatement(
      db,
      nextInLine(lane, sql`${due} AND ${isUnrestrained}`, sql`SELECT min(1, n) AS n FROM (${room})`),
    ),
  };
}

const isUnrestrained = sql`(c.group_key IS NULL OR c.group_key NOT IN (
  SELECT value FROM json_each(${value("blockedGroups")})
  UNION ALL
  SELECT g.group_key FROM jobs g WHERE g.state = 'running' AND g.group_key IS NOT NULL
  GROUP BY g.group_key HAVING count(*) >= ${value("groupRoom")}
))`;

function takeStatement(db: Database, line: SQL) {
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
    .where(sql`state = 'ready' AND id IN (${line})`)
    .returning(held)
    .prepare();
}

/**
 * Which jobs a lane takes next. `waiting` walks the users from one to the next along jobs_ready, ending
 * with NULL, the house itself; of each only the first few jobs that fit are looked at, so the cost grows with
 * users and not with jobs. Then: priority, fewest running (those taken before it in this very claim
 * included), served longest ago, run_at, id. `fits` is said of `c`; `room` gives one row, `n`.
 */
const nextInLine = (lane: SQL, fits: SQL, room: SQL, what = sql`head.id`): SQL => sql`
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
  room (n) AS (${room})
  SELECT ${what} FROM standing JOIN jobs head ON head.id IN (
    SELECT c.id FROM jobs c
    WHERE c.lane = ${lane} AND c.state = 'ready' AND c.user_id IS standing.user_id AND ${fits}
    ORDER BY c.priority DESC, c.run_at, c.id LIMIT (SELECT n FROM room)
  )
  ORDER BY
    head.priority DESC,
    standing.running + row_number() OVER (
      PARTITION BY standing.user_id ORDER BY head.priority DESC, head.run_at, head.id
    ),
    coalesce(standing.turn, 0), head.run_at, head.id
  LIMIT (SELECT n FROM room)`;
