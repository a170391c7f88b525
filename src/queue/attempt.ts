import { JobInterrupt } from "./job.ts";
import type { JobContext } from "./job.ts";
import type { Ending } from "./states.ts";
import type { HeldJob } from "./store.ts";

/** One try at a job, from its claim until its ending is written down. */
export class Attempt {
  readonly job: HeldJob;
  /** Resolves when the work has come to its end; never rejects. */
  readonly finished: Promise<Ending>;
  /** How it ended; null while it runs. */
  ending: Ending | null = null;
  /** Another attempt may have the job by now: what comes of this one counts for nothing. */
  lostLease = false;
  readonly #abort = new AbortController();
  readonly #deadline: Timer | undefined;

  constructor(job: HeldJob, work: (context: JobContext) => Promise<void>) {
    this.job = job;
    if (job.deadlineMs > 0) {
      this.#deadline = setTimeout(() => this.interrupt("deadline"), Math.min(job.deadlineMs, longestTimerMs));
    }
    this.finished = this.#run(work);
  }

  async #run(work: (context: JobContext) => Promise<void>): Promise<Ending> {
    const { id: jobId, attempts: attempt, maxAttempts } = this.job;
    try {
      await work({ jobId, attempt, maxAttempts, signal: this.#abort.signal });
      this.ending = { how: "returned" };
    } catch (error) {
      this.ending = { how: "threw", error, interrupt: this.#interrupted() };
    }
    clearTimeout(this.#deadline);
    return this.ending;
  }

  /** The first interrupt counts: it is what the job's signal was aborted with. */
  interrupt(why: JobInterrupt["why"]): void {
    if (why === "lease_lost") this.lostLease = true;
    if (this.ending === null) this.#abort.abort(new JobInterrupt(why));
  }

  #interrupted(): JobInterrupt["why"] | null {
    const reason: unknown = this.#abort.signal.reason;
    return reason instanceof JobInterrupt ? reason.why : null;
  }
}

/** What a timer can hold, 24.8 days; a longer time would fire at once. */
const longestTimerMs = 2 ** 31 - 1;
