import type { Lock } from "@tus/server";
import { AppError } from "../../../lib/errors.ts";

/** The last who came, of each upload that somebody is at. */
const last = new Map<string, Turn>();

/**
 * The right to an upload: one at a time, and who comes ends who was there before. A connection that has died
 * without a word would keep its upload else until somebody noticed.
 */
export class Turn implements Lock {
  readonly #id: string;
  readonly #over = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  /** Until when what was begun in this turn goes on, whoever waits. */
  #rest: Promise<void> = Promise.resolve();

  constructor(id: string) {
    this.#id = id;
  }

  /** Aborted when somebody else came. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  async lock(): Promise<void> {
    const before = last.get(this.#id);
    last.set(this.#id, this);
    if (before) {
      before.#stop.abort(overtaken());
      await before.#over.promise;
    }
    if (!this.signal.aborted) return;
    await this.unlock();
    throw this.signal.reason;
  }

  /** The next one has to wait for that, though this one's answer goes out before. */
  endsWith(rest: Promise<void>): void {
    this.#rest = rest;
  }

  async unlock(): Promise<void> {
    void this.#rest.finally(() => {
      if (last.get(this.#id) === this) last.delete(this.#id);
      this.#over.resolve();
    });
  }
}

function overtaken(): AppError {
  return new AppError("conflict", "This upload goes on over another connection.");
}
