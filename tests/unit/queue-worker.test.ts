import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { z } from "zod";
import type { Database } from "../../src/db/open.ts";
import { AppError } from "../../src/lib/errors.ts";
import { lanes } from "../../src/lib/lanes.ts";
import { bind } from "../../src/queue/binding.ts";
import type { Binding, GaveUp, JobLoss } from "../../src/queue/binding.ts";
import { JobInterrupt, PermanentFailure, Snooze, defineJob } from "../../src/queue/job.ts";
import type { Gate, Gates, JobContext, JobDefinition } from "../../src/queue/job.ts";
import { claimJobs } from "../../src/queue/store-claim.ts";
import { JobQueue } from "../../src/queue/worker.ts";
import type { QueueOptions } from "../../src/queue/worker.ts";
import { addTestJob, emptyDatabase, jobRow, jobRows } from "../fixtures/queue.ts";

interface TestDeps {
  greeting: string;
}
interface Item {
  key: string;
}
type Work = (item: Item, context: JobContext) => Promise<void>;

const greet = defineJob<Item>("greet", {
  lane: "short",
  maxAttempts: 2,
  deadlineMs: 0,
  payload: z.object({ key: z.string() }),
  unique: (item) => item.key,
});
const brief = defineJob<Item>("brief", { ...greet, deadlineMs: 5 });

const silent = { info() {}, warn() {}, error() {} };
const concurrency = { short: 2, long: 1, media: 1, transcode: 1, mail: 1, chores: 1 };

let db: Database;
let queues: JobQueue<TestDeps>[];
beforeEach(() => {
  db = emptyDatabase();
  queues = [];
});
afterEach(async () => {
  for (const queue of queues) await queue.stop({ graceMs: 0 });
  db.$client.close();
});

function openQueue(
  bindings: Binding<TestDeps>[],
  options: Partial<QueueOptions<TestDeps>> = {},
): JobQueue<TestDeps> {
  const deps = { greeting: "hello" };
  const needed = { db, log: silent, now: Date.now, concurrency, bindings, deps: () => deps, random: () => 0 };
  const queue = new JobQueue<TestDeps>({ ...needed, tickMs: 20, ...options });
  queues.push(queue);
  return queue;
}

function running(work: Work, gaveUp?: GaveUp<TestDeps, Item>, definition = greet): JobQueue<TestDeps> {
  const queue = openQueue([bind(definition, (_deps, item, context) => work(item, context), gaveUp)]);
  queue.start();
  return queue;
}

/** Work that goes on until its signal is aborted, and then throws what aborted it. */
function untilAborted(began: () => void = () => {}): Work {
  return (_item, { signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      began();
    });
}

/** Something that a job does and the test waits for. */
function gate(): { open: () => void; opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, opened: promise };
}

test("a job gets the deps, its payload and its attempt, and is done", async () => {
  const seen: unknown[] = [];
  const queue = openQueue([
    bind(greet, async (deps: TestDeps, item, context) => {
      seen.push(deps.greeting, item, context.attempt, context.maxAttempts, context.jobId);
    }),
  ]);
  const id = queue.add(greet, { key: "a" });
  expect(queue.depth().short).toEqual({ ready: 1, running: 0 });
  queue.start();
  await queue.idle();
  expect(seen).toEqual(["hello", { key: "a" }, 1, 2, id]);
  expect(jobRow(db, id)).toMatchObject({ state: "done", attempts: 1 });
  expect(queue.depth().short).toEqual({ ready: 0, running: 0 });
});

test("what was foreseen is one warning without a stack, and a bug an error with one", async () => {
  const said: [how: string, entry: object, text: string][] = [];
  const hear =
    (how: string) =>
    (entry: unknown, text = "") =>
      void said.push([how, Object(entry), text]);
  const log = { info() {}, warn: hear("warn"), error: hear("error") };
  const throws = [
    new AppError("video_gone", "This video is gone."),
    new PermanentFailure("Nobody is there."),
    new AppError("tool_failed", "ffmpeg failed."),
    new TypeError("a bug"),
  ];
  const once = defineJob<Item>("greet", { ...greet, maxAttempts: 1 });
  const work = async ({ key }: Item) => Promise.reject(throws[Number(key)]);
  const queue = openQueue([bind(once, (_deps, item) => work(item))], { log });
  for (const n of throws.keys()) queue.add(once, { key: String(n) });
  queue.start();
  await queue.idle();
  const lines = said.map(([how, entry, text]) => `${how}${"err" in entry ? " with a stack" : ""}: ${text}`);
  expect(lines.toSorted()).toEqual([
    "error with a stack: AppError: ffmpeg failed.",
    "error with a stack: TypeError: a bug",
    "warn: Nobody is there.",
    "warn: This video is gone.",
  ]);
});

