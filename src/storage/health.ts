import type { Logger } from "pino";
import { AppError, isAppError } from "../lib/errors.ts";
import type { Storage } from "./storage.ts";

/** One look at what is used of both storages. */
export interface Health {
  /** Wall time in milliseconds since 1970. */
  at: number;
  /** Of the slowest; null where one gave no answer in time. */
  latencyMs: number | null;
  /** What is wrong, for people; null is good. */
  problem: { message: string; hint: string } | null;
}

interface Options {
  /** Those that files are in, or may be. */
  storages: readonly Storage[];
  log: Pick<Logger, "info" | "warn">;
  now(): number;
  /** Hears of it when the storage goes away, and when it is back. */
  changed?(isAway: boolean): void;
  freshMs?: number;
  patienceMs?: number;
}

const watchMs = 30_000;
/** So that people need not wait for long who see that it is away. */
const watchAwayMs = 5_000;
/** Two hours of looks. */
const mostKept = 240;

/**
 * Whether files can be read and written. However many ask, the storages are asked once in ten seconds: strangers may
 * ask too.
 */
export class StorageHealth {
  readonly #options: Required<Options>;
  readonly #history: Health[] = [];
  #looking: Promise<Health> | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #isWatching = false;
  /** Who would hear of a change is closed by then, too. */
  #isClosed = false;

  constructor(options: Options) {
    this.#options = { freshMs: 10_000, patienceMs: 5_000, changed: () => {}, ...options };
  }

  /** As of now, or of some seconds ago. Never throws. */
  look(): Promise<Health> {
    const { last } = this;
    if (last && performance.now() - this.#lookedAt < this.#options.freshMs) return Promise.resolve(last);
    return this.lookNow();
  }

  /** Asked anew, unless that is under way. */
  lookNow(): Promise<Health> {
    this.#looking ??= this.#ask().finally(() => (this.#looking = null));
    return this.#looking;
  }

  /** What was seen last; null before the first look. */
  get last(): Health | null {
    return this.#history.at(-1) ?? null;
  }

  /** The oldest first. */
  get history(): readonly Health[] {
    return this.#history;
  }

  /** Looks from now on by itself, and writes into the log when it changes. */
  watch(): void {
    this.#isWatching = true;
    void this.look().then(() => this.#watchOn());
  }

  close(): void {
    this.#isWatching = false;
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #watchOn(): void {
    if (!this.#isWatching) return;
    this.#timer = setTimeout(
      () => void this.lookNow().then(() => this.#watchOn()),
      this.last?.problem ? watchAwayMs : watchMs,
    );
    this.#timer.unref();
  }

  async #ask(): Promise<Health> {
    const { storages, patienceMs, now, log, changed } = this.#options;
    const answers = await Promise.all(storages.map((storage) => ask(storage, patienceMs)));
    const bad = answers.find(({ problem }) => problem !== null);
    const latencyMs = bad ? null : Math.max(...answers.map((answer) => answer.latencyMs));
    const health = { at: now(), latencyMs, problem: bad?.problem ?? null };
    const before = this.last;
    if (bad && !before?.problem)
      log.warn({ err: bad.error, storage: bad.name }, `${bad.problem?.message} ${bad.problem?.hint}`);
    if (!bad && before?.problem) log.info("the storage can be used again");
    this.#history.push(health);
    if (this.#history.length > mostKept) this.#history.shift();
    this.#lookedAt = performance.now();
    if (!this.#isClosed && Boolean(bad) !== Boolean(before?.problem)) changed(Boolean(bad));
    return health;
  }
}

async function ask(storage: Storage, patienceMs: number) {
  const startedAt = performance.now();
  const { name } = storage;
  try {
    await storage.check(AbortSignal.timeout(patienceMs));
    return { name, latencyMs: performance.now() - startedAt, problem: null, error: null };
  } catch (error) {
    const { message, hint } = isAppError(error) ? error : noAnswer(error);
    return { name, latencyMs: performance.now() - startedAt, problem: { message, hint }, error };
  }
}

function noAnswer(cause: unknown): AppError {
  return new AppError("storage_unreachable", "The storage can't be used right now.", {
    hint: "It gave no answer in time.",
    cause,
  });
}
