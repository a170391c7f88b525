import type { Logger } from "pino";
import type { Database } from "../db/open.ts";
import { lanes } from "../lib/lanes.ts";
import type { Lane } from "../lib/lanes.ts";
import { Attempt } from "./attempt.ts";
import { Bindings } from "./binding.ts";
import type { Binding } from "./binding.ts";
import { endAttempt } from "./end-attempt.ts";
import type { EndingDeps } from "./end-attempt.ts";
import { Housekeeping } from "./housekeeping.ts";
import type { EnqueueOptions, JobDefinition, Queue } from "./job.ts";
import type { Ending } from "./states.ts";
import { addJob, cancelByKey, countUnfinished, extendLeases, findNextRunAt } from "./store.ts";
import type { HeldJob } from "./store.ts";
import { claimJobs, findLastTurn } from "./store-claim.ts";

export interface QueueOptions<Deps> {
  db: Database;
  log: Pick<Logger, "info" | "warn" | "error">;
  /** Wall time in milliseconds; for `runAt` and what people read. */
  now(): number;
  /** How many jobs of a lane run at once. */
  concurrency: Record<Lane, number>;
  bindings: readonly Binding<Deps>[];
  /** What the verbs get. Asked for when the first job runs, as the queue itself is part of it. */
  deps(): Deps;
  /** Milliseconds that no clock change touches; for leases. */
  monotonic?(): number;
  random?(): number;
  leaseMs?: number;
  /** How often leases are extended, lost jobs looked for, and rows of other processes noticed. */
  tickMs?: number;
}

/** The queue of this process (docs/queue.md): jobs can be added at once, and run from `start` to `stop`. */
export class JobQueue<Deps> implements Queue {
  readonly #options: QueueOptions<Deps>;
  readonly #ending: EndingDeps<Deps>;
  readonly #monotonic: () => number;
  readonly #leaseMs: number;
  readonly #tickMs: number;
  readonly #housekeeping: Housekeeping<Deps>;
  readonly #attempts = new Set<Attempt>();
  readonly #woken = new Set<Lane>();
  readonly #alarms = new Map<Lane, Timer>();
  #idlers: (() => void)[] = [];
  #state: "new" | "running" | "stopped" = "new";
  #roundIsDue = false;
  #tickTimer: Timer | undefined;
  #cancelAsked = false;
  #turn = 0;