test("what only waits is no failure in the log", async () => {
  const said: unknown[] = [];
  const log = { info: (entry: unknown) => void said.push(entry), warn() {}, error() {} };
  const again = gate();
  const work = async () => {
    if (said.length === 0) throw new Snooze(2);
    again.open();
  };
  const queue = openQueue([bind(greet, work)], { log });
  queue.add(greet, { key: "a" });
  queue.start();
  await again.opened;
  await queue.idle();
  expect(said).toMatchObject([{ ending: "snoozed" }, { ending: "returned" }]);
});

test("a job added in a transaction that fails never runs", async () => {
  const seen: string[] = [];
  const queue = running(async (item) => void seen.push(item.key));
  const failing = () =>
    db.transaction(() => {
      queue.add(greet, { key: "never" });
      throw new Error("rolled back");
    });
  expect(failing).toThrow("rolled back");
  queue.add(greet, { key: "kept" });
  await queue.idle();
  expect(seen).toEqual(["kept"]);
});

test("jobs that a job adds run too, in any lane", async () => {
  const mail = defineJob<Item>("mail", { ...greet, lane: () => "mail" });
  const seen: string[] = [];
  const queue: JobQueue<TestDeps> = openQueue([
    bind(greet, async (_deps, item) => void queue.add(mail, { key: `${item.key} by mail` })),
    bind(mail, async (_deps, item) => void seen.push(item.key)),
  ]);
  queue.start();
  queue.add(greet, { key: "news" });
  await queue.idle();
  expect(seen).toEqual(["news by mail"]);
});

test("a lane runs as many at once as it may, and not one more", async () => {
  let now = 0;
  let most = 0;
  const queue = running(async () => {
    most = Math.max(most, ++now);
    await Bun.sleep(1);
    now--;
  });
  for (let i = 0; i < 20; i++) queue.add(greet, { key: `${i}` });
  await queue.idle();
  expect(most).toBe(concurrency.short);
});

describe("a job that fails", () => {
  test("is tried again after its pause, then given up, and its feature hears of it once", async () => {
    let wall = 1_000_000;
    let failures = 0;
    const losses: [Item, JobLoss][] = [];
    const binding = bind(
      greet,
      async () => {
        throw new Error(`failure ${++failures}`);
      },
      (_deps: TestDeps, item, loss) => losses.push([item, loss]),
    );
    const queue = openQueue([binding], { now: () => wall });
    queue.start();
    const id = queue.add(greet, { key: "a" });
    await queue.idle();
    expect(jobRow(db, id)).toMatchObject({ state: "ready", attempts: 1, lastError: "Error: failure 1" });
    expect(jobRow(db, id).runAt).toBe(wall + 5_000);
    expect(losses).toEqual([]);
    wall += 5_000;
    await queue.idle();
    expect(jobRow(db, id)).toMatchObject({ state: "failed", attempts: 2, lastError: "Error: failure 2" });
    expect(losses).toEqual([[{ key: "a" }, { why: "failed", error: new Error("failure 2") }]]);
  });

  test("for good is not tried again", async () => {
    const losses: JobLoss[] = [];
    const gone = new PermanentFailure("the video is gone");
    const queue = running(
      () => Promise.reject(gone),
      (_deps, _item, loss) => losses.push(loss),
    );
    const id = queue.add(greet, { key: "a" });
    await queue.idle();
    expect(jobRow(db, id)).toMatchObject({ state: "failed", attempts: 1 });
    expect(losses).toEqual([{ why: "failed", error: gone }]);
  });

  test("and what its feature writes about it are one transaction", async () => {
    const errors: unknown[] = [];
    const log = { ...silent, error: (entry: unknown) => errors.push(entry) };
    const bug = new Error("a bug in gaveUp");
    const binding = bind(
      greet,
      () => Promise.reject(new PermanentFailure("no")),
      () => {
        db.run(`UPDATE jobs SET priority = 99`);
        throw bug;
      },
    );
    const queue = openQueue([binding], { log });
    queue.start();
    const id = queue.add(greet, { key: "a" });
    await queue.idle();
    expect(jobRow(db, id)).toMatchObject({ state: "failed", priority: 0 });
    expect(errors).toContainEqual({ err: bug, jobId: id });
  });

  test("and snoozes sleeps without losing an attempt", async () => {
    const done = gate();
    let tries = 0;
    const queue = running(async () => {
      if (++tries <= 3) throw new Snooze(2);
      done.open();
    });
    const id = queue.add(greet, { key: "a" });
    await done.opened;
    await queue.idle();
    expect(tries).toBe(4);
    expect(jobRow(db, id)).toMatchObject({ state: "done", attempts: 1, lastError: null });
  });
});

