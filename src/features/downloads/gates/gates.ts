import type { Deps } from "../../../deps.ts";
import { parseTimeWindow } from "../../../lib/time-window.ts";
import type { Gates } from "../../../queue/job.ts";
import { explainWait, planGate, planSites } from "./rules.ts";
import type { Standstill } from "./rules.ts";
import { countRunningBySite, isSwitchedOn, noteStart, sitesHeldBack } from "./queries.ts";

/** The switch by which admins pause everybody's downloads. */
export const pauseSwitch = "downloads.paused";

type Needs = Pick<Deps, "db" | "config">;

/** What downloads wait for beside a free place: a pause, the hours that are theirs, and their site's peace. */
export function downloadGates(deps: Needs): Gates {
  const { db, config } = deps;
  return {
    at(lane, now) {
      if (lane !== "short" && lane !== "long") return null;
      const gate = planGate(lane, standstill(deps, now));
      return { ...gate, groupRoom: config.downloads.per_site_concurrency };
    },
    taken(site, now) {
      if (config.downloads.pacing_seconds > 0) noteStart(db, site, now);
    },
  };
}

/** Says of waiting downloads why they wait; one for each answer, as it looks at the queue only once. */
export function waitExplainer(
  deps: Needs & Pick<Deps, "now">,
): (download: { isPaused: boolean; lane: string; site: string }) => string {
  const now = standstill(deps, deps.now());
  const here = {
    running: countRunningBySite(deps.db),
    siteRoom: deps.config.downloads.per_site_concurrency,
  };
  return (download) => explainWait(download, now, here);
}

function standstill({ db, config }: Needs, now: number): Standstill {
  const { pacing_seconds, window } = config.downloads;
  const pacingMs = pacing_seconds * 1000;
  return {
    now,
    isPaused: isSwitchedOn(db, pauseSwitch),
    window: parseTimeWindow(window),
    sites: planSites(sitesHeldBack(db, now, now - pacingMs), pacingMs, now),
  };
}
