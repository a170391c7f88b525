/** What is wished for the videos that become of files. */
export interface Wishes {
  title?: string;
  /** With commas between them. */
  tags?: string;
  visibility?: string;
  /** The video whose file it takes the place of. */
  replaces?: string;
}

/**
 * `known`: the same file is on the shelf, and a person has to say what now. `lost`: the server can't be reached, and is
 * tried again. `needs-file`: this browser no longer has the bytes. `cancelled`: to be taken off the server.
 */
export type UploadState =
  | "waiting"
  | "sending"
  | "lost"
  | "paused"
  | "known"
  | "needs-file"
  | "failed"
  | "done"
  | "cancelled";

/** One file on its way, as it is kept in this browser. */
export interface UploadItem {
  id: string;
  userId: string;
  addedAt: number;
  kind: "video" | "picture";
  name: string;
  sizeBytes: number;
  /** The file's last modification, in milliseconds since 1970. */
  modified: number;
  wishes: Wishes;
  state: UploadState;
  /** Where the server takes it, once it said so. */
  url: string | null;
  /** How it goes there. */
  way?: Place["way"];
  sentBytes: number;
  /** Sent although the same is there. */
  anyway: boolean;
  /** What it became, or of a known file what is there. */
  place: string | null;
  problem: Problem | null;
  /** When it was done, in milliseconds since 1970. */
  doneAt: number | null;
}

/** Where an upload goes, and how. */
export interface Place {
  url: string;
  way: "tus" | "direct";
}

export interface Problem {
  message: string;
  hint: string;
  /** Over as soon as somebody is logged in again. */
  isLogin?: boolean;
  /** The same file will not pass, however often it is sent. */
  isFinal?: boolean;
}

/** With how fast it goes, while it goes. */
export interface ShownUpload extends UploadItem {
  bytesPerSecond: number | null;
  secondsLeft: number | null;
}

export type Act =
  | "pause"
  | "resume"
  | "cancel"
  | "retry"
  | "dismiss"
  | "send-anyway"
  | "pause-all"
  | "resume-all"
  | "close";
