/** Takes what a program prints, chunk by chunk. */
export interface Sink {
  write(chunk: Uint8Array): void;
  end(): void;
}

/** All of it, up to a limit; `tooMuch` is called when it is passed, and nothing more is kept. */
export function collectBytes(limit: number, tooMuch: () => void): Sink & { bytes(): Uint8Array } {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    write(chunk) {
      size += chunk.length;
      if (size > limit) tooMuch();
      else chunks.push(chunk);
    },
    end() {},
    bytes: () => Bun.concatArrayBuffers(chunks, Number.POSITIVE_INFINITY, true),
  };
}

/** The last `limit` bytes. */
export function collectTail(limit: number): Sink & { text(): string } {
  let tail: Uint8Array = new Uint8Array(0);
  return {
    write(chunk) {
      const both = Buffer.concat([tail, chunk.subarray(-limit)]);
      tail = both.subarray(-limit);
    },
    end() {},
    text: () => new TextDecoder().decode(tail),
  };
}

/**
 * Lines in UTF-8, ended by \n or by \r as progress meters do; empty ones are left out. Of a line that is
 * longer than `limit` characters the rest is dropped.
 */
export function splitLines(onLine: (line: string) => void, limit = 1024 * 1024): Sink {
  const decoder = new TextDecoder();
  let rest = "";
  const take = (text: string) => {
    const lines = text.split(/[\r\n]/);
    lines[0] = (rest + lines[0]).slice(0, limit);
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") onLine(line.slice(0, limit));
  };
  return {
    write: (chunk) => take(decoder.decode(chunk, { stream: true })),
    end: () => take(`${decoder.decode()}\n`),
  };
}
