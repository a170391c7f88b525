import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isOpenEnded, parseRange, type RangeChoice } from "../../src/lib/range.ts";

const whole: RangeChoice = { kind: "whole" };
const unsatisfiable: RangeChoice = { kind: "unsatisfiable" };
const part = (start: number, end: number): RangeChoice => ({ kind: "part", start, end });

describe("a range of a file of 1000 bytes", () => {
  const cases: [string | null, RangeChoice][] = [
    [null, whole],
    ["", whole],
    ["bytes=0-0", part(0, 0)],
    ["bytes=0-499", part(0, 499)],
    ["bytes=500-999", part(500, 999)],
    ["bytes=999-", part(999, 999)],
    ["bytes=0-", part(0, 999)],
    ["bytes=-1", part(999, 999)],
    ["bytes=-1000", part(0, 999)],
    ["bytes=-5000", part(0, 999)],
    ["bytes=990-5000", part(990, 999)],
    ["BYTES=1-2", part(1, 2)],
    ["  bytes=1-2\t", part(1, 2)],
    ["bytes= 1-2 ", part(1, 2)],
    ["bytes=0001-0002", part(1, 2)],
    // not satisfiable
    ["bytes=1000-", unsatisfiable],
    ["bytes=1000-1001", unsatisfiable],
    ["bytes=-0", unsatisfiable],
    // several ranges: the whole file is allowed
    ["bytes=0-1,5-6", whole],
    ["bytes=0-1,", whole],
    // not understood, or malformed
    ["items=0-1", whole],
    ["bytes", whole],
    ["bytes=", whole],
    ["bytes=-", whole],
    ["bytes=a-b", whole],
    ["bytes=5-1", whole],
    ["bytes=1-2x", whole],
    ["bytes=1 - 2", whole],
    ["bytes =1-2", whole],
    ["bytes=+1-2", whole],
    ["bytes=0x1-2", whole],
    ["bytes=1.5-2", whole],
    ["bytes=--1", whole],
    // Arabic digits are digits only to Unicode
    ["bytes=\u0661-\u0662", whole],
    // longer than a double can hold exactly
    ["bytes=0-99999999999999999999999", part(0, 999)],
    ["bytes=99999999999999999999999-", unsatisfiable],
    ["bytes=-99999999999999999999999", part(0, 999)],
    ["bytes=9007199254740993-9007199254740992", whole],
    ["bytes=9007199254740992-9007199254740993", unsatisfiable],
    [`bytes=0-${"9".repeat(5000)}`, part(0, 999)],
  ];
  test.each(cases)("%p", (header, expected) => {
    expect(parseRange(header, 1000)).toEqual(expected);
  });
});

test("every range of an empty file is the whole of it", () => {
  for (const header of ["bytes=0-", "bytes=0-0", "bytes=5-", "bytes=-1", "bytes=-0"]) {
    expect(parseRange(header, 0)).toEqual(whole);
  }
});

test("a well-formed range picks the bytes that a walk over the positions picks", () => {
  const position = fc.option(fc.nat(60), { nil: null });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), position, position, (size, first, last) => {
      const header = `bytes=${first ?? ""}-${last ?? ""}`;
      expect(positionsOf(parseRange(header, size), size)).toEqual(naivePositions(size, first, last));
    }),
    { numRuns: 2000 },
  );
});

test("no text makes it throw or point outside of the file", () => {
  const likeHeader = fc.stringMatching(/^bytes=[-0-9, \t]{0,30}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), likeHeader), fc.nat(1e12), (header, size) => {
      const range = parseRange(header, size);
      if (range.kind !== "part") return;
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.end).toBeGreaterThanOrEqual(range.start);
      expect(range.end).toBeLessThan(size);
    }),
    { numRuns: 2000 },
  );
});

test("only a range without an end is open-ended", () => {
  expect(["bytes=0-", "Bytes= 7- "].map(isOpenEnded)).toEqual([true, true]);
  expect(["bytes=0-5", "bytes=-5", "bytes=-", "bytes=0-,5-", "", "items=0-"].some(isOpenEnded)).toBe(false);
});

function positionsOf(range: RangeChoice, size: number): number[] | "unsatisfiable" {
  if (range.kind === "unsatisfiable") return "unsatisfiable";
  const all = Array.from({ length: size }, (_, i) => i);
  return range.kind === "whole" ? all : all.slice(range.start, range.end + 1);
}

/** RFC 9110 §14.1.2 read aloud: look at each position and say whether it was asked for. */
function naivePositions(size: number, first: number | null, last: number | null) {
  const all = Array.from({ length: size }, (_, i) => i);
  if (first === null && last === null) return all;
  if (first !== null && last !== null && last < first) return all;
  const wanted = all.filter((i) => {
    if (first === null) return size - i <= (last ?? 0);
    return i >= first && (last === null || i <= last);
  });
  return wanted.length === 0 ? "unsatisfiable" : wanted;
}