describe("a deadline", () => {
  test("aborts the job's signal, and counts as a failed attempt", async () => {
    let reason: unknown;
    const queue = running(
      async (item, context) => {
        reason = await untilAborted()(item, context).catch((error: unknown) => error);
        throw reason;
      },
      undefined,
      brief,
    );
    const id = queue.add(brief, { key: "a" });
    await queue.idle();
    expect(reason).toBeInstanceOf(JobInterrupt);
    expect(reason).toMatchObject({ why: "deadline" });
    expect(jobRow(db, id)).toMatchObject({
      state: "ready",
      attempts: 1,
      lastError: "It took longer than it may.",
    });
  });

  test("of more than 24 days does not fire at once", async () => {
    const patient = defineJob<Item>("patient", { ...greet, deadlineMs: 90 * 24 * 3_600_000 });
    const queue = running(
      (_item, { signal }) => Bun.sleep(5).then(() => signal.throwIfAborted()),
      undefined,
      patient,
    );
    const id = queue.add(patient, { key: "a" });
    await queue.idle();
    expect(jobRow(db, id).state).toBe("done");
  });
});

describe("cancelling", () => {
  test("a waiting job ends it at once, together with what its feature writes", () => {
    const losses: [Item, JobLoss][] = [];
    const queue = openQueue([
      bind(greet, untilAbortedWork, (_deps, item, loss) => losses.push([item, loss])),
    ]);
    const id = queue.add(greet, { key: "a" });
    expect(queue.cancel(greet, "a")).toBe(true);
    expect(jobRow(db, id).state).toBe("cancelled");
    expect(losses).toEqual([[{ key: "a" }, { why: "cancelled", error: null }]]);
    expect(queue.cancel(greet, "a")).toBe(false);
  });

  test("a running job aborts its signal; it is cancelled when it stops", async () => {
    const began = gate();
    const losses: JobLoss[] = [];
    const queue = running(untilAborted(began.open), (_deps, _item, loss) => losses.push(loss));
    const id = queue.add(greet, { key: "a" });
    await began.opened;
    expect(queue.cancel(greet, "a")).toBe(true);
    expect(jobRow(db, id).state).toBe("running");
    await queue.idle();
    expect(jobRow(db, id)).toMatchObject({ state: "cancelled", attempts: 1 });
    expect(losses).toEqual([{ why: "cancelled", error: null }]);
  });

  test("a job that does not listen is still cancelled when it returns", async () => {
    const began = gate();
    const finish = gate();
    const queue = running(async () => {
      began.open();
      await finish.opened;
    });
    const id = queue.add(greet, { key: "a" });
    await began.opened;
    queue.cancel(greet, "a");
    await Bun.sleep(1);
    finish.open();
    await queue.idle();
    expect(jobRow(db, id).state).toBe("cancelled");
  });

  test("in a transaction that fails leaves the job alone", async () => {
    const began = gate();
    const finish = gate();
    const queue = running(async (_item, { signal }) => {
      began.open();
      await finish.opened;
      signal.throwIfAborted();
    });
    const id = queue.add(greet, { key: "a" });
    await began.opened;
    const failing = () =>
      db.transaction(() => {
        queue.cancel(greet, "a");
        throw new Error("rolled back");
      });
    expect(failing).toThrow("rolled back");
    await Bun.sleep(1);
    finish.open();
    await queue.idle();
    expect(jobRow(db, id).state).toBe("done");
  });

  test("then asking again gives a new job, which begins when the old one has stopped", async () => {
    const began = gate();
    const finish = gate();
    const losses: JobLoss[] = [];
    const order: string[] = [];
    const queue = running(
      async (_item, { jobId }) => {
        order.push(`begin ${jobId}`);
        began.open();
        await finish.opened;
        order.push(`end ${jobId}`);
      },
      (_deps, _item, loss) => losses.push(loss),
    );
    const old = queue.add(greet, { key: "a" });
    await began.opened;
    queue.cancel(greet, "a");
    const renewed = queue.add(greet, { key: "a" });
    await Bun.sleep(1);
    finish.open();
    await queue.idle();
    expect(order).toEqual([`begin ${old}`, `end ${old}`, `begin ${renewed}`, `end ${renewed}`]);
    expect([jobRow(db, old).state, jobRow(db, renewed).state]).toEqual(["cancelled", "done"]);
    // The feature is not told that the key's job was cancelled: there is a newer one.
    expect(losses).toEqual([]);
  });
});

