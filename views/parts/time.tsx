import type { Child } from "hono/jsx";
import { formatRelativeTime } from "../../src/lib/durations.ts";

let days: Intl.DateTimeFormat | undefined;

/** "14 March 2024". */
export function formatDay(at: number): string {
  days ??= new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
  return days.format(at);
}

// Made with its first use: the language data behind it takes its time.
let exact: Intl.DateTimeFormat | undefined;

/** "3 days ago", or other words; the exact time on hover, which the browser turns into its own time zone. */
export function Time({ at, now, children }: { at: number; now: number; children?: Child }) {
  exact ??= new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  return (
    <time datetime={new Date(at).toISOString()} title={`${exact.format(at)} UTC`}>
      {children ?? formatRelativeTime(at, now)}
    </time>
  );
}
