import { resolve } from "node:path";
import { databaseFailure } from "../../../db/failures.ts";
import type { Deps } from "../../../deps.ts";
import { isAppError } from "../../../lib/errors.ts";
import { keepEnd, stripLine } from "./rules.ts";
import { findLog, lastFailedId, saveLog } from "./queries.ts";

/** What is kept of a log: its end. */
export const mostLogBytes = 64 * 1024;
const writeEveryMs = 3_000;

type Needs = Pick<Deps, "config" | "db" | "log" | "now">;

/** What one attempt adds to its download's log. Nothing that is kept has secrets or paths of ours in it. */
export class DownloadLogger {
  readonly #deps: Needs;
  readonly #downloadId: string;
  #secrets: readonly string[] = [];
  #text: string;
  #timer: Timer | undefined;

  constructor(deps: Needs, downloadId: string) {
    this.#deps = deps;
    this.#downloadId = downloadId;
    this.#text = findLog(deps.db, downloadId)?.text ?? "";
  }

  /** From here on they are left out of every line. */
  hide(secrets: readonly string[]): void {
    this.#secrets = secrets;
  }

  /** Begins with the time, as the lines that follow have none. */
  heading(words: string): void {
    this.line(`--- ${new Date(this.#deps.now()).toISOString().slice(0, 19)}Z ${words}`);
  }

  readonly line = (line: string): void => {
    const dataDir = resolve(this.#deps.config.data.dir);
    const stripped = stripLine(line, { dataDir, secrets: this.#secrets });
    if (stripped === "") return;
    this.#text = keepEnd(`${this.#text}${stripped}\n`, mostLogBytes);
    this.#timer ??= setTimeout(() => this.#write(), writeEveryMs);
  };

  /** `error` is what ended the attempt, in the words that the person reads. */
  end(error?: unknown): void {
    if (isAppError(error)) this.heading(`${error.message} (${error.code})`);
    else if (error !== undefined) this.heading("Stopped");
    this.#write();
  }

  /** That a log can't be kept is no reason for a download to fail. */
  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { db, log, now } = this.#deps;
    if (!db.$client.open) return;
    try {
      saveLog(db, { downloadId: this.#downloadId, text: this.#text, updatedAt: now() });
    } catch (error) {
      if (!databaseFailure(error)) throw error;
      log.warn({ err: error, downloadId: this.#downloadId }, "a download's log could not be written");
    }
  }
}

/** The id of the download that failed last; null where none did. */
export function findLastFailure({ db }: Pick<Deps, "db">): string | null {
  return lastFailedId(db);
}
