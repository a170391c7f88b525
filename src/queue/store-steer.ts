import { sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { Database } from "../db/open.ts";
import { jobs } from "../db/schema.ts";
import type { Lane } from "../lib/lanes.ts";
import type { Move } from "./job.ts";

/** Where a waiting job stands: by these three, in this order, the line of its user and lane is sorted. */
interface Place {
  id: number;
  priority: number;
  runAt: number;
}

/** Sets unfinished jobs aside, or lets them go on. Says which lanes are concerned, and how many were changed. */
export function setHeld(
  db: Database,
  name: string,
  keys: readonly string[],
  isHeld: boolean,
): { lanes: Lane[]; count: number } {
  const changed = db
    .update(jobs)
    .set({ held: isHeld })
    .where(sql`${ofKeys(name, keys)} AND held <> ${isHeld ? 1 : 0}`)
    .returning({ lane: jobs.lane })
    .all();
  return { lanes: [...new Set(changed.map(({ lane }) => lane))], count: changed.length };
}

/** Changes the place of a waiting job among those of its user in its lane. */
export function moveInLine(db: Database, name: string, key: string, to: Move, now: number): boolean {
  return db.transaction(() => {
    const own = db.get<(Place & { lane: Lane; userId: string | null }) | undefined>(
      sql`SELECT ${place}, lane, user_id AS userId FROM jobs WHERE ${ofKeys(name, [key])} AND state = 'ready'`,
    );
    if (!own) return false;
    // One that sleeps has no place yet among those that are due: the top is due now, and next to it is nobody.
    if (own.runAt > now && to !== "top") return false;
    const others = sql`lane = ${own.lane} AND state = 'ready' AND user_id IS ${own.userId} AND id <> ${own.id}
      AND run_at <= ${now}`;
    if (to === "top") return moveToTop(db, own, others, now);
    const neighbour = db.get<Place | undefined>(to === "up" ? before(own, others) : after(own, others));
    if (neighbour) swapPlaces(db, own, neighbour);
    return neighbour !== undefined;
  });
}

export function setPriority(db: Database, name: string, key: string, priority: number): boolean {
  return (
    db
      .update(jobs)
      .set({ priority })
      .where(ofKeys(name, [key]))
      .run().changes > 0
  );
}

function ofKeys(name: string, keys: readonly string[]): SQL {
  return sql`name = ${name} AND unique_key IN (SELECT value FROM json_each(${JSON.stringify(keys)}))
    AND (state = 'ready' OR (state = 'running' AND cancel_requested = 0))`;
}

const place = sql.raw("id, priority, run_at AS runAt");

function moveToTop(db: Database, own: Place, others: SQL, now: number): boolean {
  const first = db.get<Place | undefined>(
    sql`SELECT ${place} FROM jobs WHERE ${others} ORDER BY priority DESC, run_at, id LIMIT 1`,
  );
  const isFirst = !first || comesBefore(own, first);
  if (isFirst && own.runAt <= now) return false;
  const runAt = first ? first.runAt - 1 : now;
  const priority = Math.max(own.priority, first?.priority ?? own.priority);
  db.run(
    sql`UPDATE jobs SET priority = ${priority}, run_at = ${runAt} WHERE id = ${own.id} AND state = 'ready'`,
  );
  return true;
}

function comesBefore(one: Place, other: Place): boolean {
  return (other.priority - one.priority || one.runAt - other.runAt || one.id - other.id) < 0;
}

function before({ id, priority, runAt }: Place, others: SQL): SQL {
  return sql`SELECT ${place} FROM jobs WHERE ${others}
    AND (priority > ${priority} OR (priority = ${priority} AND (run_at, id) < (${runAt}, ${id})))
    ORDER BY priority, run_at DESC, id DESC LIMIT 1`;
}

function after({ id, priority, runAt }: Place, others: SQL): SQL {
  return sql`SELECT ${place} FROM jobs WHERE ${others}
    AND (priority < ${priority} OR (priority = ${priority} AND (run_at, id) > (${runAt}, ${id})))
    ORDER BY priority DESC, run_at, id LIMIT 1`;
}

/** The ids too, which decide between jobs of one moment: nothing else knows a waiting job by its id. */
function swapPlaces(db: Database, one: Place, other: Place): void {
  const put = (id: number, at: Place) =>
    db.run(sql`UPDATE jobs SET id = ${at.id}, priority = ${at.priority}, run_at = ${at.runAt}
      WHERE id = ${id} AND state = 'ready'`);
  put(one.id, { ...one, id: -one.id });
  put(other.id, one);
  put(-one.id, other);
}
