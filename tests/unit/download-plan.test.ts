import { describe, expect, test } from "bun:test";
import {
  assumedSpeed,
  pauseMs,
  planCost,
  planRoute,
  siteOf,
} from "../../src/features/downloads/fetching/plan.ts";
import { hasRoom, headroomBytes } from "../../src/storage/free-space.ts";

describe("the lane of a download", () => {
  const speed = { bytesPerSecond: 1_000_000, overheadSeconds: 0 };
  const known = { speed, knownFrom: "this site" } as const;
  const facts = { sizeBytes: null, durationSeconds: null, thresholdMinutes: 10, ...known };
  test.each([
    ["small", { sizeBytes: 1_000_000 }, "short", 1],
    ["just at the threshold", { sizeBytes: 600_000_000 }, "short", 600],
    ["over the threshold", { sizeBytes: 601_000_000 }, "long", 601],
    ["long by its length alone", { durationSeconds: 3600 }, "long", 2160],
    ["the size counts, not the length", { sizeBytes: 1_000_000, durationSeconds: 36_000 }, "short", 1],
    ["nothing measured yet", { sizeBytes: 100_000_000, speed: assumedSpeed }, "short", 22],
    ["long by hand", { sizeBytes: 1_000_000, forceLong: true }, "long", 1],
    [
      "a slow site's start counts",
      { sizeBytes: 600_000_000, speed: { ...speed, overheadSeconds: 5 } },
      "long",
      605,
    ],
    ["nothing known", {}, "short", null],
  ] as const)("%s", (_, given, lane, estimatedSeconds) => {
    expect(planRoute({ ...facts, ...given })).toMatchObject({ lane, estimatedSeconds });
  });

  test("is explained", () => {
    expect(planRoute({ ...facts, sizeBytes: 1_500_000_000 }).reason).toBe("1.5 GB, about 25 min expected.");
    expect(planRoute({ ...facts, durationSeconds: 60 }).reason).toStartWith("perhaps ");
    const guess = { ...facts, sizeBytes: 1_000_000, knownFrom: "nothing" } as const;
    expect(planRoute(guess).reason).toBe("1 MB, under a minute expected, by a guess.");
    expect(planRoute({ ...facts, forceLong: true }).reason).toBe(
      "The site says neither size nor length. In the long lane, as was asked for.",
    );
  });
});

test("a site that asks to be left alone is left alone longer each time, and as long as it says", () => {
  const minute = 60_000;
  expect([1, 2, 3, 20].map((strikes) => pauseMs(strikes, null) / minute)).toEqual([1, 2, 4, 360]);
  expect(pauseMs(1, 600)).toBe(10 * minute);
  expect(pauseMs(3, 1)).toBe(4 * minute);
  expect(pauseMs(1, 1e9)).toBe(360 * minute);
});

test("what it costs is said where prices are set", () => {
  const prices = { currency: "EUR", storage_gb_month: 0.02, traffic_gb: 0.1 };
  expect(planCost(5e9, prices)).toEqual({ storageMonth: 0.1, traffic: 0.5, currency: "EUR" });
  expect(planCost(5e9, { ...prices, currency: "" })).toBeNull();
});

test.each([
  ["https://www.Example.org/watch", "example.org"],
  ["https://example.org.:8443/", "example.org"],
  ["http://[2001:db8::1]/", "[2001:db8::1]"],
  ["https://media.example.org/", "media.example.org"],
])("%s is of the site %s", (url, site) => expect(siteOf(new URL(url))).toBe(site));

test("a download needs its size twice and the headroom", () => {
  expect(hasRoom(headroomBytes, null)).toBe(true);
  expect(hasRoom(headroomBytes - 1, null)).toBe(false);
  expect(hasRoom(headroomBytes + 2_000, 1_000)).toBe(true);
  expect(hasRoom(headroomBytes + 1_999, 1_000)).toBe(false);
});