const untilAbortedWork = (_deps: TestDeps, item: Item, context: JobContext): Promise<void> =>
  untilAborted()(item, context);

describe("a row that this program can't do", () => {
  test("is failed where no job has its name", async () => {
    const id = addTestJob(db, { name: "from the future" });
    const queue = running(async () => {});
    await queue.idle();
    const lastError = 'PermanentFailure: This version of Homereel knows no job named "from the future".';
    expect(jobRow(db, id)).toMatchObject({ state: "failed", lastError });
  });

  test.each(['{"key":7}', "{}", "not json"])("is failed where its payload is %s", async (payload) => {
    const id = addTestJob(db, { name: "greet", payload });
    const queue = running(async () => {});
    await queue.idle();
    const row = jobRow(db, id);
    expect(row.state).toBe("failed");
    expect(row.lastError).toContain('The payload of "greet" does not fit');
  });
});

describe("stopping", () => {
  test("interrupts what runs, gives the attempt back, and claims no more", async () => {
    const began = gate();
    const losses: JobLoss[] = [];
    const queue = running(untilAborted(began.open), (_deps, _item, loss) => losses.push(loss));
    const id = queue.add(greet, { key: "a" });
    await began.opened;
    await queue.stop({ graceMs: 5_000 });
    const waiting = queue.add(greet, { key: "b" });
    await Bun.sleep(1);
    expect(jobRow(db, id)).toMatchObject({ state: "ready", attempts: 0, leaseToken: null });
    expect(jobRow(db, waiting)).toMatchObject({ state: "ready", attempts: 0 });
    expect(losses).toEqual([]);
  });

  test("lets a job that gets done in time be done", async () => {
    const began = gate();
    const queue = running(async (_item, { signal }) => {
      began.open();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    const id = queue.add(greet, { key: "a" });
    await began.opened;
    await queue.stop({ graceMs: 5_000 });
    expect(jobRow(db, id).state).toBe("done");
  });

  test("does not wait for ever, and does not listen to what comes too late", async () => {
    const began = gate();
    const finish = gate();
    const queue = running(async () => {
      began.open();
      await finish.opened;
    });
    const id = queue.add(greet, { key: "a" });
    await began.opened;
    await queue.stop({ graceMs: 1 });
    expect(jobRow(db, id)).toMatchObject({ state: "ready", attempts: 0 });
    finish.open();
    await Bun.sleep(1);
    expect(jobRow(db, id)).toMatchObject({ state: "ready", attempts: 0 });
  });
});

describe("starting after a crash", () => {
  const abandon = (): void =>
    void claimJobs(db, {
      lane: "short",
      concurrency: 9,
      now: 0,
      turn: 1,
      leaseUntil: Number.MAX_SAFE_INTEGER,
    });

  test("takes up again what ran, and counts the attempt", async () => {
    const id = addTestJob(db, { name: "greet", payload: '{"key":"a"}', maxAttempts: 2 });
    abandon();
    const attempts: number[] = [];
    const queue = running(async (_item, { attempt }) => void attempts.push(attempt));
    await queue.idle();
    expect(attempts).toEqual([2]);
    expect(jobRow(db, id)).toMatchObject({ state: "done", attempts: 2 });
  });

  test("gives up what used up its attempts, and its feature hears of it", async () => {
    const id = addTestJob(db, { name: "greet", payload: '{"key":"a"}', maxAttempts: 1 });
    abandon();
    const losses: [Item, JobLoss][] = [];
    running(
      async () => {},
      (_deps, item, loss) => losses.push([item, loss]),
    );
    expect(jobRow(db, id).state).toBe("failed");
    expect(losses).toEqual([[{ key: "a" }, { why: "crashed", error: null }]]);
  });

  test("cancels what was to be cancelled", async () => {
    const id = addTestJob(db, { name: "greet", payload: '{"key":"a"}', uniqueKey: "a" });
    abandon();
    openQueue([]).cancel(greet, "a");
    running(async () => {});
    expect(jobRow(db, id).state).toBe("cancelled");
  });
});

describe("leases", () => {
  test("of running jobs are extended, so that a long job is not begun twice", async () => {
    const clock = { ms: 0 };
    let begun = 0;
    const finish = gate();
    const binding = bind(greet, async () => {
      begun++;
      await finish.opened;
    });
    const queue = openQueue([binding], { monotonic: () => (clock.ms += 40), leaseMs: 100, tickMs: 1 });
    queue.start();
    const id = queue.add(greet, { key: "a" });
    while (clock.ms < 2_000) await Bun.sleep(1);
    expect(begun).toBe(1);
    finish.open();
    await queue.idle();
    expect(jobRow(db, id)).toMatchObject({ state: "done", attempts: 1 });
  });

  test("hold when the wall clock jumps a day either way", async () => {
    let wall = 10 * 86_400_000;
    let begun = 0;
    const began = gate();
    const finish = gate();
    const binding = bind(greet, async () => {
      begun++;
      began.open();
      await finish.opened;
    });
    const queue = openQueue([binding], { now: () => wall, tickMs: 1 });
    queue.start();
    const id = queue.add(greet, { key: "a" });
    await began.opened;
    for (const days of [1, -1, -1]) {
      wall += days * 86_400_000;
      await Bun.sleep(3);
    }
    expect(jobRow(db, id)).toMatchObject({ state: "running", attempts: 1 });
    finish.open();
    await queue.idle();
    expect(begun).toBe(1);
    expect(jobRow(db, id).state).toBe("done");
  });

  test("that were taken away leave the job its place in the lane until it stops", async () => {
    const began = gate();
    const lost = gate();
    const finish = gate();
    let now = 0;
    let most = 0;
    const queue = running(async ({ key }, { signal }) => {
      most = Math.max(most, ++now);
      began.open();
      signal.addEventListener("abort", lost.open);
      // The first does not stop when it is told to.
      await (key === "first" ? finish.opened : Bun.sleep(0));
      now--;
    });
    queue.add(greet, { key: "first" });
    await began.opened;
    db.run(`UPDATE jobs SET state = 'failed', lease_token = NULL`);
    await lost.opened;
    const others = ["b", "c", "d", "e"].map((key) => queue.add(greet, { key }));
    while (others.some((id) => jobRow(db, id).state !== "done")) await Bun.sleep(1);
    finish.open();
    await queue.idle();
    expect(most).toBe(concurrency.short);
  });

  test("that were taken away abort the job, and its result does not count", async () => {
    const began = gate();
    let reason: unknown;
    const queue = running(async (_item, { signal }) => {
      began.open();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      reason = signal.reason;
    });
    const id = queue.add(greet, { key: "a" });
    await began.opened;
    db.run(`UPDATE jobs SET state = 'failed', lease_token = NULL, last_error = 'by hand'`);
    await queue.idle();
    expect(reason).toMatchObject({ why: "lease_lost" });
    expect(jobRow(db, id)).toMatchObject({ state: "failed", lastError: "by hand" });
  });
});

test("after the clock was set back, a waiting job waits no longer than it had to", async () => {
  let wall = 10 * 86_400_000;
  const ran = gate();
  const queue = openQueue([bind(greet, async () => ran.open())], { now: () => wall, tickMs: 1 });
  queue.start();
  const id = queue.add(greet, { key: "a" }, { runAt: wall + 60_000 });
  await queue.idle();
  wall -= 86_400_000;
  while (jobRow(db, id).runAt > wall + 60_000) await Bun.sleep(1);
  expect(jobRow(db, id).state).toBe("ready");
  wall += 60_000;
  await ran.opened;
});

test("after a start with a clock that was set back, a waiting job waits no longer than it had to", () => {
  const yesterday = 9 * 86_400_000;
  const id = addTestJob(db, { createdAt: yesterday + 86_400_000, runAt: yesterday + 86_400_000 + 60_000 });
  openQueue([], { now: () => yesterday }).start();
  expect(jobRow(db, id).runAt).toBe(yesterday + 60_000);
});

test("a new start goes on with the turns where the last one ended", async () => {
  const order: string[] = [];
  const open = (): JobQueue<TestDeps> =>
    openQueue([bind(greet, async (_deps, item) => void order.push(item.key))], {
      concurrency: { ...concurrency, short: 1 },
    });
  const before = open();
  before.start();
  for (const userId of ["a", "b"]) before.add(greet, { key: userId }, { userId });
  await before.idle();
  await before.stop();
  const after = open();
  for (const userId of ["b", "a", "a"]) after.add(greet, { key: `${userId}${order.push("")}` }, { userId });
  after.start();
  await after.idle();
  expect(order.filter((key) => key !== "").map((key) => key[0])).toEqual(["a", "b", "a", "b", "a"]);
});

test("finished jobs are forgotten after a week", async () => {
  let wall = 0;
  const queue = openQueue([bind(greet, async () => {})], { now: () => wall });
  queue.start();
  queue.add(greet, { key: "old" });
  await queue.idle();
  await queue.stop();
  wall = 8 * 86_400_000;
  openQueue([], { now: () => wall }).start();
  expect(jobRows(db)).toEqual([]);
});

test("a job of another process is noticed, and so is its wish to cancel", async () => {
  const began = gate();
  const queue = running(untilAborted(began.open));
  await queue.idle();
  const other = openQueue([]);
  const id = other.add(greet, { key: "a" });
  await began.opened;
  other.cancel(greet, "a");
  await queue.idle();
  expect(jobRow(db, id).state).toBe("cancelled");
});

test("what the database can't take at the moment is written down later", async () => {
  const errors: unknown[] = [];
  const log = { ...silent, error: (entry: unknown) => errors.push(entry) };
  const began = gate();
  const finish = gate();
  let runs = 0;
  const binding = bind(greet, async () => {
    runs++;
    began.open();
    await finish.opened;
  });
  const queue = openQueue([binding], { log });
  queue.start();
  const id = queue.add(greet, { key: "a" });
  await began.opened;
  db.$client.pragma("query_only = ON");
  finish.open();
  while (errors.length === 0) await Bun.sleep(1);
  db.$client.pragma("query_only = OFF");
  await queue.idle();
  expect(runs).toBe(1);
  expect(jobRow(db, id)).toMatchObject({ state: "done", attempts: 1 });
});

test("two verbs for one job are refused", () => {
  const binding = bind(greet, async () => {});
  expect(() => openQueue([binding, binding])).toThrow('two jobs are named "greet"');
});

test("ten thousand jobs go through every lane", async () => {
  const laned = defineJob<{ n: number }>("laned", {
    lane: ({ n }) => lanes[n % lanes.length] ?? "short",
    maxAttempts: 1,
    deadlineMs: 0,
    payload: z.object({ n: z.number() }),
  } satisfies Omit<JobDefinition<{ n: number }>, "name">);
  const seen = new Set<number>();
  const wide = Object.fromEntries(lanes.map((lane) => [lane, 50])) as typeof concurrency;
  const queue = openQueue([bind(laned, async (_deps, { n }) => void seen.add(n))], { concurrency: wide });
  queue.start();
  db.transaction(() => {
    for (let n = 0; n < 10_000; n++) queue.add(laned, { n }, { userId: `user-${n % 7}` });
  });
  await queue.idle();
  expect(seen.size).toBe(10_000);
}, 30_000);

describe("holding", () => {
  test("a running job aborts its signal; it goes back to its place with its attempt, and waits", async () => {
    const began = gate();
    const seen: unknown[] = [];
    const queue = running(async (_item, { signal }) => {
      began.open();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      seen.push(signal.reason);
      // What a child program that was killed looks like.
      throw new PermanentFailure("it went away");
    });
    const id = queue.add(greet, { key: "a" });
    const before = jobRow(db, id);
    await began.opened;
    expect(queue.hold(greet, ["a"])).toBe(1);
    await queue.idle();
    expect(seen).toMatchObject([{ why: "held" }]);
    expect(jobRow(db, id)).toMatchObject({ state: "ready", held: true, attempts: 0, runAt: before.runAt });
  });

  test("released, it runs; and one that is added as held waits for that too", async () => {
    const ran: string[] = [];
    const queue = running(async ({ key }) => void ran.push(key));
    queue.add(greet, { key: "a" }, { held: true });
    queue.add(greet, { key: "b" });
    await queue.idle();
    expect(ran).toEqual(["b"]);
    expect(queue.release(greet, ["a", "b"])).toBe(1);
    await queue.idle();
    expect(ran).toEqual(["b", "a"]);
  });

  test("in a transaction that fails leaves the job alone", async () => {
    const began = gate();
    const finish = gate();
    const queue = running(async (_item, { signal }) => {
      began.open();
      await finish.opened;
      signal.throwIfAborted();
    });
    const id = queue.add(greet, { key: "a" });
    await began.opened;
    const failing = () =>
      db.transaction(() => {
        queue.hold(greet, ["a"]);
        throw new Error("rolled back");
      });
    expect(failing).toThrow("rolled back");
    await Bun.sleep(1);
    finish.open();
    await queue.idle();
    expect(jobRow(db, id)).toMatchObject({ state: "done", held: false });
  });

  test("a held job can be cancelled", () => {
    const queue = running(async () => {});
    const id = queue.add(greet, { key: "a" }, { held: true });
    expect(queue.cancel(greet, "a")).toBe(true);
    expect(jobRow(db, id).state).toBe("cancelled");
  });
});

describe("gates", () => {
  const open: Gate = { closedForMs: 0, blockedGroups: [], blockedForMs: Infinity, groupRoom: 99 };
  const openGated = (at: () => Partial<Gate>, work: Work, taken: (group: string) => void = () => {}) => {
    const gates: Gates = { at: (lane) => (lane === "short" ? { ...open, ...at() } : null), taken };
    const queue = openQueue([bind(greet, (_deps, item, context) => work(item, context))], { gates });
    queue.start();
    return queue;
  };

  test("are asked before every single job, and hear of each that was taken", async () => {
    const taken: string[] = [];
    const ran: string[] = [];
    const queue = openGated(
      () => ({ blockedGroups: taken }),
      async ({ key }) => void ran.push(key),
      (group) => taken.push(group),
    );
    for (const key of ["a1", "a2", "b1", "b2"]) queue.add(greet, { key }, { groupKey: key.slice(0, 1) });
    await queue.idle();
    expect(taken).toEqual(["a", "b"]);
    expect(ran).toEqual(["a1", "b1"]);
  });

  test("that are closed let nothing begin, and wake the lane when they open", async () => {
    const ran = gate();
    // However long this test is kept from going on, nothing opens before it was looked at.
    let isOpen = false;
    const queue = openGated(
      () => ({ closedForMs: isOpen ? 0 : 15 }),
      async () => ran.open(),
    );
    const id = queue.add(greet, { key: "a" });
    await queue.idle();
    expect(jobRow(db, id).state).toBe("ready");
    isOpen = true;
    await ran.opened;
  });

  test("that close can have what runs given back, and the lane looked at when they open", async () => {
    let closedForMs = 0;
    let starts = 0;
    const began = gate();
    const queue = openGated(
      () => ({ closedForMs }),
      async (_item, { signal }) => {
        if (++starts > 1) return;
        began.open();
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    );
    const id = queue.add(greet, { key: "a" });
    await began.opened;
    closedForMs = Infinity;
    queue.giveBack(["short"]);
    await queue.idle();
    expect(jobRow(db, id)).toMatchObject({ state: "ready", attempts: 0 });
    closedForMs = 0;
    queue.lookAgain(["short"]);
    await queue.idle();
    expect(jobRow(db, id).state).toBe("done");
  });
});
