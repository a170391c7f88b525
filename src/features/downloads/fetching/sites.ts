import type { Deps } from "../../../deps.ts";
import { learnSpeed, speedOf } from "../../../lib/speed.ts";
import { assumedSpeed, pauseMs, planCost, planRoute } from "./plan.ts";
import type { Cost, Route, RouteFacts } from "./plan.ts";
import { coolingSites, findSite, saveSite } from "./queries.ts";

export { siteOf } from "./plan.ts";

/** What every site taught together: for sites that are new. */
const anySite = "";

export interface Estimate {
  bytes: number | null;
  seconds: number | null;
  lane: Route["lane"];
  /** For people. */
  reason: string;
  /** Null where no prices are set, or the size is not known. */
  cost: Cost | null;
}

/** What a download of this size from this site will take, by what its last ones took. */
export function estimateDownload(
  { db, config }: Pick<Deps, "db" | "config">,
  site: string,
  facts: { sizeBytes: number | null; durationSeconds: number | null; forceLong?: boolean },
): Estimate {
  const route = planRoute({
    ...facts,
    ...expectOf(db, site),
    thresholdMinutes: config.downloads.threshold_minutes,
  });
  const { lane, reason, estimatedBytes: bytes, estimatedSeconds: seconds } = route;
  return { bytes, seconds, lane, reason, cost: bytes === null ? null : planCost(bytes, config.costs) };
}

/** The site let us in. What the download took, where that is known, says what its next ones will take. */
export function noteSuccess(
  { db, now }: Pick<Deps, "db" | "now">,
  site: string,
  took: { bytes: number; seconds: number } | null,
): void {
  saveSite(db, site, { strikes: 0, updatedAt: now() });
  if (!took) return;
  for (const name of [site, anySite]) {
    const speed = learnSpeed(findSite(db, name)?.speed ?? null, took.bytes, took.seconds);
    saveSite(db, name, { speed, updatedAt: now() });
  }
}

/**
 * Leaves a site alone for a while: for as long as it asks, and longer with each time in a row. Returns when it
 * is over, in milliseconds since 1970.
 */
export function coolDown(
  { db, now }: Pick<Deps, "db" | "now">,
  site: string,
  reason: string,
  retryAfterSeconds: number | null = null,
): number {
  const known = findSite(db, site);
  const strikes = (known?.strikes ?? 0) + 1;
  const until = now() + pauseMs(strikes, retryAfterSeconds);
  const coolDownUntil = Math.max(until, known?.coolDownUntil ?? 0);
  saveSite(db, site, { coolDownUntil, coolDownReason: reason, strikes, updatedAt: now() });
  return coolDownUntil;
}

/** Sites that are left alone now: until when, and why. */
export function sitesCoolingDown(
  { db }: Pick<Deps, "db">,
  now: number,
): Map<string, { until: number; reason: string }> {
  return new Map(
    coolingSites(db, now).map((row) => [
      row.site,
      { until: row.coolDownUntil ?? now, reason: row.coolDownReason ?? "" },
    ]),
  );
}

function expectOf(db: Deps["db"], site: string): Pick<RouteFacts, "speed" | "knownFrom"> {
  const [own, others] = [findSite(db, site)?.speed ?? null, findSite(db, anySite)?.speed ?? null];
  const usual = speedOf(others, assumedSpeed);
  return {
    speed: speedOf(own, usual),
    knownFrom: own ? "this site" : others ? "other sites" : "nothing",
  };
}
