import { formatBytes } from "../lib/bytes.ts";
import { formatDuration } from "../lib/durations.ts";
import { isOver, type View } from "./download-follow.ts";
import type { Download } from "./download-send.ts";
import { cleanForTerminal } from "./terminal.ts";

/** Where progress goes; what is over is printed as a result. */
interface Out {
  write(text: string): unknown;
  columns?: number;
}

/** One line that is drawn again and again, and above it what is over. */
export function bars(out: Out, print: (line: string) => void): View {
  const wipe = () => out.write("\r\u001b[K");
  return {
    show(downloads) {
      wipe();
      out.write(statusLine(downloads, (out.columns ?? 80) - 1));
    },
    over(download) {
      wipe();
      print(endLine(download));
    },
    close: wipe,
  };
}

/** A line for each step of each download: for logs. */
export function plainLines(out: Out, print: (line: string) => void): View {
  const said = new Map<string, string>();
  return {
    show(downloads) {
      for (const download of downloads) {
        const step = stepWords(download);
        if (isOver(download) || said.get(download.id) === step) continue;
        said.set(download.id, step);
        out.write(`${step}: ${oneLine(download.title)}\n`);
      }
    },
    over: (download) => print(endLine(download)),
    close() {},
  };
}

/** The download that is furthest, and how many there are beside it; at most `width` columns. */
export function statusLine(downloads: readonly Download[], width: number): string {
  const open = downloads.filter((download) => !isOver(download));
  const [first] = open.toSorted((a, b) => rank(b) - rank(a));
  if (!first) return "";
  const overCount = downloads.length - open.length;
  const count = downloads.length > 1 ? `${overCount} of ${downloads.length} done  ` : "";
  const line = `${count}${measured(first)}  ${oneLine(first.title)}`;
  return Bun.stringWidth(line) <= width ? line : Bun.sliceAnsi(line, 0, width);
}

function measured(download: Download): string {
  const { progress } = download;
  if (download.state !== "fetching" || progress?.percent == null) return stepWords(download);
  const { percent, bytes_per_second: speed, seconds_left: left } = progress;
  return [
    `${bar(percent)} ${Math.floor(percent).toString().padStart(3)} %`,
    speed === null ? "" : `${formatBytes(speed)}/s`,
    left === null ? "" : `${formatDuration(left)} left`,
  ]
    .filter(Boolean)
    .join("  ");
}

const barWidth = 24;

export function bar(percent: number): string {
  const full = Math.round((Math.min(100, Math.max(0, percent)) / 100) * barWidth);
  return "█".repeat(full) + "░".repeat(barWidth - full);
}

function stepWords({ state, paused }: Download): string {
  if (paused) return "Paused";
  const words = { waiting: "Waiting", probing: "Looking", fetching: "Downloading", ingesting: "Finishing" };
  return words[state as keyof typeof words] ?? state;
}

function endLine({ state, title, error }: Download): string {
  if (state === "done") return `Done: ${oneLine(title)}`;
  if (state === "cancelled") return `Cancelled: ${oneLine(title)}`;
  return oneLine(`Failed: ${title}: ${[error?.message, error?.hint].filter(Boolean).join(" ")}`);
}

function rank(download: Download): number {
  const order = ["waiting", "probing", "ingesting", "fetching"];
  return order.indexOf(download.state) * 1000 + (download.progress?.percent ?? 0);
}

export function oneLine(text: string): string {
  return cleanForTerminal(text).replaceAll(/\s+/g, " ");
}
