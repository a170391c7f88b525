import type { Act, ShownUpload, UploadItem, Wishes } from "./item.ts";
import { newItem } from "./new-item.ts";
import type { Server } from "./sending/way.ts";
import type { UploadStore } from "./store.ts";
import { Tabs } from "./tabs.ts";
import { type Wanted, withPace, Work } from "./work.ts";

export interface Settings extends Server {
  userId: string;
  /** 0 where there is no limit. */
  maxBytes: number;
}

/** What pages tell each other: how all stands, and what a person wants on a page that does not send. */
type Said = { items: ShownUpload[] } | Wanted;

/** How often pages that look on are told, and the page itself is drawn. */
const tellMs = 250;
/** A word for the other pages, so that they know this one is still there. */
const aliveMs = 3000;

/** All uploads of a person in this browser. One page sends; the others show the same, and pass on what is wanted. */
export class Uploads {
  readonly #settings: Settings;
  readonly #store: UploadStore;
  readonly #tabs: Tabs<Said>;
  readonly #work: Work;
  readonly #show: (items: ShownUpload[]) => void;
  #telling: ReturnType<typeof setTimeout> | undefined;
  #seen: ShownUpload[] = [];
  /** It sends, and has read what there is. */
  #isAtWork = false;
  /** What was pressed while no page was at work, as between two pages: the next one does it. */
  #wanted: Wanted[] = [];

  constructor(settings: Settings, store: UploadStore, show: (items: ShownUpload[]) => void) {
    [this.#settings, this.#store, this.#show] = [settings, store, show];
    this.#work = new Work(settings, store, () => this.#tell());
    this.#tabs = new Tabs(`homereel-uploads-${settings.userId}`, {
      hear: (said) => this.#hear(said),
      changed: (leads) => void (leads ? this.#begin() : this.#end()),
    });
    setInterval(() => this.#tabs.leads && !this.#work.isEmpty && this.#tell(), aliveMs);
  }

  /** Goes on with what is there; shows it at once, whoever sends it. */
  async open(): Promise<void> {
    const items = await this.#store.itemsOf(this.#settings.userId);
    if (!this.#tabs.leads) this.#display(items.map((item) => withPace(item)));
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
    this.#work.take(fresh.map(({ item }) => item));
  }

  act(act: Act, id: string | null): void {
    if (!this.#isAtWork) this.#wanted.push({ act, id });
    if (!this.#tabs.leads) return this.#tabs.say({ act, id });
    if (!this.#isAtWork) return;
    this.#work.act([{ act, id }]);
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
    this.#work.take([waiting]);
    return true;
  }

  /** The network is back, or somebody looks at the page. */
  tryNow(): void {
    this.#work.tryNow();
  }

  /** This page sends from now on. */
  async #begin(): Promise<void> {
    const items = await this.#store.itemsOf(this.#settings.userId);
    if (!this.#tabs.leads) return;
    this.#isAtWork = true;
    this.#work.takeOver(items, this.#wanted.splice(0));
  }

  /** Another one does. */
  #end(): void {
    this.#isAtWork = false;
    this.#work.drop();
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

  /** Soon, and not for every byte. */
  #tell(): void {
    if (this.#telling !== undefined || !this.#tabs.leads) return;
    this.#telling = setTimeout(() => {
      this.#telling = undefined;
      this.#draw();
    }, tellMs);
  }

  /** Here, and on the other pages. */
  #draw(): void {
    if (!this.#tabs.leads) return;
    const items = this.#work.shown();
    this.#tabs.say({ items });
    this.#display(items);
  }

  #display(items: ShownUpload[]): void {
    this.#seen = items.filter(({ state }) => state !== "cancelled").toSorted((a, b) => a.addedAt - b.addedAt);
    this.#show(this.#seen);
  }
}
