import { EventEmitter } from "node:events";

/** How far one piece of work has come. Lives in memory only: a restart starts the bar anew. */
export interface Progress {
  /** Plain words, e.g. "Downloading". */
  stage: string;
  /** 0 to 100; null while unknown. */
  percent: number | null;
  bytesDone: number | null;
  bytesTotal: number | null;
  bytesPerSecond: number | null;
  secondsLeft: number | null;
}

/** Everything that pages listen for. `userId` is the owner of the thing that changed. */
export interface EventMap {
  "download.changed": { downloadId: string; userId: string };
  /** The whole queue of a person, or with null of everybody. */
  "queue.changed": { userId: string | null };
  /** Files can't be read or written, or can be again. Everybody's. */
  "storage.changed": { isAway: boolean };
  "video.changed": { videoId: string; userId: string };
  "video.progress": { videoId: string; userId: string; progress: Progress };
  /** It was everybody's, and is its owner's alone from now on. */
  "video.hidden": { videoId: string; userId: string };
  /** `wasPrivate`: only its owner and admins knew of it. */
  "video.deleted": { videoId: string; userId: string; wasPrivate: boolean };
}

export type EventName = keyof EventMap;

/** Typed in-process events, and the last progress of everything that runs. */
export class Events {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #progress = new Map<string, Progress>();

  emit<Name extends EventName>(name: Name, event: EventMap[Name]): void {
    this.#emitter.emit(name, event);
  }

  /** Returns the function that stops listening. */
  on<Name extends EventName>(name: Name, listener: (event: EventMap[Name]) => void): () => void {
    this.#emitter.on(name, listener);
    return () => this.#emitter.off(name, listener);
  }

  progress(videoId: string, userId: string, progress: Progress): void {
    this.#progress.set(videoId, progress);
    this.emit("video.progress", { videoId, userId, progress });
  }

  progressOf(videoId: string): Progress | null {
    return this.#progress.get(videoId) ?? null;
  }

  /** The work is over, well or not: says so and forgets how far it had come. */
  finished(videoId: string, userId: string): void {
    this.#progress.delete(videoId);
    this.emit("video.changed", { videoId, userId });
  }
}
