import { expect, test } from "bun:test";
import fc from "fast-check";
import { z } from "zod";
import type { Database } from "../../src/db/open.ts";
import type { Job, JobState } from "../../src/db/schema.ts";
import { Bindings, bind } from "../../src/queue/binding.ts";
import { endAttempt } from "../../src/queue/end-attempt.ts";
import { PermanentFailure, Snooze, defineJob } from "../../src/queue/job.ts";
import type { JobContext } from "../../src/queue/job.ts";
import type { Ending } from "../../src/queue/states.ts";
import { cancelByKey, extendLeases, leaveRunning, listOverdue } from "../../src/queue/store.ts";
import type { HeldJob } from "../../src/queue/store.ts";
import { claimJobs } from "../../src/queue/store-claim.ts";
import { JobQueue } from "../../src/queue/worker.ts";
import { addTestJob, emptyDatabase, jobRow, jobRows } from "../fixtures/queue.ts";

/** The same histories each time; a seed that finds something belongs here as an example. */
const same = { seed: 20_26, endOnFailure: true };

const silent = { info() {}, warn() {}, error() {} };
const leaseMs = 60_000;
const dayMs = 86_400_000;
const concurrency = { short: 3, long: 1 };
const lanesUsed = ["short", "long"] as const;
const isFinal = (state: JobState): boolean => state !== "ready" && state !== "running";

type Step = (world: World) => void;

