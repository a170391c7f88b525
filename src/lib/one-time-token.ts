import { hashSecret, newSecret } from "./ids.ts";

const lifetimeMs = 30 * 60_000;

/**
 * The one-time token of the first start, kept in memory only: it is printed to the log, works once
 * within 30 minutes, and a restart makes a new one.
 */
export class OneTimeToken {
  #hash: string | null = null;
  #expiresAt = 0;

  issue(nowMs: number): string {
    const token = newSecret();
    this.#hash = hashSecret(token);
    this.#expiresAt = nowMs + lifetimeMs;
    return token;
  }

  matches(token: string, nowMs: number): boolean {
    return this.#hash !== null && nowMs < this.#expiresAt && hashSecret(token) === this.#hash;
  }

  /** Returns what makes it good again, for where nothing came of it. */
  useUp(): () => void {
    const hash = this.#hash;
    this.#hash = null;
    return () => (this.#hash ??= hash);
  }
}
