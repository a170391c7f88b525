import { describe, expect, test } from "bun:test";
import { parseTags } from "../../src/features/videos/tag-names.ts";
import { cleanText } from "../../src/lib/text.ts";

describe("tags", () => {
  test.each([
    ["a, b", ["a", "b"]],
    ["#News , news,NEWS", ["news"]],
    [" two  words ,", ["two words"]],
    ["##deep", ["deep"]],
    [
      ["x,y", "z"],
      ["x,y", "z"],
    ],
    ["a\u0000b,\u202eevil", ["a b", "evil"]],
    ["", []],
  ])("%p", (given, expected) => {
    expect(parseTags(given)).toEqual(expected);
  });

  test("are cut, and not in the middle of a letter", () => {
    expect(parseTags("😀".repeat(60))).toEqual(["😀".repeat(50)]);
  });
});

describe("text of strangers", () => {
  test.each([
    ["plain", "plain"],
    ["  two\nlines\t", "two lines"],
    ["nul\u0000x\u0007", "nul x"],
    ["\u202eevil\u202c \u2066x\u2069", "evil x"],
    ["a \ud800 b", "a \ufffd b"],
    ["<script>", "<script>"],
    ["x".repeat(12), "xxxxxxxxx…"],
    ["😀".repeat(12), `${"😀".repeat(9)}…`],
  ])("%p", (given, expected) => {
    expect(cleanText(given, 10)).toBe(expected);
  });

  test("can keep its lines", () => {
    expect(cleanText("a\r\nb\u0001c", 10, { keepLines: true })).toBe("a\nb c");
    expect(cleanText("a\nb", 10)).toBe("a b");
  });
});
