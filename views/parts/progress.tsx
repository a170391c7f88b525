import type { Progress } from "../../src/events/events.ts";
import { formatBytes } from "../../src/lib/bytes.ts";
import { formatTimeLeft } from "../../src/lib/durations.ts";

/** A bar; without a percentage it moves to say that work goes on. */
export function ProgressBar({ progress, label }: { progress: Progress | null; label: string }) {
  const percent = progress?.percent ?? null;
  // Without `value` a <progress> is indeterminate.
  return (
    <progress
      class="bar"
      max="100"
      value={percent === null ? undefined : String(percent)}
      aria-label={label}
    />
  );
}

/** "12 MB of 30 MB · 2.1 MB/s · 40 s left", as far as it is known. */
export function ProgressNumbers({ progress }: { progress: Progress | null }) {
  const parts = progress ? numbersOf(progress) : [];
  if (parts.length === 0) return null;
  return (
    <span class="numbers">
      {parts.map((part) => (
        <span>{part}</span>
      ))}
    </span>
  );
}

/** "64 %", or nothing while it is unknown. */
export function percentOf(progress: Progress | null): string {
  return progress?.percent == null ? "" : `${Math.floor(progress.percent)} %`;
}

function numbersOf(progress: Progress): string[] {
  const { bytesDone, bytesTotal, bytesPerSecond, secondsLeft } = progress;
  const parts: string[] = [];
  if (bytesDone !== null && bytesTotal !== null) {
    parts.push(`${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`);
  } else if (bytesDone !== null) parts.push(formatBytes(bytesDone));
  if (bytesPerSecond !== null) parts.push(`${formatBytes(bytesPerSecond)}/s`);
  if (secondsLeft !== null) parts.push(`${formatTimeLeft(secondsLeft)} left`);
  return parts;
}
