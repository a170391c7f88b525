import type { Act, ShownUpload, UploadItem, UploadState } from "./item.ts";

/** Files that are sent at once. */
const mostAtOnce = 2;

const underWay = new Set<UploadState>(["waiting", "sending", "lost"]);
const over = new Set<UploadState>(["done", "failed", "known", "needs-file"]);

/** Those whose turn it is: the oldest first. What waits for the server keeps its place, or all would soon wait for it. */
export function chooseNext(items: readonly UploadItem[], running: ReadonlySet<string>): UploadItem[] {
  const isBusy = ({ id, state }: UploadItem) => running.has(id) || state === "sending" || state === "lost";
  return items
    .filter((item) => item.state === "waiting" && !isBusy(item))
    .toSorted((a, b) => a.addedAt - b.addedAt)
    .slice(0, Math.max(0, mostAtOnce - items.filter(isBusy).length));
}

/** What an act makes of an upload; null where it means nothing to it now. "gone" is taken off the list. */
export function afterAct(item: UploadItem, act: Act): UploadItem | "gone" | null {
  switch (act) {
    case "pause":
    case "pause-all":
      return underWay.has(item.state) ? { ...item, state: "paused" } : null;
    case "resume":
    case "resume-all":
      return item.state === "paused" ? { ...item, state: "waiting" } : null;
    case "retry":
      return item.state === "failed" ? { ...item, state: "waiting", problem: null } : null;
    case "send-anyway":
      return item.state === "known" ? { ...item, state: "waiting", anyway: true, place: null } : null;
    case "cancel":
      return item.state === "done" ? null : { ...item, state: "cancelled" };
    case "dismiss":
    case "close":
      if (!over.has(item.state)) return null;
      return item.url !== null && item.state !== "done" ? { ...item, state: "cancelled" } : "gone";
  }
}

/** How long what is done stays on the list for pages that open later. */
const doneShownMs = 60_000;

/** What a page that opens makes of what the one before it left; "gone" is taken off the list. */
export function afterReturn(item: UploadItem, now: number): UploadItem | "gone" {
  if (item.state === "done" && now - (item.doneAt ?? 0) > doneShownMs) return "gone";
  const goesOn = item.state === "sending" || item.state === "lost" || item.problem?.isLogin;
  return goesOn ? { ...item, state: "waiting", problem: null } : item;
}

export function isOpen({ state }: UploadItem): boolean {
  return underWay.has(state) || state === "paused";
}

/** Milliseconds until the server is asked again, after so many tries in a row that it did not answer. */
export function delayAfter(tries: number): number {
  return Math.min(1000 * 2 ** Math.max(0, tries - 1), 15_000);
}

export interface Totals {
  percent: number;
  bytesPerSecond: number | null;
  secondsLeft: number | null;
}

/** All uploads as one. What is over counts in, so that the bar of a list never runs back. */
export function totalsOf(items: readonly ShownUpload[]): Totals {
  const counted = items.filter((item) => isOpen(item) || item.state === "done");
  const all = sum(counted.map(({ sizeBytes }) => sizeBytes));
  const sent = sum(counted.map((item) => (item.state === "done" ? item.sizeBytes : item.sentBytes)));
  const speeds = items.map(({ bytesPerSecond }) => bytesPerSecond).filter((speed) => speed !== null);
  const speed = speeds.length > 0 ? sum(speeds) : null;
  return {
    percent: all === 0 ? 0 : (sent / all) * 100,
    bytesPerSecond: speed,
    secondsLeft: speed ? (all - sent) / speed : null,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
