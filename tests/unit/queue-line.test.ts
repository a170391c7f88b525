import { beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Database } from "../../src/db/open.ts";
import type { Move } from "../../src/queue/job.ts";
import { leaveRunning } from "../../src/queue/store.ts";
import type { HeldJob } from "../../src/queue/store.ts";
import { claimJob, claimJobs, findLastTurn, listInLine } from "../../src/queue/store-claim.ts";
import { moveInLine, setHeld, setPriority } from "../../src/queue/store-steer.ts";
import { addTestJob, emptyDatabase, jobRows } from "../fixtures/queue.ts";

let db: Database;
beforeEach(() => {
  db = emptyDatabase();
});

const now = 1_000;
const lane = "short" as const;
const claimOf = (concurrency: number) => ({
  lane,
  concurrency,
  now,
  leaseUntil: 60_000,
  turn: findLastTurn(db) + 1,
});
const takeOne = (blockedGroups: string[] = [], groupRoom = 99, concurrency = 99): HeldJob | null =>
  claimJob(db, claimOf(concurrency), { blockedGroups, groupRoom });
const add = (key: string, job: Parameters<typeof addTestJob>[1] = {}) =>
  addTestJob(db, { uniqueKey: key, ...job });
const line = (userId: string | null = null) => listInLine(db, { lane, userId, limit: 100 });
const move = (key: string, to: Move) => moveInLine(db, "job", key, to, now);

function keysTaken(take: () => HeldJob | null): string[] {
  const keys: string[] = [];
  for (let job = take(); job; job = take()) keys.push(job.uniqueKey ?? "");
  return keys;
}

describe("jobs of a group", () => {
  test("are passed over while the group is blocked; those behind them go first", () => {
    for (const key of ["a1", "a2"]) add(key, { groupKey: "a" });
    add("b1", { groupKey: "b" });
    add("free");
    expect(keysTaken(() => takeOne(["a"]))).toEqual(["b1", "free"]);
    expect(keysTaken(() => takeOne())).toEqual(["a1", "a2"]);
  });

  test("run no more at once than the group has room for, over all lanes", () => {
    add("elsewhere", { groupKey: "a", lane: "long" });
    claimJobs(db, { ...claimOf(1), lane: "long" });
    for (const key of ["a1", "a2", "a3"]) add(key, { groupKey: "a" });
    const first = takeOne([], 2);
    expect(first?.uniqueKey).toBe("a1");
    expect(takeOne([], 2)).toBeNull();
    if (first) leaveRunning(db, first, { state: "done" }, now);
    expect(takeOne([], 2)?.uniqueKey).toBe("a2");
  });

  test("keep fair and prior what may run", () => {
    for (const key of ["a1", "a2"]) add(key, { userId: "ada", groupKey: "blocked" });
    add("a3", { userId: "ada", groupKey: "open" });
    for (const key of ["b1", "b2"]) add(key, { userId: "bob", groupKey: "open" });
    add("b3", { userId: "bob", groupKey: "open", priority: 5 });
    expect(keysTaken(() => takeOne(["blocked"]))).toEqual(["b3", "a3", "b1", "b2"]);
  });

  test("leave the lane its own limit", () => {
    for (const key of ["1", "2", "3"]) add(key, { groupKey: key });
    expect(keysTaken(() => takeOne([], 99, 2))).toEqual(["1", "2"]);
  });
});

test("what is held is not claimed, by either way of claiming, and keeps its place", () => {
  for (const key of ["1", "2", "3"]) add(key);
  expect(setHeld(db, "job", ["1", "2", "unknown"], true)).toEqual({ lanes: ["short"], count: 2 });
  expect(setHeld(db, "job", ["1"], true).count).toBe(0);
  expect(line()).toEqual(["1", "2", "3"]);
  expect(takeOne()?.uniqueKey).toBe("3");
  expect(takeOne()).toBeNull();
  expect(claimJobs(db, claimOf(99))).toEqual([]);
  setHeld(db, "job", ["2"], false);
  expect(claimJobs(db, claimOf(99)).map((job) => job.uniqueKey)).toEqual(["2"]);
});

describe("the line", () => {
  test("is told in the order in which it is claimed, everybody's and one person's", () => {
    for (const key of ["a1", "a2", "a3"]) add(key, { userId: "ada" });
    add("a4", { userId: "ada", priority: 3 });
    for (const key of ["b1", "b2"]) add(key, { userId: "bob" });
    expect(line("ada")).toEqual(["a4", "a1", "a2", "a3"]);
    const told = line();
    expect(keysTaken(() => takeOne())).toEqual(told);
  });

  test("moves up, down and to the top, among equals in age and priority too", () => {
    for (const key of ["1", "2", "3", "4"]) add(key, { userId: "ada" });
    add("other", { userId: "bob" });
    expect(move("3", "up")).toBe(true);
    expect(line("ada")).toEqual(["1", "3", "2", "4"]);
    expect(move("1", "down")).toBe(true);
    expect(line("ada")).toEqual(["3", "1", "2", "4"]);
    expect(move("4", "top")).toBe(true);
    expect(line("ada")).toEqual(["4", "3", "1", "2"]);
    const nowhere = [move("4", "up"), move("4", "top"), move("2", "down"), move("unknown", "up")];
    expect(nowhere).toEqual([false, false, false, false]);
    expect(line("bob")).toEqual(["other"]);
  });

  test("moves nothing that runs", () => {
    add("1");
    add("2");
    takeOne();
    expect([move("1", "down"), move("2", "up"), move("2", "top")]).toEqual([false, false, false]);
  });

  test("lets what sleeps begin now where it goes to the top, and swaps nothing with it", () => {
    add("sleeps", { runAt: 9_000 });
    add("due");
    expect([move("sleeps", "up"), move("due", "down")]).toEqual([false, false]);
    expect(move("sleeps", "top")).toBe(true);
    expect(keysTaken(() => takeOne())).toEqual(["sleeps", "due"]);
  });

  test("a priority goes before everybody's", () => {
    add("a", { userId: "ada" });
    add("b", { userId: "bob" });
    expect(setPriority(db, "job", "b", 7)).toBe(true);
    expect(line()).toEqual(["b", "a"]);
  });

  test("any moves make the order that a list would have, and lose no job", () => {
    const moves = fc.array(fc.tuple(fc.nat(7), fc.constantFrom<Move>("top", "up", "down")), {
      maxLength: 30,
    });
    const places = fc.array(fc.tuple(fc.nat(1), fc.integer({ min: 900, max: 902 })), {
      minLength: 2,
      maxLength: 8,
    });
    fc.assert(
      fc.property(places, moves, (jobs, steps) => {
        db = emptyDatabase();
        jobs.forEach(([priority, runAt], i) => add(String(i), { priority, runAt, userId: "ada" }));
        const list = line("ada");
        for (const [n, to] of steps) {
          const key = String(n % jobs.length);
          const at = list.indexOf(key);
          const next = { top: 0, up: Math.max(0, at - 1), down: Math.min(list.length - 1, at + 1) }[to];
          list.splice(at, 1);
          list.splice(next, 0, key);
          expect(move(key, to)).toBe(next !== at);
          expect(line("ada")).toEqual(list);
        }
        expect(jobRows(db)).toHaveLength(jobs.length);
      }),
      { seed: 20_26, numRuns: 40 },
    );
  });
});
