import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  countNumbers,
  formatNumbers,
  highestNumber,
  includesNumber,
  parseNumbers,
} from "../../src/lib/number-ranges.ts";

describe("numbers as people write them", () => {
  test.each([
    ["", []],
    ["  ", []],
    ["7", [[7, 7]]],
    [
      "1-20,33",
      [
        [1, 20],
        [33, 33],
      ],
    ],
    [
      "1–3; 5",
      [
        [1, 3],
        [5, 5],
      ],
    ],
    [
      "33, 1-20",
      [
        [1, 20],
        [33, 33],
      ],
    ],
    ["1-5,4-9,10", [[1, 10]]],
    ["40-", [[40, highestNumber]]],
  ] as const)("%p", (text, ranges) => expect(parseNumbers(text)).toEqual(ranges as never));

  test.each(["0", "5-3", "-3", "1-2-3", "x", "1.5", "50001", "1-999999", "1 to 5", "1e3", "٣", "1\u00003"])(
    "%p is refused",
    (text) => expect(() => parseNumbers(text)).toThrow(expect.objectContaining({ field: "items" })),
  );

  test("so much at once is refused", () => {
    expect(() => parseNumbers("1,".repeat(6000))).toThrow("too many");
  });
});

test("what is written is read as the same", () => {
  const chosen = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 80 });
  fc.assert(
    fc.property(chosen, (numbers) => {
      const ranges = parseNumbers(numbers.join(","));
      expect(parseNumbers(formatNumbers(ranges))).toEqual(ranges);
      expect(countNumbers(ranges, highestNumber)).toBe(numbers.length);
      for (let n = 0; n <= 201; n++) expect(includesNumber(ranges, n)).toBe(numbers.includes(n));
    }),
  );
});

test("only what there is counts", () => {
  expect(countNumbers(parseNumbers("1-20,33,40-"), 35)).toBe(21);
});