/** Several owners on one table, as they would be if a process were paused, or started twice. */
class World {
  readonly db: Database = emptyDatabase();
  wall = 100 * dayMs;
  monotonic = 0;
  readonly owners: HeldJob[][] = [[], [], []];
  /** Leases of owners that died; a paused process may come back and use them. */
  readonly ghosts: HeldJob[] = [];
  readonly ends = new Map<number, JobState[]>();
  readonly losses: number[] = [];
  #turn = 0;
  readonly #our = {
    db: this.db,
    log: silent,
    deps: () => ({}),
    now: () => this.wall,
    random: () => 0.5,
    bindings: new Bindings([
      bind(
        defineJob("job", {
          lane: "short",
          maxAttempts: 1,
          deadlineMs: 0,
          payload: z.object({ n: z.number() }),
        }),
        async () => {},
        (_deps, { n }) => this.losses.push(n),
      ),
    ]),
  };

  claim(owner: number, lane: (typeof lanesUsed)[number]): void {
    const lease = { now: this.wall, turn: ++this.#turn, leaseUntil: this.monotonic + leaseMs };
    const claimed = claimJobs(this.db, { lane, concurrency: concurrency[lane], ...lease });
    this.owners[owner]?.push(...claimed);
  }

  heartbeat(owner: number): void {
    const tokens = (this.owners[owner] ?? []).map((job) => job.token);
    const kept = new Set(extendLeases(this.db, tokens, this.monotonic + leaseMs).map((lease) => lease.token));
    this.owners[owner] = (this.owners[owner] ?? []).filter((job) => kept.has(job.token));
  }

  end(job: HeldJob | undefined, ending: Ending): void {
    if (!job) return;
    const state = endAttempt(this.#our, job, ending);
    if (state && isFinal(state)) this.ends.set(job.id, [...(this.ends.get(job.id) ?? []), state]);
  }

  finish(owner: number, ending: Ending): void {
    this.end(this.owners[owner]?.shift(), ending);
  }

  crash(owner: number): void {
    this.ghosts.push(...(this.owners[owner] ?? []).splice(0));
  }

  sweep(leasesUntil = this.monotonic): void {
    for (const job of listOverdue(this.db, leasesUntil)) this.end(job, { how: "crashed" });
  }

  check(): void {
    const rows = jobRows(this.db);
    const wrong = rows
      .filter((job) => !this.#isSound(job))
      .map((job) => ({ job, ends: this.ends.get(job.id) }));
    expect(wrong).toEqual([]);
    for (const lane of lanesUsed) {
      const running = rows.filter((job) => job.lane === lane && job.state === "running");
      expect(running.length).toBeLessThanOrEqual(concurrency[lane]);
    }
  }

  #isSound(job: Job): boolean {
    const ends = this.ends.get(job.id) ?? [];
    return (
      job.attempts >= 0 &&
      job.attempts <= job.maxAttempts &&
      (job.leaseToken !== null) === (job.state === "running") &&
      (job.finishedAt !== null) === isFinal(job.state) &&
      // It ends once, and stays as it ended.
      ends.length <= 1 &&
      (ends[0] ?? job.state) === job.state
    );
  }

  /** No more crashes, no more jumps: everything that was added comes to its end. */
  calmDown(): void {
    this.sweep(Number.POSITIVE_INFINITY);
    for (let round = 0; jobRows(this.db).some((job) => !isFinal(job.state)); round++) {
      if (round > 500) throw new Error("the world does not come to rest");
      this.wall += dayMs;
      for (const lane of lanesUsed) this.claim(0, lane);
      while (this.owners[0]?.length) this.finish(0, { how: "returned" });
    }
  }
}

const owner = fc.nat(2);
const key = fc.option(fc.constantFrom("a", "b", "c"));
const endings = fc.constantFrom<Ending>(
  { how: "returned" },
  { how: "stopped" },
  { how: "threw", error: new Error("x"), interrupt: null },
  { how: "threw", error: new Error("x"), interrupt: "deadline" },
  { how: "threw", error: new PermanentFailure("x"), interrupt: null },
  { how: "threw", error: new Snooze(5_000), interrupt: null },
  { how: "threw", error: new Error("x"), interrupt: "stopping" },
);
let added = 0;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.option(fc.constantFrom("u", "v")),
        key,
        fc.nat(1),
        fc.nat(dayMs),
        fc.nat(1),
        fc.integer({ min: 1, max: 3 }),
      )
      .map(
        ([userId, uniqueKey, priority, delayMs, lane, maxAttempts]): Step =>
          (world) =>
            void addTestJob(world.db, {
              userId,
              uniqueKey,
              priority,
              runAt: world.wall + (delayMs % 3 ? 0 : delayMs),
              lane: lanesUsed[lane],
              maxAttempts,
              createdAt: world.wall,
              payload: JSON.stringify({ n: ++added }),
            }),
      ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(owner, fc.constantFrom(...lanesUsed)).map(
      ([who, lane]): Step =>
        (world) =>
          world.claim(who, lane),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(owner, endings).map(
      ([who, ending]): Step =>
        (world) =>
          world.finish(who, ending),
    ),
  },
  owner.map(
    (who): Step =>
      (world) =>
        world.heartbeat(who),
  ),
  owner.map(
    (who): Step =>
      (world) =>
        world.crash(who),
  ),
  endings.map(
    (ending): Step =>
      (world) =>
        world.end(world.ghosts.shift(), ending),
  ),
  fc.constantFrom("a", "b", "c").map(
    (name): Step =>
      (world) =>
        void cancelByKey(world.db, "job", name, world.wall),
  ),
  fc.nat(2 * leaseMs).map(
    (ms): Step =>
      (world) =>
        void ((world.wall += ms), (world.monotonic += ms)),
  ),
  fc.constantFrom(-dayMs, dayMs).map(
    (ms): Step =>
      (world) =>
        void (world.wall += ms),
  ),
  fc.constant<Step>((world) => world.sweep()),
);

test("whatever happens: nothing is lost, nothing ends twice, no lane overflows, no attempt too many", () => {
  let ended = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60, size: "max" }), (steps) => {
      const world = new World();
      for (const take of steps) {
        take(world);
        world.check();
      }
      world.calmDown();
      world.check();
      for (const ghost of world.ghosts) world.end(ghost, { how: "returned" });
      world.check();
      // Each loss was told once.
      expect(new Set(world.losses).size).toBe(world.losses.length);
      ended += world.ends.size;
      world.db.$client.close();
    }),
    { ...same, numRuns: 60 },
  );
  // The histories were not all empty.
  expect(ended).toBeGreaterThan(200);
}, 30_000);

/** The order of docs/queue.md, said in the plainest way. */
function whoIsNext(rows: readonly Job[], now: number): number | undefined {
  const running = (user: string | null) =>
    rows.filter((job) => job.state === "running" && job.userId === user).length;
  const turn = (user: string | null) =>
    Math.max(0, ...rows.filter((job) => job.userId === user).map((job) => job.turn ?? 0));
  const rank = (job: Job) => [-job.priority, running(job.userId), turn(job.userId), job.runAt, job.id];
  return rows
    .filter((job) => job.state === "ready" && job.runAt <= now)
    .toSorted(
      (a, b) =>
        rank(a)
          .map((value, i) => value - (rank(b)[i] ?? 0))
          .find((difference) => difference !== 0) ?? 0,
    )
    .at(0)?.id;
}

