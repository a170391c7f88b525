import { formatRelativeTime } from "../../src/lib/durations.ts";

const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });

/** "3 days ago"; the exact time on hover, which the browser turns into its own time zone. */
export function Time({ at, now }: { at: number; now: number }) {
  return (
    <time datetime={new Date(at).toISOString()} title={`${exact.format(at)} UTC`}>
      {formatRelativeTime(at, now)}
    </time>
  );
}
