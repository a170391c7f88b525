import { expect, test } from "bun:test";
import { formatDuration, formatRelativeTime, parseDurationMs } from "../../src/lib/durations.ts";

test.each([
  [0, "0:00"],
  [7.4, "0:07"],
  [59.6, "1:00"],
  [760, "12:40"],
  [3599.9, "1:00:00"],
  [3723, "1:02:03"],
  [360_000, "100:00:00"],
  [-3, "0:00"],
])("%d seconds read %p", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

const now = Date.parse("2026-05-20T12:00:00Z");
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

test.each([
  [0, "just now"],
  [-59_999, "just now"],
  [30_000, "just now"],
  [-minute, "1 minute ago"],
  [-59 * minute, "59 minutes ago"],
  [-hour, "1 hour ago"],
  [2 * hour + 5, "in 2 hours"],
  [-day, "1 day ago"],
  [-3 * day, "3 days ago"],
  [-13 * day, "1 week ago"],
  [-45 * day, "1 month ago"],
  [-364 * day, "12 months ago"],
  [-800 * day, "2 years ago"],
  [7 * 24 * hour - 5000, "in 1 week"],
  [2 * hour - 1, "in 2 hours"],
])("%d ms from now is %p", (offset, text) => expect(formatRelativeTime(now + offset, now)).toBe(text));

test.each<[string, number | null]>([
  ["250ms", 250],
  ["90s", 90_000],
  ["15m", 15 * minute],
  ["12h", 12 * hour],
  ["30d", 30 * day],
  ["2w", 14 * day],
  ["1h30m", 90 * minute],
  [" 5m ", 5 * minute],
  ["0s", 0],
  ["", null],
  ["15", null],
  ["m", null],
  ["15 m", null],
  ["-5m", null],
  ["1.5h", null],
  ["forever", null],
  ["99999999999999999w", null],
])("%p is %p ms", (text, ms) => expect(parseDurationMs(text)).toBe(ms));
