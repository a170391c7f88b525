import { AppError } from "../lib/errors.ts";

/**
 * Counts tries per key in fixed windows, in memory. `take` throws `rate_limited` once a key has used up
 * its tries; `forgive` forgets a key after a success.
 */
export class RateLimit {
  static readonly mostKeys = 10_000;
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #counts = new Map<string, { count: number; endsAt: number }>();

  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  take(key: string, nowMs: number): void {
    const entry = this.#counts.get(key);
    // A window that ends later than one that begins now is of a clock that was set back since.
    if (!entry || nowMs >= entry.endsAt || entry.endsAt > nowMs + this.#windowMs) {
      this.#makeRoom(nowMs);
      this.#counts.set(key, { count: 1, endsAt: nowMs + this.#windowMs });
      return;
    }
    entry.count += 1;
    if (entry.count <= this.#limit) return;
    const seconds = Math.ceil((entry.endsAt - nowMs) / 1000);
    throw new AppError("rate_limited", "Too many tries.", {
      hint: `Wait ${seconds} seconds, then try again.`,
      retryAfterSeconds: seconds,
    });
  }

  forgive(key: string): void {
    this.#counts.delete(key);
  }

  #makeRoom(nowMs: number): void {
    if (this.#counts.size < RateLimit.mostKeys) return;
    for (const [key, entry] of this.#counts) if (nowMs >= entry.endsAt) this.#counts.delete(key);
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined && this.#counts.size >= RateLimit.mostKeys) this.#counts.delete(oldest);
  }
}
