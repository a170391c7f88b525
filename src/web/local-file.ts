import { closeSync, openSync } from "node:fs";
import { writeAll } from "./receive-body.ts";

/** A file here that is written as its bytes come, or that more is appended to. Nothing is flushed. */
export class LocalFile {
  readonly #fd: number;
  #isOpen = true;

  constructor(path: string) {
    this.#fd = openSync(path, "a", 0o600);
  }

  write(chunk: Uint8Array): void {
    writeAll(this.#fd, chunk);
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}
