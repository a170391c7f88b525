/** What others put into the bucket for us to take. */
export interface IncomingObject {
  /** The whole of it, of any characters: never a path of this machine, nor a key of ours. */
  key: string;
  etag: string;
  sizeBytes: number;
  /** To the second, which all ways of asking agree on. */
  modifiedAt: number;
}

export interface Bell {
  /** From here on the server tells; what came before, it does not. */
  opened(): void;
  ring(): void;
}

/** Everything in the bucket below `incoming/`. Failures are AppErrors, as those of `Storage`. */
export interface Incoming {
  list(): AsyncIterable<IncomingObject>;
  /** Writes its bytes to a new file. `not_found` also where something else is there by now. */
  fetch(object: IncomingObject, path: string, signal: AbortSignal): Promise<void>;
  /** What was put in its place meanwhile stays. */
  remove(object: IncomingObject): Promise<void>;
  /** Whether the server has the call for it: MinIO's. Throws where nobody answers. */
  canListen(): Promise<boolean>;
  /** Rings for what is put there. Resolves when the server tells no more, or not at once. */
  listen(bell: Bell, signal: AbortSignal): Promise<void>;
}
