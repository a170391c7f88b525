/** Where bytes wait for their turn on the line. `send` is told how many may go, and returns how many went. */
export interface Gate {
  ask(send: (maxBytes: number) => number): void;
}

/** Lets all through at once. */
export const openGate: Gate = { ask: (send) => void send(Number.POSITIVE_INFINITY) };

interface Flow {
  /** Bytes that went, on a count that all flows share: the lowest is next. */
  served: number;
  waiting: ((maxBytes: number) => number)[];
}

/**
 * A token bucket that several flows share fairly: each turn goes to the flow that had least, however many
 * connections another has open (start-time fair queueing, after Goyal, Vin and Cheng). What waits stays
 * with its sender, so the bucket holds no bytes.
 */
export class Throttle {
  readonly #bytesPerSecond: number;
  readonly #turnBytes: number;
  readonly #mostTokens: number;
  readonly #flows = new Set<Flow>();
  #tokens: number;
  #filledAt = performance.now();
  #served = 0;
  #serving = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#turnBytes = Math.ceil(Math.min(65_536, Math.max(512, bytesPerSecond / 50)));
    this.#mostTokens = Math.max(this.#turnBytes, bytesPerSecond / 10);
    this.#tokens = this.#mostTokens;
  }

  /** A way in for one flow; it is forgotten as soon as nothing of it waits. */
  newGate(): Gate {
    const flow: Flow = { served: 0, waiting: [] };
    return {
      ask: (send) => {
        // Whoever comes back after a pause has saved nothing up.
        if (flow.waiting.length === 0) flow.served = Math.max(flow.served, this.#served);
        flow.waiting.push(send);
        this.#flows.add(flow);
        if (!this.#serving && this.#timer === null) this.#serve();
      },
    };
  }

  #serve(): void {
    this.#timer = null;
    this.#serving = true;
    this.#fill();
    for (let flow = this.#next(); flow && this.#tokens >= this.#turnBytes; flow = this.#next()) {
      this.#served = flow.served;
      const sent = flow.waiting.shift()?.(this.#turnBytes) ?? 0;
      flow.served += sent;
      this.#tokens -= sent;
      if (flow.waiting.length === 0) this.#flows.delete(flow);
    }
    this.#serving = false;
    if (this.#flows.size === 0) return;
    const missing = this.#turnBytes - this.#tokens;
    this.#timer = setTimeout(() => this.#serve(), Math.ceil((missing / this.#bytesPerSecond) * 1000));
  }

  #fill(): void {
    const time = performance.now();
    const fresh = ((time - this.#filledAt) / 1000) * this.#bytesPerSecond;
    this.#tokens = Math.min(this.#mostTokens, this.#tokens + fresh);
    this.#filledAt = time;
  }

  #next(): Flow | null {
    let next: Flow | null = null;
    for (const flow of this.#flows) if (!next || flow.served < next.served) next = flow;
    return next;
  }
}
