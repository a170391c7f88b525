/** A video's length as on a player: "0:07", "12:40", "1:02:03", "100:00:00". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const clock = `${hours > 0 ? pad(minutes) : minutes}:${pad(whole % 60)}`;
  return hours > 0 ? `${hours}:${clock}` : clock;
}

/** How long something still takes, rounded up: "40 s", "12 min", "2 h 5 min". */
export function formatTimeLeft(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const minute = 60_000;
const day = 86_400_000;
const units = [
  ["year", 365 * day],
  ["month", 30 * day],
  ["week", 7 * day],
  ["day", day],
  ["hour", 3_600_000],
  ["minute", minute],
] as const;

// Made with its first use: the language data behind it takes 7 ms and 5 MB.
let words: Intl.RelativeTimeFormat | undefined;

/** "3 days ago", "in 2 hours", "just now" (less than a minute either way). Both times in milliseconds. */
export function formatRelativeTime(at: number, now: number): string {
  // What was just made to last a week ends in one, and not in 6 days and 23 hours.
  const distance = at > now ? Math.ceil((at - now) / minute) * minute : now - at;
  const unit = units.find(([, ms]) => distance >= ms);
  if (!unit || Math.abs(at - now) < minute) return "just now";
  words ??= new Intl.RelativeTimeFormat("en", { numeric: "always" });
  return words.format(Math.sign(at - now) * Math.floor(distance / unit[1]), unit[0]);
}

const factors: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: day,
  w: 7 * day,
};

/** Milliseconds in "90s", "15m", "12h", "30d" or "1h30m"; null for anything else. */
export function parseDurationMs(text: string): number | null {
  const trimmed = text.trim();
  if (!/^(?:\d+(?:ms|[smhdw]))+$/.test(trimmed)) return null;
  let total = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+)(ms|[smhdw])/g)) {
    total += Number(amount) * (factors[unit ?? ""] ?? Number.NaN);
  }
  return Number.isSafeInteger(total) ? total : null;
}

function pad(n: number): string {
  return String(n).padStart(2, "0");
}
