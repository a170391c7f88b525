import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatBytes, parseBytes } from "../../src/lib/bytes.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 kB"],
  [1234, "1.2 kB"],
  [12_345, "12 kB"],
  [9_960, "10 kB"],
  [999_499, "999 kB"],
  [999_950, "1 MB"],
  [500_000_000, "500 MB"],
  [1_500_000_000, "1.5 GB"],
  [50e12, "50 TB"],
  [9e18, "9000 PB"],
])("%d bytes read %p", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each<[string, number | null]>([
  ["500MB", 500_000_000],
  ["500 mb", 500_000_000],
  ["1.5GB", 1_500_000_000],
  ["64KiB", 65_536],
  ["2GiB", 2_147_483_648],
  ["10k", 10_000],
  ["1024", 1024],
  ["0", 0],
  [" 7 B ", 7],
  ["", null],
  ["MB", null],
  ["-5MB", null],
  ["1e3", null],
  ["5 parsecs", null],
  ["1,5GB", null],
  ["constructor", null],
  ["5constructor", null],
  ["9999999PB", null],
])("%p is %p bytes", (text, bytes) => expect(parseBytes(text)).toBe(bytes));

test("what is shown can be read again, within its rounding", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (bytes) => {
      const read = parseBytes(formatBytes(bytes)) ?? Number.NaN;
      expect(Math.abs(read - bytes)).toBeLessThanOrEqual(bytes * 0.051);
    }),
  );
});
