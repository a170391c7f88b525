import type { Logger } from "pino";
import type { Database } from "../db/open.ts";
import type { JobState } from "../db/schema.ts";
import { isAppError } from "../lib/errors.ts";
import type { ErrorCode } from "../lib/errors.ts";
import type { Bindings } from "./binding.ts";
import { PermanentFailure, Snooze } from "./job.ts";
import { afterAttempt } from "./states.ts";
import type { Ending, Next } from "./states.ts";
import { findByKey, findHeld, leaveRunning } from "./store.ts";
import type { HeldJob, Lease } from "./store.ts";

export interface EndingDeps<Deps> {
  db: Database;
  log: Pick<Logger, "info" | "warn" | "error">;
  bindings: Bindings<Deps>;
  /** What the features' verbs get. */
  deps(): Deps;
  /** Wall time. */
  now(): number;
  /** From 0 up to 1. */
  random(): number;
}

/**
 * Writes down how an attempt ended, and tells its feature where the job is given up: one transaction, so
 * that both are true or neither. Returns the new state, or null where the lease was no longer the job's.
 */
export function endAttempt<Deps>(our: EndingDeps<Deps>, lease: Lease, ending: Ending): JobState | null {
  const write = (tell: boolean): JobState | null =>
    our.db.transaction(
      () => {
        const job = findHeld(our.db, lease);
        if (!job) return null;
        const next = afterAttempt(job, ending, our.random());
        if (!leaveRunning(our.db, lease, next, our.now())) return null;
        if (tell) tellGivenUp(our, job, next, ending);
        logEnd(our.log, job, next, ending);
        return next.state;
      },
      { behavior: "immediate" },
    );
  try {
    return write(true);
  } catch (error) {
    if (!(error instanceof FeatureError)) throw error;
    // Rolled back. Without this second try the job would keep its place in the lane for ever.
    our.log.error({ err: error.cause, jobId: lease.id }, "a feature failed to hear that its job is given up");
    return write(false);
  }
}

/** A bug in a feature's `gaveUp`; `cause` is what it threw. */
class FeatureError extends Error {
  override readonly name = "FeatureError";
}

function tellGivenUp<Deps>(our: EndingDeps<Deps>, job: HeldJob, next: Next, ending: Ending): void {
  if (next.state !== "failed" && next.state !== "cancelled") return;
  // Cancelled, then asked for again before it had stopped: the new job speaks for the key now.
  if (job.uniqueKey !== null && findByKey(our.db, job.name, job.uniqueKey) !== null) return;
  const error = ending.how === "threw" && next.why !== "cancelled" ? ending.error : null;
  try {
    our.bindings.find(job)?.gaveUp(our.deps(), { why: next.why, error });
  } catch (cause) {
    throw new FeatureError("gaveUp threw", { cause });
  }
}

function logEnd(log: EndingDeps<unknown>["log"], job: HeldJob, next: Next, ending: Ending): void {
  const err = ending.how === "threw" ? ending.error : undefined;
  const how = err instanceof Snooze ? "snoozed" : ending.how;
  const ids = { jobId: job.id, job: job.name, attempt: job.attempts, ending: how };
  const say = (level: "warn" | "error", more: object, text: string) =>
    isForeseen(err) ? log.warn({ ...ids, ...more }, err.message) : log[level]({ ...ids, ...more, err }, text);
  if (next.state === "failed") say("error", { why: next.why }, next.error);
  else if (next.state === "ready" && next.error !== null) say("warn", { delayMs: next.delayMs }, next.error);
  else log.info(ids, `job ${next.state}`);
}

/** Of what went wrong for a program or for us, someone will want to know where. */
const unforeseen = new Set<string>(["tool_failed", "internal"] satisfies ErrorCode[]);

/** Its reader is the person who waits, and the log needs no stack of it. */
function isForeseen(error: unknown): error is Error {
  return error instanceof PermanentFailure || (isAppError(error) && !unforeseen.has(error.code));
}
