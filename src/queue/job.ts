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
  /** Aborted by cancel, hold, deadline, a lost lease, or a stopping server; `signal.reason` is a JobInterrupt. */
  readonly signal: AbortSignal;
}

export type JobHandler<Deps, Payload> = (deps: Deps, payload: Payload, context: JobContext) => Promise<void>;

/** Why a running job's signal was aborted. */
export class JobInterrupt extends Error {
  override readonly name = "JobInterrupt";
  readonly why: "cancelled" | "deadline" | "held" | "lease_lost" | "stopping";
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
  constructor(delayMs: number, cause?: unknown) {
    super(`snoozed for ${delayMs} ms`, { cause });
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
  /** Jobs of a group may have to wait for each other (`Gates`), e.g. those that ask the same site. */
  groupKey?: string;
  /** It waits until it is released. */
  held?: boolean;
}

/** What holds back the jobs of a lane at a moment. */
export interface Gate {
  /** Milliseconds until the lane opens, 0 while it is open; Infinity where somebody has to open it. */
  closedForMs: number;
  /** Groups of which nothing may start now. */
  blockedGroups: readonly string[];
  /** Milliseconds until the first of them may start again. */
  blockedForMs: number;
  /** How many jobs of one group run at once, over all lanes. */
  groupRoom: number;
}

/** Asked before every single claim, and so it has to be quick. */
export interface Gates {
  /** Null for lanes that are never held back. */
  at(lane: Lane, now: number): Gate | null;
  /** Hears of each job of a group that was taken. */
  taken(group: string, now: number): void;
}

/** Where a waiting job goes in the line of its user and lane. */
export type Move = "top" | "up" | "down";

/**
 * What features see of the queue. `add` and `cancel` are synchronous and join the transaction that
 * is open on the connection, so a job and the fact that caused it are committed together.
 */
export interface Queue {
  /** Returns the job's id, or that of the unfinished job with the same unique key. */
  add<Payload>(definition: JobDefinition<Payload>, payload: Payload, options?: EnqueueOptions): number;
  /** What the unfinished jobs of a kind are to do. */
  unfinished<Payload>(definition: JobDefinition<Payload>): Payload[];
  /** Cancels the unfinished job of this name and unique key: at once if it waits, by its signal if it runs. */
  cancel(definition: { name: string }, uniqueKey: string): boolean;
  /**
   * Sets jobs aside by their unique keys: they keep their place and are not claimed. One that runs is
   * interrupted and given back with its attempt. Returns how many there were.
   */
  hold(definition: { name: string }, uniqueKeys: readonly string[]): number;
  release(definition: { name: string }, uniqueKeys: readonly string[]): number;
  /** Interrupts what runs in these lanes, and gives it back with its attempt: after a gate was closed. */
  giveBack(which: readonly Lane[]): void;
  /** Looks at these lanes anew: after a gate was opened. */
  lookAgain(which: readonly Lane[]): void;
  /** False where the job doesn't wait, or is where it is to go already. */
  move(definition: { name: string }, uniqueKey: string, to: Move): boolean;
  setPriority(definition: { name: string }, uniqueKey: string, priority: number): boolean;
  /** Jobs that wait, by unique key, in the order in which they are claimed; `userId` null means everybody's. */
  nextInLine(lane: Lane, userId: string | null, limit: number): string[];
  /** Unfinished jobs per lane. */
  depth(): Record<Lane, { ready: number; running: number }>;
}
