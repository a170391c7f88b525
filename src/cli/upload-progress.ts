import { formatBytes } from "../lib/bytes.ts";
import { formatDuration } from "../lib/durations.ts";
import { bar, oneLine } from "./download-progress.ts";
import type { LocalFile } from "./upload-send.ts";

interface Out {
  write(text: string): unknown;
  columns?: number;
}

interface View {
  /** So many bytes of it are there. */
  show(file: LocalFile, bytes: number): void;
  close(): void;
}

/** One line that is drawn again and again. */
export function barOf(out: Out, now = () => performance.now()): View {
  let start: { at: number; bytes: number } | undefined;
  const wipe = () => out.write("\r\u001b[K");
  return {
    show(file, bytes) {
      start ??= { at: now(), bytes };
      wipe();
      out.write(
        lineOf(file, bytes, ((bytes - start.bytes) / (now() - start.at)) * 1000, (out.columns ?? 80) - 1),
      );
    },
    close: wipe,
  };
}

/** A line for each quarter of the way: for logs. */
export function plainLinesOf(out: Out): View {
  let said = -1;
  return {
    show({ name, sizeBytes }, bytes) {
      const quarter = Math.floor((bytes / sizeBytes) * 4);
      if (quarter === said) return;
      said = quarter;
      out.write(`Sending ${oneLine(name)}: ${formatBytes(bytes)} of ${formatBytes(sizeBytes)}\n`);
    },
    close() {},
  };
}

function lineOf(
  { name, sizeBytes }: LocalFile,
  bytes: number,
  bytesPerSecond: number,
  width: number,
): string {
  const percent = (bytes / sizeBytes) * 100;
  const isKnown = Number.isFinite(bytesPerSecond) && bytesPerSecond > 0;
  const parts = [
    `${bar(percent)} ${Math.floor(percent).toString().padStart(3)} %`,
    isKnown ? `${formatBytes(bytesPerSecond)}/s` : "",
    isKnown ? `${formatDuration((sizeBytes - bytes) / bytesPerSecond)} left` : "",
    oneLine(name),
  ];
  const line = parts.filter(Boolean).join("  ");
  return Bun.stringWidth(line) <= width ? line : Bun.sliceAnsi(line, 0, width);
}
