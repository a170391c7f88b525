import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { PermanentFailure, Snooze } from "../../src/queue/job.ts";
import { afterAttempt, backoffMs, follows } from "../../src/queue/states.ts";
import type { Ending, Next } from "../../src/queue/states.ts";

const first = { attempts: 1, maxAttempts: 3, cancelRequested: false };
const last = { attempts: 3, maxAttempts: 3, cancelRequested: false };
const cancelled = { ...first, cancelRequested: true };

const threw = (error: unknown, interrupt: (Ending & { how: "threw" })["interrupt"] = null): Ending => ({
  how: "threw",
  error,
  interrupt,
});
const bug = new Error("boom");
const again = (delayMs: number | null, countsAttempt: boolean, error: string | null = null): Next => ({
  state: "ready",
  delayMs,
  countsAttempt,
  error,
});

describe("what follows an attempt", () => {
  const cases: [string, typeof first, Ending, Next][] = [
    ["its work is done", first, { how: "returned" }, { state: "done" }],
    ["a failure is tried again after a pause", first, threw(bug), again(5_000, true, "Error: boom")],
    ["the last failure is final", last, threw(bug), { state: "failed", why: "failed", error: "Error: boom" }],
    [
      "a permanent failure is final at once",
      first,
      threw(new PermanentFailure("gone")),
      { state: "failed", why: "failed", error: "PermanentFailure: gone" },
    ],
    ["a snooze gives the attempt back", last, threw(new Snooze(70)), again(70, false)],
    [
      "a missed deadline counts",
      first,
      threw(bug, "deadline"),
      again(5_000, true, "It took longer than it may."),
    ],
    [
      "the last missed deadline is final",
      last,
      threw(bug, "deadline"),
      { state: "failed", why: "deadline", error: "It took longer than it may." },
    ],
    [
      "a job may say that its deadline is final",
      first,
      threw(new PermanentFailure("too long"), "deadline"),
      { state: "failed", why: "failed", error: "PermanentFailure: too long" },
    ],
    ["work that got done in spite of everything is done", last, { how: "returned" }, { state: "done" }],
    ["a stopping server gives the attempt back", last, threw(bug, "stopping"), again(null, false)],
    [
      "what a dying child says while stopping is not believed",
      last,
      threw(new PermanentFailure("killed"), "stopping"),
      again(null, false),
    ],
    ["a job that would not stop in time gets it back too", last, { how: "stopped" }, again(null, false)],
    [
      "a crash counts, and it keeps its place",
      first,
      { how: "crashed" },
      again(null, true, "The server stopped, or lost track of it, while it ran."),
    ],
    [
      "the last crash is final",
      last,
      { how: "crashed" },
      { state: "failed", why: "crashed", error: "The server stopped, or lost track of it, while it ran." },
    ],
  ];
  for (const [name, job, ending, next] of cases) {
    test(name, () => expect(afterAttempt(job, ending, 0)).toEqual(next));
  }

  test("once asked to, it is cancelled however it ends", () => {
    const endings: Ending[] = [
      { how: "returned" },
      threw(bug, "cancelled"),
      threw(new Snooze(1)),
      { how: "crashed" },
    ];
    for (const ending of [...endings, { how: "stopped" } as const]) {
      expect(afterAttempt(cancelled, ending, 0)).toMatchObject({ state: "cancelled", why: "cancelled" });
    }
  });

  test("a long error is cut", () => {
    const next = afterAttempt(last, threw(new Error("x".repeat(100_000))), 0);
    expect(next.state === "failed" && next.error.length).toBeLessThan(2_010);
  });
});

test("whatever happens, the next state is one that may follow running", () => {
  const ending = fc.oneof(
    fc.constantFrom<Ending>({ how: "returned" }, { how: "stopped" }, { how: "crashed" }),
    fc.record({
      how: fc.constant("threw" as const),
      error: fc.constantFrom<unknown>(bug, "text", undefined, new PermanentFailure("x"), new Snooze(5)),
      interrupt: fc.constantFrom(null, "cancelled" as const, "deadline" as const, "stopping" as const),
    }),
  );
  const job = fc.record({
    attempts: fc.integer({ min: 1, max: 5 }),
    maxAttempts: fc.constant(5),
    cancelRequested: fc.boolean(),
  });
  fc.assert(
    fc.property(job, ending, (facts, how) => {
      const next = afterAttempt(facts, how, 0.5);
      expect(follows.running).toContain(next.state);
      // An attempt that counts and leaves none is never followed by another.
      if (next.state === "ready" && next.countsAttempt)
        expect(facts.attempts).toBeLessThan(facts.maxAttempts);
    }),
  );
});

test("final states are followed by nothing", () => {
  expect([follows.done, follows.failed, follows.cancelled]).toEqual([[], [], []]);
});

describe("the pause before another attempt", () => {
  test("grows threefold, half of it by chance", () => {
    expect([1, 2, 3].map((attempt) => backoffMs(attempt, 0))).toEqual([5_000, 15_000, 45_000]);
    expect(backoffMs(1, 0.5)).toBe(7_500);
  });

  test("is never longer than an hour", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, random) => {
          const pause = backoffMs(attempt, random);
          expect(pause).toBeGreaterThanOrEqual(5_000);
          expect(pause).toBeLessThanOrEqual(3_600_000);
        },
      ),
    );
  });
});
