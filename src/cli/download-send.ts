import type { Preset } from "../lib/download-options.ts";
import { ApiRefused, callApi, type Server } from "./api-client.ts";

/** As the API describes it; what the commands need of it. */
export interface Download {
  id: string;
  url: string;
  title: string;
  state: "waiting" | "probing" | "fetching" | "ingesting" | "done" | "failed" | "cancelled";
  paused?: boolean;
  progress: {
    percent: number | null;
    bytes_done: number | null;
    bytes_total: number | null;
    bytes_per_second: number | null;
    seconds_left: number | null;
  } | null;
  error: { message: string; hint: string } | null;
  /** Of a playlist. */
  items?: Download[];
}

export interface Wishes {
  title?: string;
  tags?: string[];
  visibility?: string;
  options?: { preset: Preset };
  force_long?: boolean;
}

/** What became of one address: a download, or the reason why there is none. */
export interface Outcome {
  url: string;
  download: Download | null;
  error: { message: string } | null;
}

const batchSize = 25;

/** Sends addresses a few at a time, with a pause between; one that is refused holds up no other. */
export async function send(
  server: Server,
  urls: string[],
  wishes: Wishes,
  { paceMs, onOutcome }: { paceMs: number; onOutcome: (outcome: Outcome) => void },
): Promise<Outcome[]> {
  const all: Outcome[] = [];
  for (let at = 0; at < urls.length; at += batchSize) {
    if (at > 0) await Bun.sleep(paceMs);
    for (const outcome of await sendBatch(server, urls.slice(at, at + batchSize), wishes)) {
      all.push(outcome);
      onOutcome(outcome);
    }
  }
  return all;
}

/** The server takes all or nothing of a call, so a refused batch goes again one by one. */
async function sendBatch(server: Server, urls: string[], wishes: Wishes): Promise<Outcome[]> {
  try {
    const { items } = await patiently(() =>
      callApi<{ items: Download[] }>(server, "POST", "/downloads", { urls, ...wishes }),
    );
    return items.map((download) => ({ url: download.url, download, error: null }));
  } catch (error) {
    if (!(error instanceof ApiRefused) || !isAboutTheAddress(error)) throw error;
    const [url = ""] = urls;
    if (urls.length === 1) return [{ url, download: null, error: { message: error.message } }];
    const outcomes: Outcome[] = [];
    for (const one of urls) outcomes.push(...(await sendBatch(server, [one], wishes)));
    return outcomes;
  }
}

/** Where we or the whole server are refused, the next address fares no better. */
function isAboutTheAddress({ status }: ApiRefused): boolean {
  return status >= 400 && status < 500 && status !== 401 && status !== 403 && status !== 429;
}

const mostTries = 5;

/** Waits where the server says that this goes too fast. */
async function patiently<T>(call: () => Promise<T>, tries = 1): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ApiRefused) || error.status !== 429 || tries === mostTries) throw error;
    await Bun.sleep((error.retryAfterSeconds ?? 5) * 1000);
    return patiently(call, tries + 1);
  }
}
