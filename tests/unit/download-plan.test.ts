import { describe, expect, test } from "bun:test";
import { hasRoom, headroomBytes, planRoute } from "../../src/features/downloads/plan.ts";

describe("the lane of a download", () => {
  const facts = { sizeBytes: null, durationSeconds: null, bytesPerSecond: 1_000_000, thresholdMinutes: 10 };
  test.each([
    ["small", { sizeBytes: 1_000_000 }, "short", 1],
    ["just at the threshold", { sizeBytes: 600_000_000 }, "short", 600],
    ["over the threshold", { sizeBytes: 601_000_000 }, "long", 601],
    ["long by its length alone", { durationSeconds: 3600 }, "long", 2160],
    ["the size counts, not the length", { sizeBytes: 1_000_000, durationSeconds: 36_000 }, "short", 1],
    ["nothing measured yet", { sizeBytes: 100_000_000, bytesPerSecond: null }, "short", 20],
    ["nothing known", {}, "short", null],
  ] as const)("%s", (_, given, lane, estimatedSeconds) => {
    expect(planRoute({ ...facts, ...given })).toMatchObject({ lane, estimatedSeconds });
  });

  test("is explained", () => {
    expect(planRoute({ ...facts, sizeBytes: 1_500_000_000 }).reason).toBe("1.5 GB, about 25 min expected.");
    expect(planRoute({ ...facts, durationSeconds: 60 }).reason).toStartWith("perhaps ");
  });
});

test("a download needs its size twice and the headroom", () => {
  expect(hasRoom(headroomBytes, null)).toBe(true);
  expect(hasRoom(headroomBytes - 1, null)).toBe(false);
  expect(hasRoom(headroomBytes + 2_000, 1_000)).toBe(true);
  expect(hasRoom(headroomBytes + 1_999, 1_000)).toBe(false);
});
