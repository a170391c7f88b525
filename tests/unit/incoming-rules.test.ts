import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { filenameOfKey, hasAddress, isFolderMark } from "../../src/features/uploads/incoming/rules.ts";
import { checkFilename } from "../../src/features/uploads/upload-rules.ts";

describe("the name of a file in incoming/", () => {
  const names: [string, string][] = [
    ["incoming/holiday.mp4", "holiday.mp4"],
    ["incoming/2024/March/holiday.mp4", "holiday.mp4"],
    ["incoming/a\\b.mp4", "a-b.mp4"],
    ["incoming/a\nb\u0000c.mp4", "a b c.mp4"],
    ["incoming/\u202egpj.mp4", "gpj.mp4"],
    ["incoming/\n", "video"],
    ["incoming/../../etc/passwd", "passwd"],
  ];
  test.each(names)("of %j is %j", (key, name) => expect(filenameOfKey(key)).toBe(name));

  test("is one that an upload may have, whatever the key is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 1000 }), (text) => {
        const name = filenameOfKey(`incoming/${text}`);
        expect(checkFilename(name)).toBe(name);
      }),
    );
  });
});

test("a folder's mark is no file", () => {
  expect(["incoming/", "incoming/a/", "incoming/a"].map(isFolderMark)).toEqual([true, true, false]);
});

test("dots that lead elsewhere have no address", () => {
  const keys = ["incoming/../x", "incoming/./x", "incoming/a/..", "incoming/...", "incoming/..a/.b"];
  expect(keys.map(hasAddress)).toEqual([false, false, false, true, true]);
});