test("the claim takes who is next by the plain rule, one at a time", () => {
  const job = fc.record({
    userId: fc.option(fc.constantFrom("a", "b", "c", "d")),
    priority: fc.integer({ min: -1, max: 1 }),
    runAt: fc.nat(10),
  });
  fc.assert(
    fc.property(
      fc.array(job, { maxLength: 25 }),
      fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
      (list, finishes) => {
        const db = emptyDatabase();
        for (const one of list) addTestJob(db, one);
        finishes.forEach((finish, turn) => {
          const now = Math.floor(turn / 3);
          const expected = whoIsNext(jobRows(db), now);
          const [claimed, more] = claimJobs(db, {
            lane: "short",
            concurrency: runningNow(db) + 1,
            now,
            turn: turn + 1,
            leaseUntil: 0,
          });
          expect(claimed?.id).toBe(expected);
          expect(more).toBeUndefined();
          if (claimed && finish) leaveRunning(db, claimed, { state: "done" }, now);
        });
        db.$client.close();
      },
    ),
    { ...same, numRuns: 40 },
  );
}, 30_000);

const runningNow = (db: Database): number => jobRows(db).filter((job) => job.state === "running").length;

const script = fc.record({
  tries: fc.array(fc.constantFrom("work", "fail", "refuse", "snooze", "hang"), { maxLength: 4 }),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  cancel: fc.boolean(),
});
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

test("real workers that are stopped and started again bring every job to its end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(script, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      runScripts,
    ),
    { ...same, numRuns: 25 },
  );
}, 30_000);

async function runScripts(scripts: Script[], restarts: number): Promise<void> {
  const db = emptyDatabase();
  let wall = 0;
  let running = 0;
  const losses: number[] = [];
  const begun: number[] = [];
  const definition = (maxAttempts: number) =>
    defineJob("scripted", {
      lane: "short",
      maxAttempts,
      deadlineMs: 20,
      payload: z.number(),
      unique: (n) => `${n}`,
    });
  const work = async (_deps: object, n: number, { signal }: JobContext): Promise<void> => {
    const what = scripts[n]?.tries[begun.filter((one) => one === n).length] ?? "work";
    begun.push(n);
    expect(++running).toBeLessThanOrEqual(concurrency.short);
    try {
      await Bun.sleep(0);
      if (what === "fail") throw new Error("failed");
      if (what === "refuse") throw new PermanentFailure("refused");
      if (what === "snooze") throw new Snooze(1);
      if (what === "hang") await aborted(signal);
    } finally {
      running--;
    }
  };
  const open = (): JobQueue<object> => {
    const lanes = { ...concurrency, media: 1, transcode: 1, mail: 1, chores: 1 };
    const bindings = [bind(definition(1), work, (_deps: object, n) => losses.push(n))];
    const queue = new JobQueue<object>({
      db,
      log: silent,
      now: () => wall,
      concurrency: lanes,
      bindings,
      deps: () => ({}),
    });
    queue.start();
    return queue;
  };

  let queue = open();
  const ids = scripts.map(({ maxAttempts }, n) => queue.add(definition(maxAttempts), n));
  for (let i = 0; i < restarts; i++) {
    await Bun.sleep(1);
    scripts.forEach(
      (one, n) => one.cancel && n % restarts === i && queue.cancel({ name: "scripted" }, `${n}`),
    );
    await queue.stop({ graceMs: 1_000 });
    expect(running).toBe(0);
    queue = open();
  }
  while (ids.some((id) => !isFinal(jobRow(db, id).state))) {
    await queue.idle();
    wall += dayMs;
  }
  await queue.stop({ graceMs: 1_000 });
  const lost = ids.flatMap((id, n) => (jobRow(db, id).state === "done" ? [] : [n]));
  expect(losses.toSorted((a, b) => a - b)).toEqual(lost);
  for (const id of ids) expect(jobRow(db, id).attempts).toBeLessThanOrEqual(jobRow(db, id).maxAttempts);
  db.$client.close();
}

async function aborted(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
