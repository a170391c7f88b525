type Message<Said> =
  | { kind: "who"; from: number }
  | { kind: "me" }
  | { kind: "taken" }
  | { kind: "free" }
  | { kind: "said"; what: Said };

/** A page that sends answers at once, also in the background, where timers are slowed down. */
const patienceMs = 250;
/** Without a word for so long, the page that sent is thought to be gone. */
const silenceMs = 8000;

/**
 * Of all open pages one sends; Web Locks would choose it, but exist only with TLS. Who wants to be it asks, and is it
 * where nobody answers. Two that ask at once both learn of it, and the one with the lower number stays.
 */
export class Tabs<Said> {
  readonly #channel: BroadcastChannel;
  readonly #number = Math.random();
  readonly #hear: (what: Said) => void;
  readonly #changed: (leads: boolean) => void;
  #leads = false;
  #answered = false;
  #beaten = false;
  #heardAt = performance.now();

  constructor(name: string, on: { hear(what: Said): void; changed(leads: boolean): void }) {
    this.#hear = on.hear;
    this.#changed = on.changed;
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener("message", ({ data }: MessageEvent<Message<Said>>) => this.#listen(data));
    setInterval(() => {
      if (!this.#leads && performance.now() - this.#heardAt > silenceMs) void this.stand();
    }, silenceMs / 2);
  }

  get leads(): boolean {
    return this.#leads;
  }

  /** Becomes the one that sends, unless there is one. */
  async stand(): Promise<void> {
    if (this.#leads) return;
    [this.#answered, this.#beaten] = [false, false];
    this.#post({ kind: "who", from: this.#number });
    await new Promise((resolve) => setTimeout(resolve, patienceMs));
    if (this.#answered) return;
    if (!this.#beaten) return this.take();
    await new Promise((resolve) => setTimeout(resolve, patienceMs));
    return this.stand();
  }

  /** Becomes it in any case. */
  take(): void {
    if (this.#leads) return;
    this.#post({ kind: "taken" });
    this.#lead(true);
  }

  /** For when the page goes. */
  leave(): void {
    if (this.#leads) this.#post({ kind: "free" });
    this.#lead(false);
  }

  say(what: Said): void {
    this.#post({ kind: "said", what });
  }

  #listen(message: Message<Said>): void {
    this.#heardAt = performance.now();
    switch (message.kind) {
      case "who":
        if (this.#leads) this.#post({ kind: "me" });
        else if (message.from < this.#number) this.#beaten = true;
        return;
      case "me":
        this.#answered = true;
        return;
      case "taken":
        this.#answered = true;
        return this.#lead(false);
      case "free":
        return void this.stand();
      case "said":
        return this.#hear(message.what);
    }
  }

  #lead(leads: boolean): void {
    if (leads === this.#leads) return;
    this.#leads = leads;
    this.#changed(leads);
  }

  #post(message: Message<Said>): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no target: it never leaves ours.
    this.#channel.postMessage(message);
  }
}
