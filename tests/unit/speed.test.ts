import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { learnSpeed, speedOf } from "../../src/lib/speed.ts";
import type { SpeedModel } from "../../src/lib/speed.ts";

const usual = { overheadSeconds: 2, bytesPerSecond: 5_000_000 };
const after = (downloads: [megabytes: number, seconds: number][]) =>
  downloads.reduce<SpeedModel | null>((known, [megabytes, s]) => learnSpeed(known, megabytes * 1e6, s), null);
const expected = (known: SpeedModel | null, megabytes: number) => {
  const { overheadSeconds, bytesPerSecond } = speedOf(known, usual);
  return overheadSeconds + (megabytes * 1e6) / bytesPerSecond;
};

describe("what a download is expected to take", () => {
  test("is as usual of a site that nothing is known of", () => {
    expect(speedOf(null, usual)).toEqual(usual);
  });

  test("after one download is what that one took, and more for more", () => {
    const known = after([[10, 1]]);
    expect(expected(known, 10)).toBeCloseTo(1, 1);
    expect(expected(known, 100)).toBeGreaterThan(2);
    expect(expected(known, 100)).toBeLessThan(10);
  });

  test("finds what sites take beside the bytes, and how fast these come", () => {
    const line = (megabytes: number): [number, number] => [megabytes, 1.5 + megabytes / 4];
    const known = after([1, 20, 5, 40, 2, 10].map(line));
    for (const megabytes of [1, 8, 40, 200])
      expect(expected(known, megabytes) / (1.5 + megabytes / 4)).toBeCloseTo(1, 1);
  });

  test("forgets how a site was before it became slower", () => {
    const fast = after([1, 20, 5, 40].map((megabytes) => [megabytes, 1 + megabytes / 50]));
    let known = fast;
    for (const megabytes of [10, 3, 30, 8, 15, 25, 4, 12, 20, 6])
      known = learnSpeed(known, megabytes * 1e6, 1 + megabytes / 2);
    expect(expected(known, 20) / 11).toBeCloseTo(1, 0);
    expect(expected(fast, 20)).toBeLessThan(2);
  });

  test("is never below nothing, and a number, whatever came before", () => {
    const download = fc.tuple(
      fc.double({ min: 0, max: 1e5, noNaN: true }),
      fc.double({ min: 0, max: 1e5, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.array(download, { maxLength: 30 }),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        (list, size) => {
          const seconds = expected(after(list), size);
          return Number.isFinite(seconds) && seconds >= 0;
        },
      ),
    );
  });
});
