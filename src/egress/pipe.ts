import type { Socket } from "bun";

/**
 * One direction of a spliced connection. Holds at most what the slower side has not taken yet: the
 * faster side is paused as soon as a write comes up short.
 */
export class Pipe {
  readonly #from: Socket<unknown>;
  readonly #to: Socket<unknown>;
  #backlog: Buffer[] = [];
  #ending = false;

  constructor(from: Socket<unknown>, to: Socket<unknown>) {
    this.#from = from;
    this.#to = to;
  }

  push(chunk: Buffer): void {
    if (this.#backlog.length > 0) {
      this.#backlog.push(chunk);
      return;
    }
    const written = Math.max(0, this.#to.write(chunk));
    if (written === chunk.length) return;
    this.#backlog.push(chunk.subarray(written));
    this.#from.pause();
  }

  /** To be called when the receiving side can take more. */
  drained(): void {
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const chunk of backlog) this.push(chunk);
    if (this.#backlog.length > 0) return;
    if (this.#ending) this.#to.end();
    else this.#from.resume();
  }

  /** Ends the receiving side once it has taken everything. */
  end(): void {
    this.#ending = true;
    if (this.#backlog.length === 0) this.#to.end();
  }
}
