import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatClock, parseClock } from "../../src/lib/clock-time.ts";

test.each([
  ["", null],
  ["45", 45],
  ["90", 90],
  ["2:30", 150],
  ["0:07.5", 7.5],
  ["1:02:03", 3723],
  [" 100:00:00 ", 360_000],
])("%p is %p seconds", (text, seconds) => expect(parseClock(text)).toBe(seconds));

test.each(["x", "-1", "1:2:3:4", "1:", ":30", "2m", "1e3", "1:002", "9999999"])("%p is no time", (text) => {
  expect(() => parseClock(text, "clip_from")).toThrow(expect.objectContaining({ field: "clip_from" }));
});

test("what is written is read as the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999 * 3600 * 1000 }), (ms) => {
      expect(parseClock(formatClock(ms / 1000))).toBeCloseTo(ms / 1000, 3);
    }),
  );
});
