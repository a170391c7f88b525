import type { JobState } from "../db/schema.ts";
import { PermanentFailure, Snooze } from "./job.ts";
import type { JobInterrupt } from "./job.ts";

/** What may follow each state (docs/queue.md). Every UPDATE of the store names the state it leaves. */
export const follows: Readonly<Record<JobState, readonly JobState[]>> = {
  ready: ["running", "cancelled"],
  running: ["done", "failed", "ready", "cancelled"],
  done: [],
  failed: [],
  cancelled: [],
};

/** How one attempt came to its end. */
export type Ending =
  | { how: "returned" }
  /** `interrupt` is why its signal had been aborted by then, if it had. */
  | { how: "threw"; error: unknown; interrupt: JobInterrupt["why"] | null }
  /** A stopping server did not wait for it any longer. */
  | { how: "stopped" }
  /** Its lease ran out, or the server died under it. */
  | { how: "crashed" };

/** Why a job that didn't succeed is not tried again. */
export type GivenUp = "failed" | "deadline" | "crashed" | "cancelled";

export type Next =
  | { state: "done" }
  /** `delayMs` null: it keeps its place. `countsAttempt` false: the attempt is given back. */
  | { state: "ready"; delayMs: number | null; countsAttempt: boolean; error: string | null }
  | { state: "failed" | "cancelled"; why: GivenUp; error: string };

export interface AttemptFacts {
  /** This one included. */
  attempts: number;
  maxAttempts: number;
  cancelRequested: boolean;
}

/** What follows an attempt. `random` is a number from 0 up to 1, for the jitter. */
export function afterAttempt(job: AttemptFacts, ending: Ending, random: number): Next {
  if (job.cancelRequested) return { state: "cancelled", why: "cancelled", error: "It was cancelled." };
  switch (ending.how) {
    case "returned":
      return { state: "done" };
    case "stopped":
      return givenBack(null);
    case "crashed":
      return tryAgain(job, "crashed", null, "The server stopped, or lost track of it, while it ran.");
    case "threw":
      return afterThrow(job, ending, random);
  }
}

function afterThrow(job: AttemptFacts, ending: Ending & { how: "threw" }, random: number): Next {
  const { error, interrupt } = ending;
  // Checked first: a child that is ended on purpose looks like any failure, even like one for good.
  if (interrupt === "stopping" || interrupt === "held") return givenBack(null);
  if (error instanceof Snooze) return givenBack(error.delayMs);
  if (error instanceof PermanentFailure) return { state: "failed", why: "failed", error: describe(error) };
  if (interrupt === "deadline") {
    return tryAgain(job, "deadline", backoffMs(job.attempts, random), "It took longer than it may.");
  }
  return tryAgain(job, "failed", backoffMs(job.attempts, random), describe(error));
}

function givenBack(delayMs: number | null): Next {
  return { state: "ready", delayMs, countsAttempt: false, error: null };
}

function tryAgain(job: AttemptFacts, why: GivenUp, delayMs: number | null, error: string): Next {
  if (job.attempts >= job.maxAttempts) return { state: "failed", why, error };
  return { state: "ready", delayMs, countsAttempt: true, error };
}

const firstBackoffMs = 10_000;
const longestBackoffMs = 60 * 60_000;

/**
 * How long to wait after the attempt of this number (from 1): three times longer each time, at most an
 * hour; the upper half of it is left to chance, so that what failed together is not tried together.
 */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(longestBackoffMs, firstBackoffMs * 3 ** (attempt - 1));
  return Math.round(full / 2 + (full / 2) * random);
}

const longestErrorChars = 2_000;

function describe(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.length > longestErrorChars ? `${text.slice(0, longestErrorChars)}…` : text;
}
