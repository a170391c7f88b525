import { setTimeout as sleep } from "node:timers/promises";
import type { Deps } from "../../../deps.ts";
import type { Incoming } from "../../../storage/incoming.ts";

export interface Listening extends Pick<Deps, "log"> {
  incoming: Incoming;
  /**
   * `told`: something was put there, or may have been; `silent`: the server has the call and does not answer it; `deaf`: it
   * has no such call.
   */
  heard(how: "told" | "silent" | "deaf"): void;
  signal: AbortSignal;
}

/** A server without the call, or that keeps silent, may be another one later. */
const askAgainMs = 10 * 60_000;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/** Listens where the server has the call for it, and again when that ended. */
export async function listenOn({ log, incoming, heard, signal }: Listening): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    let canListen = false;
    let isOpen = false;
    const opened = () => {
      isOpen = true;
      // What was put there before is told to nobody.
      heard("told");
    };
    try {
      canListen = await incoming.canListen();
      if (canListen) await incoming.listen({ opened, ring: () => heard("told") }, signal);
      failures = isOpen ? 1 : 0;
    } catch (err) {
      failures += 1;
      log.debug({ err }, "the bucket can't be listened to");
    }
    if (!isOpen && !signal.aborted) heard(canListen ? "silent" : "deaf");
    await pause(failures === 0 ? askAgainMs : pauseAfter(failures), signal);
  }
}

export function pauseAfter(failures: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
}

/** Cut short by the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal, ref: false }).catch(() => {});
}
