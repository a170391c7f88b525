import type { Lane } from "../../../lib/lanes.ts";
import { formatBytes } from "../../../lib/bytes.ts";
import type { Speed } from "../../../lib/speed.ts";

export interface RouteFacts {
  /** What is expected of the site. */
  speed: Speed;
  /** Whose downloads that is known from. */
  knownFrom: "this site" | "other sites" | "nothing";
  sizeBytes: number | null;
  durationSeconds: number | null;
  thresholdMinutes: number;
  /** The long lane was chosen by hand. */
  forceLong?: boolean;
}

export interface Route {
  lane: Extract<Lane, "short" | "long">;
  /** Null where nothing is known to estimate from. */
  estimatedSeconds: number | null;
  estimatedBytes: number | null;
  /** For people. */
  reason: string;
}

/** A common bitrate of 1080p video, where the site says a duration but no size. */
const assumedBytesPerSecondOfVideo = 600_000;
/** Before anything was measured: a home connection of 40 Mbit/s, and yt-dlp's start. */
export const assumedSpeed: Speed = { bytesPerSecond: 5_000_000, overheadSeconds: 2 };

/** Which lane a download takes: the one for short waits, unless it is expected to take longer. */
export function planRoute(facts: RouteFacts): Route {
  const estimatedBytes = estimateBytes(facts);
  const { overheadSeconds, bytesPerSecond } = facts.speed;
  const estimatedSeconds = estimatedBytes === null ? null : overheadSeconds + estimatedBytes / bytesPerSecond;
  const isLong = estimatedSeconds !== null && estimatedSeconds > facts.thresholdMinutes * 60;
  return {
    lane: isLong || facts.forceLong ? "long" : "short",
    estimatedSeconds,
    estimatedBytes,
    reason: explain(facts, estimatedBytes, estimatedSeconds),
  };
}

function estimateBytes({ sizeBytes, durationSeconds }: RouteFacts): number | null {
  if (sizeBytes !== null) return sizeBytes;
  return durationSeconds === null ? null : Math.round(durationSeconds * assumedBytesPerSecondOfVideo);
}

function explain(facts: RouteFacts, bytes: number | null, seconds: number | null): string {
  const byHand = facts.forceLong ? " In the long lane, as was asked for." : "";
  if (bytes === null || seconds === null) return `The site says neither size nor length.${byHand}`;
  const size = `${facts.sizeBytes === null ? "perhaps " : ""}${formatBytes(bytes)}`;
  const time = seconds < 60 ? "under a minute" : `about ${Math.ceil(seconds / 60)} min`;
  return `${size}, ${time} expected${bases[facts.knownFrom]}.${byHand}`;
}

const bases = { "this site": "", "other sites": ", by other sites", nothing: ", by a guess" } as const;

export interface Cost {
  /** Of keeping it, for each month. */
  storageMonth: number;
  /** Of fetching it once. */
  traffic: number;
  currency: string;
}

/** In the currency of the settings; null where they name none. */
export function planCost(
  bytes: number,
  prices: { currency: string; storage_gb_month: number; traffic_gb: number },
): Cost | null {
  if (prices.currency === "") return null;
  const gigabytes = bytes / 1e9;
  const { storage_gb_month: storage, traffic_gb: traffic, currency } = prices;
  return { storageMonth: gigabytes * storage, traffic: gigabytes * traffic, currency };
}

const firstPauseMs = 60_000;
const longestPauseMs = 6 * 3_600_000;

/** How long a site is left alone that has asked for it `strikes` times in a row. */
export function pauseMs(strikes: number, retryAfterSeconds: number | null): number {
  const growing = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.max(0, strikes - 1));
  return Math.min(longestPauseMs, Math.max(growing, (retryAfterSeconds ?? 0) * 1000));
}

/** By which downloads wait for each other, and what they taught is kept: the host without "www.". */
export function siteOf(url: URL): string {
  return url.hostname
    .toLowerCase()
    .replace(/^www\./, "")
    .replace(/\.$/, "");
}
