import type { Act, Place, ShownUpload, UploadItem } from "./item.ts";
import { Pace } from "./pace.ts";
import { afterAct, afterReturn, chooseNext, delayAfter } from "./plan.ts";
import { takeOff } from "./sending/answers.ts";
import { sendPicture } from "./sending/picture.ts";
import { sendFile } from "./sending/send.ts";
import type { Outcome, Server, Watcher } from "./sending/way.ts";
import type { UploadStore } from "./store.ts";

interface Running {
  stop: AbortController;
  pace: Pace;
}

/** What somebody pressed, of one upload or of all. */
export interface Wanted {
  act: Act;
  id: string | null;
}

/** What the page that sends is at. On all others it is empty. */
export class Work {
  readonly #server: Server;
  readonly #store: UploadStore;
  readonly #changed: () => void;
  readonly #items = new Map<string, UploadItem>();
  readonly #running = new Map<string, Running>();
  readonly #tries = new Map<string, number>();

  constructor(server: Server, store: UploadStore, changed: () => void) {
    [this.#server, this.#store, this.#changed] = [server, store, changed];
  }

  get isEmpty(): boolean {
    return this.#items.size === 0;
  }

  /** All of it as it stands. */
  shown(): ShownUpload[] {
    return [...this.#items.values()].map((item) => withPace(item, this.#running.get(item.id)?.pace));
  }

  take(items: readonly UploadItem[]): void {
    for (const item of items) this.#items.set(item.id, item);
    this.#pump();
  }

  /** What a page before this one left, and what was pressed since then. */
  takeOver(items: readonly UploadItem[], wanted: readonly Wanted[]): void {
    for (const kept of items) {
      const item = afterReturn(kept, Date.now());
      if (item === "gone") this.#forget(kept.id);
      else if (!this.#running.has(item.id)) this.#items.set(item.id, item);
    }
    this.act(wanted);
  }

  act(wanted: readonly Wanted[]): void {
    for (const { act, id } of wanted) {
      const meant = id === null ? [...this.#items.values()] : [this.#items.get(id)];
      for (const item of meant) if (item) this.#actOn(item, act);
    }
    this.#pump();
  }

  /** What waits for the server is tried at once. */
  tryNow(): void {
    for (const item of this.#items.values()) if (item.state === "lost") this.#runAgain(item);
  }

  /** Another page goes on with it. */
  drop(): void {
    for (const { stop } of this.#running.values()) stop.abort();
    this.#running.clear();
    this.#items.clear();
  }

  #actOn(item: UploadItem, act: Act): void {
    const next = afterAct(item, act);
    if (next === null) return;
    this.#stop(item.id);
    if (next === "gone") this.#forget(item.id);
    else this.#change(item, next);
  }

  #stop(id: string): void {
    this.#running.get(id)?.stop.abort();
    this.#running.delete(id);
  }

  /** Starts what can be started. */
  #pump(): void {
    const items = [...this.#items.values()];
    for (const item of items) if (item.state === "cancelled") void this.#takeOff(item);
    for (const item of chooseNext(items, new Set(this.#running.keys()))) void this.#run(item);
    this.#changed();
  }

  async #run(item: UploadItem): Promise<void> {
    const run: Running = { stop: new AbortController(), pace: new Pace() };
    this.#running.set(item.id, run);
    const { signal } = run.stop;
    const file = await this.#store.fileOf(item.id);
    if (signal.aborted) return;
    if (!file) {
      this.#running.delete(item.id);
      this.#change(item, { state: "needs-file" });
      return this.#pump();
    }
    // Nothing is said of sending before the server answered: while it is away, it says that all the time.
    if (!this.#tries.has(item.id)) this.#change(item, { state: "sending" });
    const send = item.kind === "picture" ? sendPicture : sendFile;
    const watcher = this.#watch(item, run);
    const outcome = await send({ server: this.#server, item, file, watcher, signal });
    if (signal.aborted) return;
    this.#running.delete(item.id);
    this.#conclude(item, outcome);
    this.#pump();
  }

  #watch(item: UploadItem, { pace, stop }: Running): Watcher {
    return {
      placed: (place: Place | null) => {
        // Cancelled while it was made: the server is told now that there is an address.
        if (item.state === "cancelled" && place !== null) return void takeOff(place.url);
        this.#change(item, place ?? { url: null, sentBytes: 0 });
      },
      sent: (bytes: number) => {
        if (stop.signal.aborted) return;
        pace.note(bytes, performance.now());
        item.sentBytes = bytes;
        if (item.state !== "sending") this.#change(item, { state: "sending" });
        this.#changed();
      },
      isTaken: (url: string) => [...this.#items.values()].some((other) => other.url === url),
      accepted: (bytes: number) => {
        this.#tries.delete(item.id);
        this.#change(item, { sentBytes: bytes });
      },
    };
  }

  #conclude(item: UploadItem, outcome: Outcome): void {
    switch (outcome.kind) {
      case "done":
        void this.#store.removeFile(item.id);
        return this.#change(item, {
          state: "done",
          place: outcome.place,
          sentBytes: item.sizeBytes,
          doneAt: Date.now(),
        });
      case "known":
        return this.#change(item, { state: "known", place: outcome.place });
      case "refused":
        return this.#change(item, { state: "failed", problem: outcome.problem });
      case "unreadable":
        void this.#store.removeFile(item.id);
        return this.#change(item, { state: "needs-file" });
      case "again":
        return this.#tryLater(item);
    }
  }

  #tryLater(item: UploadItem): void {
    const tries = (this.#tries.get(item.id) ?? 0) + 1;
    this.#tries.set(item.id, tries);
    // The first time it may be a lock that goes by itself: nothing to be alarmed of.
    this.#change(item, { state: tries === 1 ? "sending" : "lost" });
    setTimeout(() => this.#runAgain(item), delayAfter(tries));
  }

  #runAgain(item: UploadItem): void {
    const isAsBefore = item.state === "lost" || item.state === "sending";
    if (isAsBefore && this.#items.get(item.id) === item && !this.#running.has(item.id)) void this.#run(item);
  }

  /** Off the server, and then off the list. */
  async #takeOff(item: UploadItem): Promise<void> {
    if (this.#running.has(item.id)) return;
    const run: Running = { stop: new AbortController(), pace: new Pace() };
    this.#running.set(item.id, run);
    const isOff = item.url === null || (await takeOff(item.url));
    this.#running.delete(item.id);
    if (isOff) this.#forget(item.id);
    else setTimeout(() => this.#pump(), delayAfter(4));
    this.#changed();
  }

  #forget(id: string): void {
    this.#items.delete(id);
    this.#tries.delete(id);
    void this.#store.remove(id);
  }

  #change(item: UploadItem, changes: Partial<UploadItem>): void {
    Object.assign(item, changes);
    if (!this.#items.has(item.id)) return;
    void this.#store.putItem(item);
    this.#changed();
  }
}

export function withPace(item: UploadItem, pace?: Pace): ShownUpload {
  const missing = item.sizeBytes - item.sentBytes;
  // While the server looks into the file, nothing goes any more.
  const isMoving = item.state === "sending" && missing > 0;
  const speed = isMoving ? (pace?.bytesPerSecond(performance.now()) ?? null) : null;
  return { ...item, bytesPerSecond: speed, secondsLeft: speed && speed > 0 ? missing / speed : null };
}
