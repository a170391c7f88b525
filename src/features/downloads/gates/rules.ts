import { waitForWindowMs } from "../../../lib/time-window.ts";
import type { TimeWindow } from "../../../lib/time-window.ts";

/** What holds downloads back at a moment. */
export interface Standstill {
  now: number;
  /** Everybody's downloads are paused. */
  isPaused: boolean;
  /** When long ones may start; null means at any time. */
  window: TimeWindow | null;
  /** Sites that are left alone, or were asked a short while ago, and until when. */
  sites: readonly { site: string; until: number; why: "cool-down" | "pacing" }[];
}

/** What of a lane can't start now, as the queue asks for it. */
export function planGate(lane: "short" | "long", { now, isPaused, window, sites }: Standstill) {
  const closedForMs = isPaused ? Infinity : windowWaitMs(lane, window, now);
  return {
    closedForMs,
    blockedGroups: sites.map(({ site }) => site),
    blockedForMs: Math.min(Infinity, ...sites.map(({ until }) => until - now)),
  };
}

/**
 * Which sites wait until when. A clock that was set back makes no start of the future: nobody waits longer than
 * the distance that was asked for.
 */
export function planSites(
  known: readonly { site: string; coolDownUntil: number | null; lastStartAt: number | null }[],
  pacingMs: number,
  now: number,
): Standstill["sites"] {
  return known.flatMap(({ site, coolDownUntil, lastStartAt }) => {
    const cool = { site, until: coolDownUntil ?? 0, why: "cool-down" as const };
    const paced = { site, until: Math.min(now, lastStartAt ?? -Infinity) + pacingMs, why: "pacing" as const };
    const later = cool.until >= paced.until ? cool : paced;
    return later.until > now ? [later] : [];
  });
}

/** Why a download waits, for people; empty where it is only not its turn yet. */
export function explainWait(
  download: { isPaused: boolean; lane: string; site: string },
  standstill: Standstill,
  here: { running: ReadonlyMap<string, number>; siteRoom: number },
): string {
  const { now, isPaused, window, sites } = standstill;
  const { site } = download;
  if (download.isPaused) return "Paused";
  if (isPaused) return "All downloads are paused";
  const waitMs = windowWaitMs(download.lane, window, now);
  if (waitMs > 0) return `Waits for ${clockTime(now + waitMs, now)}`;
  const block = sites.find((one) => one.site === site);
  if (block?.why === "cool-down") return `${site} is left alone until ${clockTime(block.until, now)}`;
  if (block) return `The next from ${site} starts at ${clockTime(block.until, now)}`;
  const running = here.running.get(site) ?? 0;
  if (site === "" || running < here.siteRoom) return "";
  return `${numberWords[running] ?? running} from ${site} ${running === 1 ? "runs" : "run"} already`;
}

const numberWords = ["None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"];

function windowWaitMs(lane: string, window: TimeWindow | null, now: number): number {
  return lane === "long" && window ? waitForWindowMs(window, now) : 0;
}

/** "14:05" in the time of this machine, as the settings mean it; with the day where it is more than one away. */
function clockTime(at: number, now: number): string {
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, "0");
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const isSoon = at - now < 24 * 3_600_000;
  return isSoon ? time : `${time} on ${date.toLocaleDateString("en-GB", { day: "numeric", month: "long" })}`;
}
