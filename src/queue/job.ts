import type { z } from "zod";
import type { Lane } from "../lib/lanes.ts";

/**
 * What a kind of job is, without what it does: features enqueue by definition, and `app.ts` binds each
 * definition to the verb that does the work (docs/decisions/0002-jobs-are-bound-in-app.md).
 */
export interface JobDefinition<Payload> {
  readonly name: string;
  readonly lane: Lane | ((payload: Payload) => Lane);
  readonly maxAttempts: number;
  /** How long one attempt may take in milliseconds; 0 means no limit. */
  readonly deadlineMs: number | ((payload: Payload) => number);
  readonly payload: z.ZodType<Payload>;
  /** At most one unfinished job of this name per key. */
  readonly unique?: (payload: Payload) => string;
}

export function defineJob<Payload>(
  name: string,
  definition: Omit<JobDefinition<Payload>, "name">,
): JobDefinition<Payload> {
  return { ...definition, name };
}

export interface JobContext {
  readonly jobId: number;
  /** 1 for the first try. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Aborted by cancel, deadline, a lost lease, or a stopping server; `signal.reason` is a JobInterrupt. */
  readonly signal: AbortSignal;
}

export type JobHandler<Deps, Payload> = (deps: Deps, payload: Payload, context: JobContext) => Promise<void>;

/** Why a running job's signal was aborted. */
export class JobInterrupt extends Error {
  override readonly name = "JobInterrupt";
  readonly why: "cancelled" | "deadline" | "lease_lost" | "stopping";
  constructor(why: JobInterrupt["why"]) {
    super(`the job was interrupted: ${why}`);
    this.why = why;
  }
}

/** Thrown by a job that is not to be tried again. */
export class PermanentFailure extends Error {
  override readonly name = "PermanentFailure";
}

/** Thrown by a job that wants to be run again later; it does not count as an attempt. */
export class Snooze extends Error {
  override readonly name = "Snooze";
  readonly delayMs: number;
  constructor(delayMs: number) {
    super(`snoozed for ${delayMs} ms`);
    this.delayMs = delayMs;
  }
}

export interface EnqueueOptions {
  /** Whose job it is; claims go round between users. */
  userId?: string;
  /** Higher first; 0 by default. */
  priority?: number;
  /** Milliseconds since 1970 before which it is not claimed. */
  runAt?: number;
}

/**
 * What features see of the queue. `add` and `cancel` are synchronous and join the transaction that
 * is open on the connection, so a job and the fact that caused it are committed together.
 */
export interface Queue {
  /** Returns the job's id, or that of the unfinished job with the same unique key. */
  add<Payload>(definition: JobDefinition<Payload>, payload: Payload, options?: EnqueueOptions): number;
  /** Cancels the unfinished job of this name and unique key: at once if it waits, by its signal if it runs. */
  cancel(definition: { name: string }, uniqueKey: string): boolean;
  /** Unfinished jobs per lane. */
  depth(): Record<Lane, { ready: number; running: number }>;
}
