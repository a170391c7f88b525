import { expect, test } from "bun:test";
import { isWorthGetting, planUpdate } from "../../src/features/downloads/downloader/plan.ts";
import type { Care } from "../../src/features/downloads/downloader/plan.ts";

const pin = "2026.09.01";
const cases: [string, Care["updates"], string, string | null, boolean, string | null][] = [
  ["a good one is left alone", "when-old", "", "2026.10.26", false, null],
  ["an old one is replaced", "when-old", "", "2026.01.15", true, "newest"],
  ["a missing one is got", "when-old", "", null, false, "newest"],
  ["daily asks each day", "daily", "", "2026.10.26", false, "newest"],
  ["never asks for none, old as it may be", "never", "", "2026.01.15", true, null],
  ["never gets no missing one", "never", "", null, false, null],
  ["never gets no pinned one", "never", pin, "2026.10.26", false, null],
  ["a pin that is in use stays, old as it may be", "daily", pin, pin, true, null],
  ["a pin replaces a newer one", "when-old", pin, "2026.10.26", false, pin],
  ["a pin replaces an older one", "daily", pin, "2026.08.01", false, pin],
  ["a pin is got where there is none", "when-old", pin, null, false, pin],
];

test.each(cases)("%s", (_, updates, wanted, version, isStale, expected) => {
  expect(planUpdate({ updates, pin: wanted }, { version, isStale })).toBe(expected);
});

test.each([
  ["newer", "2026.11.01", "2026.10.26", null, true],
  ["the same", "2026.10.26", "2026.10.26", null, false],
  ["older, after the channel was changed", "2026.10.26", "2026.11.01.232905", null, false],
  ["a nightly one of the same day", "2026.10.26.232905", "2026.10.26", null, true],
  ["another of the same day", "2026.10.26.232905", "2026.10.26.040506", null, true],
  ["where there is none", "2026.10.26", null, "2026.10.26", true],
  ["what was left behind", "2026.10.26", "2026.09.01", "2026.10.26", false],
  ["older than what was left behind", "2026.10.01", "2026.09.01", "2026.10.26", false],
  ["newer than what was left behind", "2026.11.01", "2026.09.01", "2026.10.26", true],
])("%s: %s beside %p, %p left behind", (_, newest, version, leftBehind, worth) => {
  expect(isWorthGetting(newest, version, leftBehind)).toBe(worth);
});
