import { beforeEach, describe, expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/better-sqlite3";
import type { Database } from "../../src/db/open.ts";
import * as schema from "../../src/db/schema.ts";
import {
  addJob,
  cancelByKey,
  countUnfinished,
  extendLeases,
  findHeld,
  findNewestStamp,
  findNextRunAt,
  leaveRunning,
  listOverdue,
  moveWaitsBack,
  pruneFinished,
} from "../../src/queue/store.ts";
import type { HeldJob } from "../../src/queue/store.ts";
import { claimJob, claimJobs, findLastTurn } from "../../src/queue/store-claim.ts";
import { addTestJob, emptyDatabase, jobRow, jobRows } from "../fixtures/queue.ts";

let db: Database;
beforeEach(() => {
  db = emptyDatabase();
});

const claim = (concurrency: number, now = 1_000, lane: "short" | "long" = "short"): HeldJob[] =>
  claimJobs(db, { lane, concurrency, now, turn: findLastTurn(db) + 1, leaseUntil: 60_000 });

function claimOne(now?: number, lane?: "long"): HeldJob {
  const [job] = claim(1, now, lane);
  if (!job) throw new Error("there was nothing to claim");
  return job;
}

/** Claims one job at a time and finishes it, until nothing is left. */
function drain(): number[] {
  const order: number[] = [];
  for (let job = claim(1)[0]; job; job = claim(1)[0]) {
    order.push(job.id);
    leaveRunning(db, job, { state: "done" }, 1_000);
  }
  return order;
}

describe("adding", () => {
  test("gives back the unfinished job of the same name and key", () => {
    const id = addTestJob(db, { uniqueKey: "k" });
    expect(addJob(db, { ...jobRow(db, id), uniqueKey: "k" })).toEqual({ id, added: false });
    expect(addTestJob(db, { uniqueKey: "other" })).not.toBe(id);
    expect(addTestJob(db, { name: "other", uniqueKey: "k" })).not.toBe(id);
    expect(addTestJob(db)).not.toBe(addTestJob(db));
  });

  test("a running job holds its key, a finished one doesn't", () => {
    const id = addTestJob(db, { uniqueKey: "k" });
    const job = claimOne();
    expect(addTestJob(db, { uniqueKey: "k" })).toBe(id);
    leaveRunning(db, job, { state: "done" }, 0);
    expect(addTestJob(db, { uniqueKey: "k" })).not.toBe(id);
  });
});

describe("claiming", () => {
  test("takes no more than the lane has room for, and never from another lane", () => {
    for (let i = 0; i < 5; i++) addTestJob(db);
    const other = addTestJob(db, { lane: "long" });
    expect(claim(3)).toHaveLength(3);
    expect(claim(3)).toHaveLength(0);
    expect(claim(4)).toHaveLength(1);
    expect(claim(9, 1_000, "long").map((job) => job.id)).toEqual([other]);
  });

  test("leaves alone what is not due", () => {
    const later = addTestJob(db, { runAt: 5_000 });
    expect(claim(9, 4_999)).toEqual([]);
    expect(findNextRunAt(db, "short", 4_999)).toBe(5_000);
    expect(findNextRunAt(db, "long", 4_999)).toBeNull();
    expect(claim(9, 5_000).map((job) => job.id)).toEqual([later]);
  });

  test("marks the row, counts the attempt, and gives each job a token of its own", () => {
    addTestJob(db);
    addTestJob(db);
    const claimed = claim(2);
    expect(new Set(claimed.map((job) => job.token)).size).toBe(2);
    for (const job of claimed)
      expect(jobRow(db, job.id)).toMatchObject({
        state: "running",
        attempts: 1,
        leaseToken: job.token,
        leaseExpiresAt: 60_000,
        startedAt: 1_000,
      });
  });

  test("takes the higher priority, then the earlier run_at, then the older job", () => {
    const old = addTestJob(db, { runAt: 10 });
    const older = addTestJob(db, { runAt: 5 });
    const high = addTestJob(db, { runAt: 20, priority: 1 });
    const same = addTestJob(db, { runAt: 10 });
    expect(drain()).toEqual([high, older, old, same]);
  });

  test("goes round between users, the house among them", () => {
    const users = ["a", "a", "a", "a", "b", "b", null];
    const ids = users.map((userId) => addTestJob(db, { userId }));
    const order = drain().map((id) => users[ids.indexOf(id)]);
    expect(order).toEqual(["a", "b", null, "a", "b", "a", "a"]);
  });

  test("serves first who has the fewest running", () => {
    addTestJob(db, { userId: "a" });
    addTestJob(db, { userId: "a" });
    claim(2);
    // Served later than the other, and done by now.
    addTestJob(db, { userId: "b" });
    for (const job of claim(3)) leaveRunning(db, job, { state: "done" }, 1_000);
    const more = addTestJob(db, { userId: "a", runAt: 0 });
    const others = addTestJob(db, { userId: "b", runAt: 900 });
    expect(claim(3).map((job) => job.id)).toEqual([others]);
    expect(claim(4).map((job) => job.id)).toEqual([more]);
  });

  test("shares one claim of several evenly too", () => {
    for (let i = 0; i < 10; i++) addTestJob(db, { userId: "a" });
    const others = [addTestJob(db, { userId: "b" }), addTestJob(db, { userId: "c" })];
    const taken = claim(4).map((job) => job.id);
    expect(taken).toHaveLength(4);
    expect(taken).toEqual(expect.arrayContaining(others));
  });

  test("does not begin a job while the one that was cancelled under its key still runs", () => {
    addTestJob(db, { uniqueKey: "k" });
    const old = claimOne();
    cancelByKey(db, "job", "k", 0);
    const renewed = addTestJob(db, { uniqueKey: "k" });
    expect(renewed).not.toBe(old.id);
    expect(claim(5)).toEqual([]);
    leaveRunning(db, old, { state: "cancelled", why: "cancelled", error: "" }, 0);
    expect(claim(5).map((job) => job.id)).toEqual([renewed]);
  });

  test("a clock that was set back does not change whose turn it is", () => {
    const users = ["a", "b", "a", "b"];
    const ids = users.map((userId) => addTestJob(db, { userId }));
    const order = [90_000_000, 1_000, 500, 2_000].map((now) => {
      const job = claimOne(now);
      leaveRunning(db, job, { state: "done" }, now);
      return users[ids.indexOf(job.id)];
    });
    expect(order).toEqual(["a", "b", "a", "b"]);
  });
});

describe("a lease", () => {
  test("is extended by its token only, and tells of a wish to cancel", () => {
    const id = addTestJob(db, { uniqueKey: "k" });
    const job = claimOne();
    expect(extendLeases(db, ["stale"], 70_000)).toEqual([]);
    expect(jobRow(db, id).leaseExpiresAt).toBe(60_000);
    expect(extendLeases(db, ["stale", job.token], 70_000)).toEqual([
      { token: job.token, cancelRequested: false, held: false },
    ]);
    expect(jobRow(db, id).leaseExpiresAt).toBe(70_000);
    cancelByKey(db, "job", "k", 0);
    expect(extendLeases(db, [job.token], 70_000)[0]?.cancelRequested).toBe(true);
  });

  test("is overdue when its time has passed", () => {
    addTestJob(db);
    const job = claimOne();
    expect(listOverdue(db, 60_000)).toEqual([]);
    expect(listOverdue(db, 60_001)).toEqual([job]);
    expect(listOverdue(db, Number.POSITIVE_INFINITY)).toEqual([job]);
  });

  test("lets only its holder finish, and only once", () => {
    const id = addTestJob(db);
    const job = claimOne();
    expect(leaveRunning(db, { id, token: "stale" }, { state: "done" }, 5)).toBe(false);
    expect(findHeld(db, { id, token: "stale" })).toBeNull();
    expect(findHeld(db, job)).toEqual(job);
    expect(leaveRunning(db, job, { state: "done" }, 5)).toBe(true);
    expect(leaveRunning(db, job, { state: "failed", why: "failed", error: "late" }, 6)).toBe(false);
    expect(jobRow(db, id)).toMatchObject({ state: "done", finishedAt: 5, leaseToken: null, lastError: null });
  });

  test("of an earlier attempt is worth nothing in the next", () => {
    const id = addTestJob(db);
    const before = claimOne();
    leaveRunning(db, before, { state: "ready", delayMs: null, countsAttempt: true, error: "x" }, 0);
    claim(1);
    expect(leaveRunning(db, before, { state: "done" }, 0)).toBe(false);
    expect(jobRow(db, id)).toMatchObject({ state: "running", attempts: 2, lastError: "x" });
  });

  test("gives the attempt back and sleeps where the next state says so", () => {
    const id = addTestJob(db, { runAt: 3 });
    const job = claimOne();
    leaveRunning(db, job, { state: "ready", delayMs: 50, countsAttempt: false, error: null }, 100);
    expect(jobRow(db, id)).toMatchObject({ state: "ready", attempts: 0, runAt: 150, finishedAt: null });
  });
});

describe("cancelling", () => {
  test("ends a waiting job at once", () => {
    const id = addTestJob(db, { uniqueKey: "k" });
    expect(cancelByKey(db, "job", "k", 7)?.state).toBe("cancelled");
    expect(jobRow(db, id)).toMatchObject({ state: "cancelled", finishedAt: 7 });
    expect(claim(1)).toEqual([]);
  });

  test("marks a running job, and finds nothing the second time", () => {
    const id = addTestJob(db, { uniqueKey: "k" });
    claim(1);
    expect(cancelByKey(db, "job", "k", 7)?.state).toBe("running");
    expect(jobRow(db, id)).toMatchObject({ state: "running", cancelRequested: true, finishedAt: null });
    expect(cancelByKey(db, "job", "k", 7)).toBeNull();
    expect(cancelByKey(db, "job", "unknown", 7)).toBeNull();
  });
});

test("a clock that was set back takes the waits with it, once", () => {
  const soon = addTestJob(db, { createdAt: 100_000, runAt: 101_000 });
  const done = addTestJob(db, { lane: "long", createdAt: 100_000, runAt: 100_000 });
  leaveRunning(db, claimOne(100_000, "long"), { state: "done" }, 100_500);
  expect(findNewestStamp(db)).toBe(100_000);
  moveWaitsBack(db, 90_000, 10_000);
  expect(jobRow(db, soon)).toMatchObject({ runAt: 11_000, createdAt: 10_000 });
  expect(jobRow(db, done).createdAt).toBe(100_000);
  expect(findNewestStamp(db)).toBe(10_000);
});

test("unfinished jobs are counted by lane", () => {
  addTestJob(db);
  addTestJob(db);
  addTestJob(db, { lane: "long" });
  drain();
  addTestJob(db);
  addTestJob(db);
  claim(1);
  expect(countUnfinished(db)).toMatchObject({
    short: { ready: 1, running: 1 },
    long: { ready: 1, running: 0 },
    mail: { ready: 0, running: 0 },
  });
});

test("old jobs are forgotten: what is done by age, what failed by number, what waits never", () => {
  const end = (state: "done" | "failed", now: number): number => {
    const id = addTestJob(db);
    const job = claimOne();
    leaveRunning(db, job, state === "done" ? { state } : { state, why: "failed", error: "x" }, now);
    return id;
  };
  end("done", 1_000);
  const recent = end("done", 2_000);
  end("failed", 1_000);
  const failures = [end("failed", 1_001), end("failed", 3_000)];
  const waiting = addTestJob(db);
  expect(pruneFinished(db, 2_000, 2)).toBe(2);
  expect(jobRows(db).map((job) => job.id)).toEqual([recent, ...failures, waiting]);
  expect(pruneFinished(db, 2_000, 2)).toBe(0);
});

const claimArgs = { lane: "short", concurrency: 3, now: 1, turn: 1, leaseUntil: 2 } as const;
test.each<[string, (watched: Database) => unknown]>([
  ["of several", (watched) => claimJobs(watched, claimArgs)],
  ["of one", (watched) => claimJob(watched, claimArgs, { blockedGroups: ["a"], groupRoom: 2 })],
])("a claim %s walks indexes: it never reads all that waits, nor sorts it", (_, take) => {
  let claimed = { text: "", values: [] as unknown[] };
  const logger = { logQuery: (text: string, values: unknown[]) => void (claimed = { text, values }) };
  take(Object.assign(drizzle({ client: db.$client, schema, logger }), { $client: db.$client }));
  const plan = db.$client.prepare(`EXPLAIN QUERY PLAN ${claimed.text}`).all(...claimed.values);
  const steps = (plan as { detail: string }[]).map((step) => step.detail);
  expect(steps).toContain("SEARCH c USING INDEX jobs_ready (lane=? AND user_id=?)");
  expect(steps.filter((step) => step.includes("FOR LAST"))).toEqual([]);
  expect(steps.filter((step) => /^SCAN (?!waiting|standing|room|json_each|g USING|\()/.test(step))).toEqual(
    [],
  );
});