  constructor(options: QueueOptions<Deps>) {
    this.#options = options;
    this.#ending = {
      db: options.db,
      log: options.log,
      now: options.now,
      deps: options.deps,
      bindings: new Bindings(options.bindings),
      random: options.random ?? Math.random,
    };
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#leaseMs = options.leaseMs ?? 60_000;
    this.#tickMs = options.tickMs ?? 5_000;
    this.#housekeeping = new Housekeeping(this.#ending, this.#monotonic);
  }

  add<Payload>(definition: JobDefinition<Payload>, payload: Payload, options: EnqueueOptions = {}): number {
    const now = this.#options.now();
    const lane = typeof definition.lane === "function" ? definition.lane(payload) : definition.lane;
    const { deadlineMs } = definition;
    const { id, added } = addJob(this.#options.db, {
      name: definition.name,
      lane,
      payload: JSON.stringify(payload),
      uniqueKey: definition.unique?.(payload) ?? null,
      userId: options.userId ?? null,
      priority: options.priority ?? 0,
      maxAttempts: definition.maxAttempts,
      deadlineMs: typeof deadlineMs === "function" ? deadlineMs(payload) : deadlineMs,
      runAt: options.runAt ?? now,
      createdAt: now,
    });
    if (added) this.#wake([lane]);
    return id;
  }

  cancel(definition: { name: string }, uniqueKey: string): boolean {
    const { db, now, deps } = this.#options;
    return db.transaction(() => {
      const job = cancelByKey(db, definition.name, uniqueKey, now());
      if (job?.state === "cancelled") {
        this.#ending.bindings.find(job)?.gaveUp(deps(), { why: "cancelled", error: null });
      } else if (job) {
        // Its signal is aborted by the next round, and only if this transaction was committed.
        this.#cancelAsked = true;
        this.#wake([]);
      }
      return job !== null;
    });
  }

  depth(): Record<Lane, { ready: number; running: number }> {
    return countUnfinished(this.#options.db);
  }

  /** Takes over what the process before left behind, and begins to claim. */
  start(): void {
    if (this.#state !== "new") throw new Error("the queue was started before");
    this.#housekeeping.atStart();
    this.#turn = findLastTurn(this.#options.db);
    this.#state = "running";
    this.#tickTimer = setInterval(() => this.#tick(), this.#tickMs);
    this.#tick();
  }

  /**
   * Claims no more, interrupts what runs, and waits for it to end, at most `graceMs`. Whatever has not
   * come to its own end goes back to the queue with its attempt given back.
   */
  async stop({ graceMs = 10_000 }: { graceMs?: number } = {}): Promise<void> {
    this.#state = "stopped";
    clearInterval(this.#tickTimer);
    for (const alarm of this.#alarms.values()) clearTimeout(alarm);
    for (const attempt of this.#attempts) attempt.interrupt("stopping");
    const allFinished = Promise.all([...this.#attempts].map((attempt) => attempt.finished));
    const grace = Promise.withResolvers<void>();
    const timer = setTimeout(grace.resolve, graceMs);
    await Promise.race([allFinished, grace.promise]);
    clearTimeout(timer);
    for (const attempt of this.#attempts) this.#writeDown(attempt, attempt.ending ?? { how: "stopped" });
  }

  /** Resolves when nothing runs and nothing is due; for tests. What sleeps until later is not waited for. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idlers.push(resolve);
      this.#wake(lanes);
    });
  }

  /** After the current synchronous code, and so after its transaction: one round for all who rang. */
  #wake(which: readonly Lane[]): void {
    for (const lane of which) this.#woken.add(lane);
    if (this.#roundIsDue || this.#state !== "running") return;
    this.#roundIsDue = true;
    setImmediate(() => this.#claimRound());
  }

  #claimRound(): void {
    this.#roundIsDue = false;
    if (this.#state !== "running") return;
    this.#survive(() => {
      if (this.#cancelAsked) this.#keepLeases();
      for (const lane of this.#woken) {
        this.#claim(lane);
        this.#woken.delete(lane);
      }
    });
    if (this.#attempts.size === 0 && this.#woken.size === 0)
      for (const done of this.#idlers.splice(0)) done();
  }

  #claim(lane: Lane): void {
    const { db, now, concurrency } = this.#options;
    const here = [...this.#attempts].filter((attempt) => attempt.job.lane === lane);
    if (here.length >= concurrency[lane]) return;
    // A job that lost its lease and has not stopped yet is no running row, but it takes up its place.
    const lost = here.filter((attempt) => attempt.lostLease).length;
    const at = now();
    const claimed = claimJobs(db, {
      lane,
      concurrency: concurrency[lane] - lost,
      now: at,
      turn: ++this.#turn,
      leaseUntil: this.#leaseUntil(),
    });
    for (const job of claimed) void this.#attempt(job);
    if (here.length + claimed.length < concurrency[lane]) this.#setAlarm(lane, at);
  }

  async #attempt(job: HeldJob): Promise<void> {
    const attempt = new Attempt(job, async (context) =>
      this.#ending.bindings.open(job).run(this.#options.deps(), context),
    );
    this.#attempts.add(attempt);
    const ending = await attempt.finished;
    if (this.#attempts.has(attempt)) this.#writeDown(attempt, ending);
  }

  /** Where the database can't take it now, the attempt keeps its lease and the next tick tries again. */
  #writeDown(attempt: Attempt, ending: Ending): void {
    this.#survive(() => {
      const state = endAttempt(this.#ending, attempt.job, ending);
      this.#attempts.delete(attempt);
      if (state === null)
        this.#options.log.warn({ jobId: attempt.job.id }, "a job ended that was not ours any more");
      // Another job may have waited for this one's key, in another lane even.
      this.#wake(state === "cancelled" ? lanes : [attempt.job.lane]);
    });
  }

  #tick(): void {
    this.#survive(() => {
      for (const attempt of this.#attempts) if (attempt.ending) this.#writeDown(attempt, attempt.ending);
      // First: after a long pause of this process its own leases look lost to the rescue.
      this.#keepLeases();
      this.#housekeeping.atTick();
    });
    this.#wake(lanes);
  }

  #keepLeases(): void {
    this.#cancelAsked = false;
    if (this.#attempts.size === 0) return;
    const tokens = [...this.#attempts].map((attempt) => attempt.job.token);
    const kept = extendLeases(this.#options.db, tokens, this.#leaseUntil());
    const cancelRequested = new Map(kept.map((lease) => [lease.token, lease.cancelRequested]));
    for (const attempt of this.#attempts) {
      const cancelled = cancelRequested.get(attempt.job.token);
      if (cancelled === undefined) attempt.interrupt("lease_lost");
      else if (cancelled) attempt.interrupt("cancelled");
    }
  }

  #setAlarm(lane: Lane, now: number): void {
    clearTimeout(this.#alarms.get(lane));
    const runAt = findNextRunAt(this.#options.db, lane, now);
    // Further away than a tick, a tick will see it.
    if (runAt === null || runAt - now > this.#tickMs) return;
    this.#alarms.set(
      lane,
      setTimeout(() => this.#wake([lane]), runAt - now),
    );
  }

  #leaseUntil(): number {
    return Math.round(this.#monotonic() + this.#leaseMs);
  }

  /** The database may be full or busy: what failed is logged, and the next tick tries it again. */
  #survive(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#options.log.error({ err: error }, "the queue could not do its work; it will try again");
    }
  }
}
