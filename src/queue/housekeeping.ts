import { watchWallClock } from "./clock.ts";
import { endAttempt } from "./end-attempt.ts";
import type { EndingDeps } from "./end-attempt.ts";
import { findNewestStamp, listOverdue, moveWaitsBack, pruneFinished } from "./store.ts";

const keepFinishedMs = 7 * 24 * 60 * 60_000;
const keepFailed = 1_000;
const pruneEveryMs = 60 * 60_000;

/** What the queue does beside running jobs: rescue, a wall clock that was set back, and old rows. */
export class Housekeeping<Deps> {
  readonly #our: EndingDeps<Deps>;
  readonly #monotonic: () => number;
  readonly #wallClockSetBack: () => number;
  #prunedAt = Number.NEGATIVE_INFINITY;

  constructor(our: EndingDeps<Deps>, monotonic: () => number) {
    this.#our = our;
    this.#monotonic = monotonic;
    this.#wallClockSetBack = watchWallClock(our.now, monotonic);
  }

  /** Only one process may run the jobs of a data folder, so whatever runs at its start lost its owner. */
  atStart(): void {
    this.#moveWaitsBack(findNewestStamp(this.#our.db) - this.#our.now());
    this.#rescue(Number.POSITIVE_INFINITY);
  }

  /** To be called after the leases of this process were extended. */
  atTick(): void {
    this.#moveWaitsBack(this.#wallClockSetBack());
    this.#rescue(this.#monotonic());
    this.#prune();
  }

  #rescue(leasesUntil: number): void {
    for (const job of listOverdue(this.#our.db, leasesUntil)) endAttempt(this.#our, job, { how: "crashed" });
  }

  #moveWaitsBack(byMs: number): void {
    if (byMs <= 0) return;
    this.#our.log.warn({ byMs }, "the clock was set back; waiting jobs keep the rest of their wait");
    moveWaitsBack(this.#our.db, Math.ceil(byMs), this.#our.now());
  }

  #prune(): void {
    const at = this.#monotonic();
    if (at - this.#prunedAt < pruneEveryMs) return;
    const pruned = pruneFinished(this.#our.db, this.#our.now() - keepFinishedMs, keepFailed);
    // A tick takes only so many: come back with the next as long as there are more.
    if (pruned === 0) this.#prunedAt = at;
  }
}
