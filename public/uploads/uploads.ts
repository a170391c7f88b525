import type { Act, ShownUpload, UploadItem, Wishes } from "./item.ts";
import { newItem } from "./new-item.ts";
import { Pace } from "./pace.ts";
import { afterAct, afterReturn, chooseNext, delayAfter } from "./plan.ts";
import { type Outcome, sendFile, type Server, takeOff } from "./send.ts";
import { sendPicture } from "./send-picture.ts";
import type { UploadStore } from "./store.ts";
import { Tabs } from "./tabs.ts";

export interface Settings extends Server {
  userId: string;
  /** 0 where there is no limit. */
  maxBytes: number;
}

/** What pages tell each other: how all stands, and what a person wants on a page that does not send. */
type Said = { items: ShownUpload[] } | Wanted;

interface Wanted {
  act: Act;
  id: string | null;
}

interface Running {
  stop: AbortController;
  pace: Pace;
}

/** How often pages that look on are told, and the page itself is drawn. */
const tellMs = 250;
/** A word for the other pages, so that they know this one is still there. */
const aliveMs = 3000;

/** All uploads of a person in this browser. One page sends; the others show the same, and pass on what is wanted. */
export class Uploads {
  readonly #settings: Settings;
  readonly #store: UploadStore;
  readonly #tabs: Tabs<Said>;
  readonly #show: (items: ShownUpload[]) => void;
  readonly #items = new Map<string, UploadItem>();
  readonly #running = new Map<string, Running>();
  readonly #tries = new Map<string, number>();
  #telling: ReturnType<typeof setTimeout> | undefined;
  #seen: ShownUpload[] = [];
  /** It sends, and has read what there is. */
  #isAtWork = false;
  /** What was pressed while no page was at work, as between two pages: the next one does it. */
  #wanted: Wanted[] = [];

