import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { AppError } from "../../src/lib/errors.ts";
import { checkKey, checkPrefix, isKey, keys, revisionOf } from "../../src/storage/keys.ts";

test("keys are what the design says", () => {
  expect(keys.original("v1", "mp4")).toBe("videos/v1/original.mp4");
  expect(keys.rendition("v1", "playable.mp4")).toBe("videos/v1/playable.mp4");
  expect(keys.thumbnail("v1", "2")).toBe("thumbnails/v1/2.jpg");
  expect(keys.thumbnail("v1", "poster")).toBe("thumbnails/v1/poster.jpg");
  expect(keys.image("i1", "png")).toBe("images/i1.png");
  expect(keys.course("c1", "cover.jpg")).toBe("courses/c1/cover.jpg");
});

test("what takes the place of other files has a name of its own, and knows it again", () => {
  expect(keys.original("v1", "mp4", "r2")).toBe("videos/v1/original-r2.mp4");
  expect(keys.rendition("v1", "playable.mp4", "r2")).toBe("videos/v1/playable-r2.mp4");
  expect(keys.thumbnail("v1", "poster", "r2")).toBe("thumbnails/v1/poster-r2.jpg");
  expect(revisionOf("videos/v1/original-r2.mp4")).toBe("r2");
  expect(revisionOf("videos/v1-x/original.mp4")).toBeNull();
});

const refused = [
  "",
  "/",
  "/a",
  "a/",
  "a//b",
  ".",
  "..",
  "a/../b",
  "../a",
  "a/..",
  ".incoming/a",
  "a/.b",
  "a\\b",
  "a b",
];
refused.push("a\n", "a\0b", "ä", "a%2fb", "a:b", "~/a?", "x".repeat(256), `${"a/".repeat(500)}b`);

test.each(refused)("%p is no key", (key) => {
  expect(() => checkKey(key)).toThrow(AppError);
});

test.each(["a", "a/b", "-a", "a..b", "a.b.c", "_", "x".repeat(255)])("%p is a key", (key) => {
  expect(checkKey(key)).toBe(key);
});

test("ids and extensions can't lead out of their folder", () => {
  expect(() => keys.original("../x", "mp4")).toThrow(AppError);
  expect(() => keys.rendition("v1", "..")).toThrow(AppError);
  expect(() => keys.image("i1", "png/../../x")).toThrow(AppError);
});

test("a prefix may end within a name or with a slash", () => {
  for (const prefix of ["", "videos", "videos/", "videos/0"]) expect(checkPrefix(prefix)).toBe(prefix);
  for (const prefix of ["/", "../", "a//", ".", "a/.."]) expect(() => checkPrefix(prefix)).toThrow(AppError);
});

test("no key leaves the folder it is joined to", () => {
  const nasty = fc.array(fc.constantFrom("..", ".", "/", "\\", "a", "b.c", "-", "\0", "%2e"), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(nasty, (pieces) => {
      const key = pieces.join("");
      if (isKey(key)) expect(resolve(join("/root-folder", key))).toBe(`/root-folder/${key}`);
    }),
    { numRuns: 3000 },
  );
});
