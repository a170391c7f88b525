import { ApiRefused, callApi, type Server } from "./api-client.ts";
import type { Download, Outcome } from "./download-send.ts";

/** What shows how far downloads are. */
export interface View {
  /** All of them, after each look at the server. */
  show(downloads: readonly Download[]): void;
  /** Said once of each, as soon as it is over. */
  over(download: Download): void;
  close(): void;
}

const intervalMs = 1000;
/** A server may be restarted meanwhile. */
const patienceMs = 120_000;
/** Asked in one look, so that ten thousand downloads ask no more of the server than ten. */
const mostAsked = 10;

/**
 * Asks until every download is over, or `signal` says to stop asking. A playlist's videos are followed too, and come
 * after it in the answer.
 */
export async function follow(
  server: Server,
  outcomes: Outcome[],
  view: View,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const known = new Map<string, Download>();
  for (const { download } of outcomes) if (download) known.set(download.id, download);
  const note = (download: Download) => {
    const before = known.get(download.id);
    known.set(download.id, download);
    if (isOver(download) && !(before && isOver(before))) view.over(download);
    for (const item of download.items ?? []) note(item);
  };
  const stopped = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  let turn = 0;
  let answeredAt = performance.now();
  try {
    for (;;) {
      const open = [...known.values()].filter((download) => !isOver(download));
      if (open.length === 0 || signal.aborted) break;
      view.show([...known.values()]);
      if (turn > 0) await Promise.race([Bun.sleep(intervalMs), stopped]);
      for (const { id } of chooseNext(open, turn++)) {
        if (signal.aborted) break;
        const answer = await ask(server, id);
        if (answer) {
          note(answer);
          answeredAt = performance.now();
        } else if (performance.now() - answeredAt > patienceMs) {
          throw new ApiRefused(`There is no answer from ${server.url} any more.`, 0);
        }
      }
    }
  } finally {
    view.close();
  }
  return latest(outcomes, known);
}

/** Null where the server can't answer just now. */
async function ask(server: Server, id: string): Promise<Download | null> {
  try {
    return await callApi<Download>(server, "GET", `/downloads/${id}`);
  } catch (error) {
    const passes =
      error instanceof ApiRefused && (error.status === 0 || error.status === 429 || error.status >= 500);
    if (passes) return null;
    throw error;
  }
}

/** Those that run, and by turns some of those that wait. */
function chooseNext(open: Download[], turn: number): Download[] {
  const running = open.filter(({ state }) => state !== "waiting").slice(0, mostAsked - 1);
  const waiting = open.filter((download) => !running.includes(download));
  const room = mostAsked - running.length;
  const start = waiting.length > room ? (turn * room) % waiting.length : 0;
  return [...running, ...[...waiting, ...waiting].slice(start, start + Math.min(room, waiting.length))];
}

function latest(outcomes: Outcome[], known: Map<string, Download>): Outcome[] {
  const rest = new Map(known);
  const own = outcomes.map((outcome) => {
    const now = outcome.download && known.get(outcome.download.id);
    if (now) rest.delete(now.id);
    return now ? { ...outcome, download: withoutItems(now) } : outcome;
  });
  const items = [...rest.values()].map((download) => ({ url: download.url, download, error: null }));
  return [...own, ...items];
}

function withoutItems({ items: _items, ...download }: Download): Download {
  return download;
}

export function isOver({ state }: Pick<Download, "state">): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}