  constructor(settings: Settings, store: UploadStore, show: (items: ShownUpload[]) => void) {
    [this.#settings, this.#store, this.#show] = [settings, store, show];
    this.#tabs = new Tabs(`homereel-uploads-${settings.userId}`, {
      hear: (said) => this.#hear(said),
      changed: (leads) => void (leads ? this.#begin() : this.#end()),
    });
    setInterval(() => this.#tabs.leads && this.#items.size > 0 && this.#tell(), aliveMs);
  }

  /** Goes on with what is there; shows it at once, whoever sends it. */
  async open(): Promise<void> {
    const items = await this.#store.itemsOf(this.#settings.userId);
    if (!this.#tabs.leads) this.#display(items.map((item) => withPace(item, undefined)));
    await this.#tabs.stand();
  }

  /** The page is about to go: another one may send. */
  leave(): void {
    this.#tabs.leave();
  }

  /** The page on which files were chosen sends: it has them, even where the browser keeps none. */
  async add(files: readonly File[], wishes: Wishes): Promise<void> {
    const now = Date.now();
    const fresh = files.map((file, i) => ({
      file,
      item: newItem(file, wishes, now + i / 1000, this.#settings),
    }));
    for (const { item } of fresh) await this.#store.putItem(item);
    for (const { file, item } of fresh) void this.#store.putFile(item.id, file);
    this.#tabs.take();
    for (const { item } of fresh) this.#items.set(item.id, item);
    this.#pump();
  }

  act(act: Act, id: string | null): void {
    if (!this.#isAtWork) this.#wanted.push({ act, id });
    if (!this.#tabs.leads) return this.#tabs.say({ act, id });
    if (!this.#isAtWork) return;
    const meant = id === null ? [...this.#items.values()] : [this.#items.get(id)];
    for (const item of meant) if (item) this.#actOn(item, act);
    this.#pump();
    // What somebody does shows at once.
    this.#draw();
  }

  /** A file that was chosen again, for the upload that it belongs to; false where it is another one. */
  async giveFile(id: string, file: File): Promise<boolean> {
    const item = this.#seen.find((one) => one.id === id);
    if (
      !item ||
      item.name !== file.name ||
      item.sizeBytes !== file.size ||
      item.modified !== file.lastModified
    )
      return false;
    const { bytesPerSecond: _, secondsLeft: __, ...kept } = item;
    const waiting: UploadItem = { ...kept, state: "waiting" };
    await this.#store.putItem(waiting);
    void this.#store.putFile(id, file);
    this.#tabs.take();
    this.#items.set(id, waiting);
    this.#pump();
    return true;
  }

  /** The network is back, or somebody looks at the page: what waits for the server is tried at once. */
  tryNow(): void {
    for (const item of this.#items.values()) if (item.state === "lost") this.#runAgain(item);
  }

  /** This page sends from now on. */
  async #begin(): Promise<void> {
    for (const kept of await this.#store.itemsOf(this.#settings.userId)) {
      const item = afterReturn(kept, Date.now());
      if (item === "gone") this.#forget(kept.id);
      else if (!this.#running.has(item.id)) this.#items.set(item.id, item);
    }
    if (!this.#tabs.leads) return;
    this.#isAtWork = true;
    for (const { act, id } of this.#wanted.splice(0)) this.act(act, id);
    this.#pump();
  }

  /** Another one does. */
  #end(): void {
    this.#isAtWork = false;
    for (const { stop } of this.#running.values()) stop.abort();
    this.#running.clear();
    this.#items.clear();
  }

  #hear(said: Said): void {
    if ("act" in said) {
      if (this.#tabs.leads) this.act(said.act, said.id);
      else this.#wanted.push(said);
    } else if (!this.#tabs.leads) {
      // Somebody is at work, and has heard it.
      this.#wanted = [];
      this.#display(said.items);
    }
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

  /** Starts what can be started, and shows how all stands. */
  #pump(): void {
    if (!this.#tabs.leads) return;
    const items = [...this.#items.values()];
    for (const item of items) if (item.state === "cancelled") void this.#takeOff(item);
    for (const item of chooseNext(items, new Set(this.#running.keys()))) void this.#run(item);
    this.#tell();
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
    const outcome = await send(this.#settings, item, file, this.#watch(item, run), signal);
    if (signal.aborted) return;
    this.#running.delete(item.id);
    this.#conclude(item, outcome);
    this.#pump();
  }

  #watch(item: UploadItem, { pace, stop }: Running) {
    return {
      placed: (url: string | null) => {
        // Cancelled while it was made: the server is told now that there is an address.
        if (item.state === "cancelled" && url !== null) return void takeOff(url);
        this.#change(item, url === null ? { url, sentBytes: 0 } : { url });
      },
      sent: (bytes: number) => {
        if (stop.signal.aborted) return;
        pace.note(bytes, performance.now());
        item.sentBytes = bytes;
        if (item.state !== "sending") this.#change(item, { state: "sending" });
        this.#tell();
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
    this.#tell();
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
    this.#tell();
  }

  /** Soon, and not for every byte. */
  #tell(): void {
    if (this.#telling !== undefined) return;
    this.#telling = setTimeout(() => {
      this.#telling = undefined;
      this.#draw();
    }, tellMs);
  }

  /** Here, and on the other pages. */
  #draw(): void {
    if (!this.#tabs.leads) return;
    const items = [...this.#items.values()].map((item) => withPace(item, this.#running.get(item.id)?.pace));
    this.#tabs.say({ items });
    this.#display(items);
  }

  #display(items: ShownUpload[]): void {
    this.#seen = items.filter(({ state }) => state !== "cancelled").toSorted((a, b) => a.addedAt - b.addedAt);
    this.#show(this.#seen);
  }
}

function withPace(item: UploadItem, pace: Pace | undefined): ShownUpload {
  const speed = item.state === "sending" ? (pace?.bytesPerSecond(performance.now()) ?? null) : null;
  const missing = item.sizeBytes - item.sentBytes;
  return { ...item, bytesPerSecond: speed, secondsLeft: speed && speed > 0 ? missing / speed : null };
}
