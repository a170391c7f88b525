import { closeSync, openSync, writeSync } from "node:fs";

/** A file here that is written as its bytes come, or that more is appended to. Nothing is flushed. */
export class LocalFile {
  readonly #fd: number;
  #isOpen = true;

  constructor(path: string) {
    this.#fd = openSync(path, "a", 0o600);
  }

  write(chunk: Uint8Array): void {
    for (let done = 0; done < chunk.length;) done += writeSync(this.#fd, chunk, done);
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}
