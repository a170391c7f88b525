import type { Place, Problem, UploadItem } from "../item.ts";

/** A way for a file's bytes: sends it, or what is missing of it. Once `signal` says so, nothing more is sent. */
export type Way = (sending: Sending) => Promise<Outcome>;

export interface Sending {
  server: Server;
  item: UploadItem;
  file: File;
  watcher: Watcher;
  signal: AbortSignal;
}

/** How sending ended. `again` is to be tried later, from where it is. */
export type Outcome =
  | { kind: "done"; place: string | null }
  | { kind: "known"; place: string }
  | { kind: "refused"; problem: Problem }
  | { kind: "again" }
  | { kind: "unreadable" };

export interface Server {
  /** Where uploads are made. */
  endpoint: string;
  /** Where pictures are. */
  pictures: string;
  /** Where people see theirs. */
  picturesPage: string;
  /** What stands before a video's id in the address of its page. */
  video: string;
  chunkBytes: number;
  /** Files can go straight into the bucket. */
  isDirect: boolean;
}

export interface Watcher {
  /** The server takes it here; null where it must begin anew. */
  placed(place: Place | null): void;
  /** On its way; the server may not have them yet. */
  sent(bytes: number): void;
  /** The server has them. */
  accepted(bytes: number): void;
  /** Whether another file of this list goes there. */
  isTaken(url: string): boolean;
}
