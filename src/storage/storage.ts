import type { StorageName } from "../db/schema.ts";

/** What is known of stored bytes. `sha256` in hex is known only where this program wrote them. */
export interface StoredObject {
  key: string;
  sizeBytes: number;
  /** When it was stored. */
  modifiedAt: Date;
  /** What a bucket calls these bytes to whoever gets them from it, with quotes. */
  etag?: string | undefined;
}

/**
 * Where bytes live. Keys are relative, slash-separated, of `[A-Za-z0-9._-]` parts; anything else is
 * refused. Writes are all or nothing: a reader never sees half an object. Failures are AppErrors
 * `storage_full`, `storage_unreachable`, or `not_found`.
 */
export interface Storage {
  readonly name: StorageName;
  /**
   * Moves a local file in, and removes the local one unless it is to be kept. Done only when the bytes are durable and
   * their size was checked. Overwrites.
   */
  putFile(key: string, localPath: string, options?: { keep?: boolean }): Promise<void>;
  /** Writes bytes or a stream of unknown length. Overwrites. */
  put(key: string, body: Uint8Array | ReadableStream<Uint8Array>): Promise<void>;
  find(key: string): Promise<StoredObject | null>;
  /** Bytes `start` to `end`, both inclusive; the whole object without them. */
  read(key: string, range?: { start: number; end: number }): Promise<ReadableStream<Uint8Array>>;
  /** Deleting what is not there is fine. */
  delete(key: string): Promise<void>;
  /** Keys below the prefix in the order of their names. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Runs `use` with a path of a local file that holds the object's bytes; the path must not be written to. */
  withLocalFile<T>(key: string, use: (path: string) => Promise<T>): Promise<T>;
  /** Throws where the storage can't be used right now; what is stored is not looked at. */
  check(signal: AbortSignal): Promise<void>;
  /** Bytes that can still be stored; null where the storage can't tell. */
  freeBytes(): Promise<number | null>;
  /** How this object's bytes get to a browser. It is not looked at whether it is there. */
  delivery(key: string): Delivery;
}

export type Delivery =
  /** As a file of this machine: with sendfile. */
  | { way: "file"; path: string }
  /** From where they are stored, by an address that is good for a while. */
  | { way: "link"; sign(options: LinkOptions): Promise<string> }
  /** Through us, by `read`. */
  | { way: "stream" };

/** The headers that the answer to such an address has; those not given are left to the storage. */
export interface LinkOptions {
  expiresSeconds: number;
  /**
   * From when on they count, in milliseconds since 1970. Without it, from the begin of a quarter of that time: whoever
   * asks again soon gets the same address.
   */
  signedAt?: number | undefined;
  mime: string;
  disposition?: string | undefined;
  cacheControl?: string | undefined;
}
