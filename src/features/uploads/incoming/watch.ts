import type { Deps } from "../../../deps.ts";
import type { Incoming } from "../../../storage/incoming.ts";
import { listenOn, pause, pauseAfter } from "./listen.ts";
import { ownerOfIncoming } from "./owner.ts";
import { isFolderMark } from "./rules.ts";
import { isTaken } from "./queries.ts";
import { settleIncoming, sweepIncoming } from "./sweep.ts";

type Needs = Pick<Deps, "config" | "db" | "events" | "incoming" | "log" | "now" | "queue">;

/** A MinIO that keeps what it has to tell to itself is one's own: to look through it costs nothing. */
const eagerMs = 5_000;

/**
 * From the start on: takes what others put into the bucket, at once where its server tells of it, and by looking through
 * all of it every so often. What is told only says when to look: what was missed is found the next time. Returns what
 * ends it.
 */
export function watchIncoming(deps: Needs): () => void {
  const { config, incoming, log } = deps;
  const isNamed = config["storage.s3"].incoming_owner !== "";
  if (incoming !== null && isNamed) {
    const watch = new Watch(deps, incoming);
    return () => watch.stop();
  }
  if (incoming !== null) void sayWhatWaits(deps, incoming);
  else if (isNamed) log.warn("[storage.s3] incoming_owner means nothing while files are stored on the disk.");
  return () => {};
}

class Watch {
  readonly #deps: Needs;
  readonly #incoming: Incoming;
  readonly #stopping = new AbortController();
  readonly #turnAway: () => void;
  #bell = Promise.withResolvers<void>();
  #paceMs: number;
  /** In the milliseconds of `performance.now`. */
  #nextSweepAt = 0;
  #isFirst = true;
  #troubles = 0;
  #saidNobody = false;

  constructor(deps: Needs, incoming: Incoming) {
    this.#deps = deps;
    this.#incoming = incoming;
    this.#paceMs = this.#intervalMs;
    this.#turnAway = deps.events.on("video.changed", ({ videoId }) => {
      if (isTaken(deps.db, videoId)) this.#bell.resolve();
    });
    const heard = (how: "told" | "silent" | "deaf") => {
      this.#paceMs = how === "silent" ? Math.min(eagerMs, this.#intervalMs) : this.#intervalMs;
      if (how !== "deaf") this.#ring();
    };
    void this.#lookOn();
    void listenOn({ log: deps.log, incoming, heard, signal: this.#stopping.signal });
  }

  stop(): void {
    this.#stopping.abort();
    this.#turnAway();
  }

  get #intervalMs(): number {
    return this.#deps.config["storage.s3"].incoming_seconds * 1000;
  }

  #ring(): void {
    this.#nextSweepAt = 0;
    this.#bell.resolve();
  }

  async #lookOn(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      // What rings from here on is heard after this round.
      this.#bell = Promise.withResolvers();
      try {
        await this.#lookOnce(signal);
        this.#troubles = 0;
      } catch (error) {
        this.#nextSweepAt = 0;
        this.#sayTrouble(error);
      }
      // While the bucket is away it is no use to hear of more.
      if (this.#troubles > 0) await pause(pauseAfter(this.#troubles), signal);
      else await this.#untilRungOrDue(signal);
    }
  }

  async #lookOnce(signal: AbortSignal): Promise<void> {
    await settleIncoming(this.#deps, this.#incoming, signal);
    signal.throwIfAborted();
    if (performance.now() < this.#nextSweepAt) return;
    this.#nextSweepAt = performance.now() + this.#paceMs;
    const owner = ownerOfIncoming(this.#deps);
    if (owner === null) return this.#sayNobody();
    await sweepIncoming(this.#deps, this.#incoming, { owner, isFirst: this.#isFirst, signal });
    this.#isFirst = false;
  }

  async #untilRungOrDue(signal: AbortSignal): Promise<void> {
    const rung = new AbortController();
    const due = pause(this.#nextSweepAt - performance.now(), AbortSignal.any([signal, rung.signal]));
    await Promise.race([due, this.#bell.promise]);
    rung.abort();
  }

  /** Once, until it is well again. */
  #sayTrouble(err: unknown): void {
    if (this.#stopping.signal.aborted) return;
    this.#troubles += 1;
    if (this.#troubles === 1) this.#deps.log.warn({ err }, "The bucket's incoming/ can't be looked through.");
  }

  #sayNobody(): void {
    if (this.#saidNobody) return;
    this.#saidNobody = true;
    const email = this.#deps.config["storage.s3"].incoming_owner;
    this.#deps.log.warn(
      { email },
      "[storage.s3] incoming_owner names nobody who can sign in: nothing is taken.",
    );
  }
}

/** Somebody put it there and waits for it. */
async function sayWhatWaits({ log }: Needs, incoming: Incoming): Promise<void> {
  try {
    for await (const { key } of incoming.list()) {
      if (isFolderMark(key)) continue;
      log.warn(
        "Files wait in the bucket's incoming/: name the account to get them in [storage.s3] incoming_owner.",
      );
      return;
    }
  } catch (err) {
    // That the bucket is away is said where it matters.
    log.debug({ err }, "incoming/ can't be looked through");
  }
}
