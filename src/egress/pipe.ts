import type { Socket } from "bun";
import { spliceOfSystem } from "./splice.ts";
import { type Gate, openGate } from "./throttle.ts";

const nothingPulled = { bytes: 0, broke: false };

/**
 * One direction of a spliced connection. Holds at most what was read before the faster side could be
 * paused, which happens as soon as a write comes up short or has to wait for its turn.
 */
export class Pipe {
  readonly #from: Socket<unknown>;
  readonly #to: Socket<unknown>;
  readonly #gate: Gate;
  #backlog: Buffer[] = [];
  #waitsFor: "nothing" | "turn" | "drain" = "nothing";
  #paused = false;
  #ending = false;

  constructor(from: Socket<unknown>, to: Socket<unknown>, gate: Gate = openGate) {
    this.#from = from;
    this.#to = to;
    this.#gate = gate;
  }

  push(chunk: Buffer): void {
    this.#backlog.push(chunk);
    if (this.#waitsFor === "nothing") this.#ask();
    if (this.#backlog.length === 0 || this.#paused) return;
    this.#paused = true;
    this.#from.pause();
  }

  /** Passes on what lies ready, where nothing waits and no turn has to be asked for. */
  pull(): { bytes: number; broke: boolean } {
    if (this.#gate !== openGate || this.#waitsFor !== "nothing") return nothingPulled;
    const spliced = spliceOfSystem()?.(this.#from, this.#to);
    if (spliced?.rest) this.push(spliced.rest);
    return spliced ?? nothingPulled;
  }

  /** To be called when the receiving side can take more. */
  drained(): void {
    if (this.#waitsFor === "drain") this.#ask();
  }

  /** Ends the receiving side once it has taken everything. */
  end(): void {
    this.#ending = true;
    if (this.#backlog.length === 0) this.#to.end();
  }

  #ask(): void {
    this.#waitsFor = "turn";
    this.#gate.ask((maxBytes) => this.#send(maxBytes));
  }

  #send(maxBytes: number): number {
    let sent = 0;
    for (let chunk = this.#backlog[0]; chunk && sent < maxBytes; chunk = this.#backlog[0]) {
      const part = chunk.subarray(0, maxBytes - sent);
      const written = Math.max(0, this.#to.write(part));
      sent += written;
      if (written === chunk.length) this.#backlog.shift();
      else this.#backlog[0] = chunk.subarray(written);
      if (written === part.length) continue;
      this.#waitsFor = "drain";
      return sent;
    }
    if (this.#backlog.length > 0) this.#ask();
    else this.#emptied();
    return sent;
  }

  #emptied(): void {
    this.#waitsFor = "nothing";
    if (this.#ending) this.#to.end();
    else if (this.#paused) {
      this.#paused = false;
      this.#from.resume();
    }
  }
}
