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
  "download.progress": { downloadId: string; userId: string; progress: Progress };
  "video.changed": { videoId: string; userId: string };
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

  progress(downloadId: string, userId: string, progress: Progress): void {
    this.#progress.set(downloadId, progress);
    this.emit("download.progress", { downloadId, userId, progress });
  }

  progressOf(downloadId: string): Progress | null {
    return this.#progress.get(downloadId) ?? null;
  }

  forgetProgress(downloadId: string): void {
    this.#progress.delete(downloadId);
  }
}
