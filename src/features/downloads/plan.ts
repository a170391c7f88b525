import type { Lane } from "../../lib/lanes.ts";
import { formatBytes } from "../../lib/bytes.ts";

export interface RouteFacts {
  sizeBytes: number | null;
  durationSeconds: number | null;
  /** This machine's own, measured on its last downloads; null before the first. */
  bytesPerSecond: number | null;
  thresholdMinutes: number;
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
/** Before anything was measured: a home connection of 40 Mbit/s. */
const assumedBytesPerSecond = 5_000_000;

/** Which lane a download takes: the one for short waits, unless it is expected to take longer. */
export function planRoute(facts: RouteFacts): Route {
  const estimatedBytes =
    facts.sizeBytes ??
    (facts.durationSeconds === null
      ? null
      : Math.round(facts.durationSeconds * assumedBytesPerSecondOfVideo));
  if (estimatedBytes === null) {
    return {
      lane: "short",
      estimatedSeconds: null,
      estimatedBytes,
      reason: "The site says neither size nor length.",
    };
  }
  const estimatedSeconds = Math.ceil(estimatedBytes / (facts.bytesPerSecond ?? assumedBytesPerSecond));
  const lane = estimatedSeconds > facts.thresholdMinutes * 60 ? "long" : "short";
  return { lane, estimatedSeconds, estimatedBytes, reason: explain(facts, estimatedBytes, estimatedSeconds) };
}

function explain(facts: RouteFacts, bytes: number, seconds: number): string {
  const size = `${facts.sizeBytes === null ? "perhaps " : ""}${formatBytes(bytes)}`;
  const time = seconds < 60 ? "under a minute" : `about ${Math.ceil(seconds / 60)} min`;
  return `${size}, ${time} expected.`;
}

/** Bytes that stay free for the database and everything else. */
export const headroomBytes = 500_000_000;

/** Whether a download of this size may start; merging and remuxing need the space twice. */
export function hasRoom(freeBytes: number, expectedBytes: number | null): boolean {
  return freeBytes >= headroomBytes + 2 * (expectedBytes ?? 0);
}
