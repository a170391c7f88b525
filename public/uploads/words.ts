import { formatTimeLeft } from "../../src/lib/durations.ts";
import type { ShownUpload, UploadItem } from "./item.ts";
import { isOpen, totalsOf } from "./plan.ts";

/** What stands over the list. */
export function headline(items: readonly ShownUpload[]): string {
  const open = items.filter(isOpen);
  const stuck = items.filter(({ state }) => state === "failed").length;
  if (open.length === 0) return stuck > 0 ? `${files(stuck)} could not be uploaded` : idle(items);
  if (open.every(({ state }) => state === "paused")) return `${files(open.length)} paused`;
  if (open.some(({ state }) => state === "lost") && !open.some(({ state }) => state === "sending"))
    return "Waiting for the server";
  const { percent, secondsLeft } = totalsOf(items);
  const left = secondsLeft === null ? "" : ` · ${formatTimeLeft(secondsLeft)} left`;
  return `Uploading ${files(open.length)} · ${Math.floor(percent)} %${left}`;
}

function idle(items: readonly UploadItem[]): string {
  const done = items.filter(({ state }) => state === "done").length;
  return done > 0 && done === items.length ? `${files(done)} uploaded` : "Uploads";
}

/** The first that does not go on by itself, and why; "" where there is none. What was refused comes first. */
export function stuckInWords(items: readonly UploadItem[]): string {
  const stuck = (["failed", "known", "needs-file"] as const).flatMap((state) =>
    items.filter((item) => item.state === state),
  );
  const [first, ...more] = stuck;
  if (!first) return "";
  const why =
    first.state === "failed" ? (first.problem?.message ?? "It could not be uploaded.") : `${stageOf(first)}.`;
  return `${first.name}: ${why}${more.length === 0 ? "" : ` And ${more.length} more.`}`;
}

/** How an upload is going. */
export function stageOf({ state, sentBytes, sizeBytes }: UploadItem): string {
  switch (state) {
    case "waiting":
      return "Waiting for its turn";
    case "sending":
      // Beside the numbers there is no room for the word, and no need.
      if (sentBytes >= sizeBytes) return "Looking into the file";
      return sentBytes === 0 ? "Uploading" : "";
    case "lost":
      return "The server can't be reached. It goes on by itself";
    case "paused":
      return "Paused";
    case "known":
      return "This file is on the shelf already";
    case "needs-file":
      return "Choose the file again to go on";
    case "failed":
      return "Failed";
    case "done":
      return "Uploaded";
    case "cancelled":
      return "Cancelled";
  }
}

/** What is read out when an upload changes so; "" where it is not worth a word. */
export function saidOf(before: UploadItem | undefined, item: UploadItem): string {
  if (before?.state === item.state) return "";
  switch (item.state) {
    case "done":
      return `${item.name} is uploaded.`;
    case "failed":
      return `${item.name} could not be uploaded. ${item.problem?.message ?? ""}`.trim();
    case "known":
      return `${item.name} is on the shelf already.`;
    case "needs-file":
      return `${item.name}: choose the file again to go on.`;
    case "lost":
      return "The server can't be reached. Uploads go on by themselves.";
    case "waiting":
      return before ? "" : `${item.name} is added to the uploads.`;
    case "paused":
    case "sending":
    case "cancelled":
      return "";
  }
}

function files(count: number): string {
  return count === 1 ? "1 file" : `${count} files`;
}
