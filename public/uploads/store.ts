import type { UploadItem } from "./item.ts";

/**
 * The uploads of this browser, in IndexedDB: they outlive the page and the browser. The files lie apart from what is
 * known of them, which changes with every piece; what is small is written first, so that it is there even where the
 * file then has no room.
 */
export class UploadStore {
  readonly #open: Promise<IDBDatabase | null>;
  /** What could not be kept; it is there as long as this page is. */
  readonly #inMemory = new Map<string, File>();

  constructor() {
    this.#open = openDatabase();
  }

  async itemsOf(userId: string): Promise<UploadItem[]> {
    const all = (await this.#ask("items", "readonly", (store) => store.getAll())) as UploadItem[] | null;
    return (all ?? []).filter((item) => item.userId === userId);
  }

  async putItem(item: UploadItem): Promise<void> {
    await this.#ask("items", "readwrite", (store) => store.put(item, item.id));
  }

  /** A browser copies the file, which takes its time: nobody has to wait for it. */
  async putFile(id: string, file: File): Promise<void> {
    this.#inMemory.set(id, file);
    await this.#ask("files", "readwrite", (store) => store.put(file, id));
  }

  async fileOf(id: string): Promise<File | null> {
    const kept = this.#inMemory.get(id);
    if (kept) return kept;
    return (await this.#ask("files", "readonly", (store) => store.get(id))) as File | null;
  }

  async remove(id: string): Promise<void> {
    this.#inMemory.delete(id);
    await this.#ask("items", "readwrite", (store) => store.delete(id));
    await this.removeFile(id);
  }

  async removeFile(id: string): Promise<void> {
    this.#inMemory.delete(id);
    await this.#ask("files", "readwrite", (store) => store.delete(id));
  }

  /** Null where the browser keeps nothing: in some private windows, or on a full disk. */
  async #ask(
    name: "items" | "files",
    mode: IDBTransactionMode,
    use: (store: IDBObjectStore) => IDBRequest,
  ): Promise<unknown> {
    const database = await this.#open;
    if (!database) return null;
    return new Promise((resolve) => {
      const transaction = database.transaction(name, mode);
      const request = use(transaction.objectStore(name));
      transaction.addEventListener("complete", () => resolve(request.result ?? null));
      transaction.addEventListener("abort", () => resolve(null));
    });
  }
}

function openDatabase(): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    const request = indexedDB.open("homereel-uploads", 1);
    request.addEventListener("upgradeneeded", () => {
      for (const name of ["items", "files"]) request.result.createObjectStore(name);
    });
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => resolve(null));
  });
}
