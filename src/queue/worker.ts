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
import type { EnqueueOptions, Gates, JobDefinition, JobInterrupt, Move, Queue } from "./job.ts";
import type { Ending } from "./states.ts";
import { addJob, cancelByKey, countUnfinished, extendLeases, findNextRunAt, listPayloads } from "./store.ts";
import type { HeldJob } from "./store.ts";
import { claimJob, claimJobs, findLastTurn, listInLine } from "./store-claim.ts";
import { moveInLine, setHeld, setPriority } from "./store-steer.ts";

export interface QueueOptions<Deps> {
  db: Database;
  log: Pick<Logger, "info" | "warn" | "error">;
  /** Wall time in milliseconds; for `runAt` and what people read. */
  now(): number;
  /** How many jobs of a lane run at once. */
  concurrency: Record<Lane, number>;
  bindings: readonly Binding<Deps>[];
  /** What else a job may have to wait for. */
  gates?: Gates;
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
  #interruptAsked = false;
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
      groupKey: options.groupKey ?? null,
      held: options.held ?? false,
      priority: options.priority ?? 0,
      maxAttempts: definition.maxAttempts,
      deadlineMs: typeof deadlineMs === "function" ? deadlineMs(payload) : deadlineMs,
      runAt: options.runAt ?? now,
      createdAt: now,
    });
    if (added) this.#wake([lane]);
    return id;
  }

  unfinished<Payload>(definition: JobDefinition<Payload>): Payload[] {
    const payloads = listPayloads(this.#options.db, definition.name).map((text) =>
      definition.payload.safeParse(JSON.parse(text)),
    );
    return payloads.flatMap(({ data }) => (data === undefined ? [] : [data]));
  }

  cancel(definition: { name: string }, uniqueKey: string): boolean {
    const { db, now, deps } = this.#options;
    return db.transaction(() => {
      const job = cancelByKey(db, definition.name, uniqueKey, now());
      if (job?.state === "cancelled") {
        this.#ending.bindings.find(job)?.gaveUp(deps(), { why: "cancelled", error: null });
      } else if (job) {
        // Its signal is aborted by the next round, and only if this transaction was committed.
        this.#interruptAsked = true;
        this.#wake([]);
      }
      return job !== null;
    });
  }

  hold(definition: { name: string }, uniqueKeys: readonly string[]): number {
    const { count } = setHeld(this.#options.db, definition.name, uniqueKeys, true);
    // As with `cancel`, those that run hear of it once this transaction was committed.
    if (count > 0) this.#interruptAsked = true;
    this.#wake([]);
    return count;
  }

  release(definition: { name: string }, uniqueKeys: readonly string[]): number {
    const released = setHeld(this.#options.db, definition.name, uniqueKeys, false);
    this.#wake(released.lanes);
    return released.count;
  }

  giveBack(which: readonly Lane[]): void {
    for (const attempt of this.#attempts) if (which.includes(attempt.job.lane)) attempt.interrupt("held");
  }

  lookAgain(which: readonly Lane[]): void {
    this.#wake(which);
  }

  move(definition: { name: string }, uniqueKey: string, to: Move): boolean {
    return moveInLine(this.#options.db, definition.name, uniqueKey, to, this.#options.now());
  }

  setPriority(definition: { name: string }, uniqueKey: string, priority: number): boolean {
    return setPriority(this.#options.db, definition.name, uniqueKey, priority);
  }

  nextInLine(lane: Lane, userId: string | null, limit: number): string[] {
    return listInLine(this.#options.db, { lane, userId, limit });
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
      if (this.#interruptAsked) this.#keepLeases();
      for (const lane of this.#woken) {
        this.#claim(lane);
        this.#woken.delete(lane);
      }
    });
    if (this.#attempts.size === 0 && this.#woken.size === 0)
      for (const done of this.#idlers.splice(0)) done();
  }

  #claim(lane: Lane): void {
    const { now, concurrency } = this.#options;
    const here = [...this.#attempts].filter((attempt) => attempt.job.lane === lane);
    if (here.length >= concurrency[lane]) return;
    // A job that lost its lease and has not stopped yet is no running row, but it takes up its place.
    const lost = here.filter((attempt) => attempt.lostLease).length;
    const at = now();
    const { claimed, againInMs } = this.#take(lane, concurrency[lane] - lost, at);
    for (const job of claimed) void this.#attempt(job);
    if (here.length + claimed.length < concurrency[lane]) this.#setAlarm(lane, at, againInMs);
  }

  /** `againInMs` is when a gate opens that held something back. */
  #take(lane: Lane, concurrency: number, now: number): { claimed: HeldJob[]; againInMs: number } {
    const { db, gates } = this.#options;
    const claim = () => ({ lane, concurrency, now, turn: ++this.#turn, leaseUntil: this.#leaseUntil() });
    const claimed: HeldJob[] = [];
    for (;;) {
      const gate = gates?.at(lane, now);
      if (!gate) return { claimed: claimJobs(db, claim()), againInMs: Infinity };
      const job = gate.closedForMs > 0 ? null : claimJob(db, claim(), gate);
      if (!job) return { claimed, againInMs: Math.max(gate.closedForMs, 0) || gate.blockedForMs };
      claimed.push(job);
      if (job.groupKey !== null) gates?.taken(job.groupKey, now);
    }
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
      // Another job may have waited for this one's key or group, in another lane even.
      const isWaitedFor = state === "cancelled" || attempt.job.groupKey !== null;
      this.#wake(isWaitedFor ? lanes : [attempt.job.lane]);
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
    this.#interruptAsked = false;
    if (this.#attempts.size === 0) return;
    const tokens = [...this.#attempts].map((attempt) => attempt.job.token);
    const kept = extendLeases(this.#options.db, tokens, this.#leaseUntil());
    const leases = new Map(kept.map((lease) => [lease.token, lease]));
    for (const attempt of this.#attempts) {
      const why = interruptOf(leases.get(attempt.job.token));
      if (why) attempt.interrupt(why);
    }
  }

  #setAlarm(lane: Lane, now: number, againInMs: number): void {
    clearTimeout(this.#alarms.get(lane));
    const runAt = findNextRunAt(this.#options.db, lane, now) ?? Infinity;
    const inMs = Math.min(runAt - now, againInMs);
    // Further away than a tick, a tick will see it.
    if (inMs > this.#tickMs) return;
    this.#alarms.set(
      lane,
      setTimeout(() => this.#wake([lane]), inMs),
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

/** What the state of its lease means for an attempt; undefined is a lease that is no longer its. */
function interruptOf(lease: ReturnType<typeof extendLeases>[number] | undefined): JobInterrupt["why"] | null {
  if (!lease) return "lease_lost";
  if (lease.cancelRequested) return "cancelled";
  return lease.held ? "held" : null;
}
