import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { contentDisposition, safeFilename } from "../../src/lib/content-disposition.ts";

test("a plain name needs no second form", () => {
  expect(contentDisposition("inline", "Trip to the sea.mp4")).toBe('inline; filename="Trip to the sea.mp4"');
});

test("other scripts come in UTF-8, with something readable for old clients", () => {
  expect(contentDisposition("attachment", "Größe 日本 'a' (1)*.mp4")).toBe(
    `attachment; filename="Gro_e __ 'a' (1)_.mp4"; ` +
      "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%E6%97%A5%E6%9C%AC%20%27a%27%20%281%29_.mp4",
  );
});

test("a name of nothing but marks, or of full-width dots, has a plain form all the same", () => {
  expect(contentDisposition("inline", "\u{10d24}")).toStartWith('inline; filename="file"; filename*=');
  expect(contentDisposition("inline", "\uff0e\uff0e\uff0fa")).toStartWith(
    'inline; filename="_a"; filename*=',
  );
});

describe("hostile names", () => {
  test.each([
    ["../../etc/passwd", "_.._etc_passwd"],
    ["..\\..\\boot.ini", "_.._boot.ini"],
    ['a";filename="evil.exe', "a__filename=_evil.exe".replace("__", "_;")],
    ["line\r\nSet-Cookie: a=b.mp4", "line Set-Cookie_ a=b.mp4"],
    ["null\0byte.mp4", "nullbyte.mp4"],
    ["photo\u202Egpj.exe", "photogpj.exe"],
    ["-rf", "rf"],
    [".htaccess", "htaccess"],
    ["CON.mp4", "_CON.mp4"],
    ["aux", "_aux"],
    ["trailing. . ", "trailing"],
    ["", "file"],
    ["...", "file"],
    ["\ud800.mp4", "\ufffd.mp4"],
  ])("%p is saved as %p", (given, expected) => expect(safeFilename(given)).toBe(expected));

  test("300 characters keep their extension, and emoji stay whole", () => {
    const name = safeFilename(`${"🎬".repeat(300)}.mp4`);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
    expect(name).toMatch(/^(?:🎬)+\.mp4$/u);
  });
});

test("any name gives one header of printable ASCII, whose UTF-8 form is the safe name", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" })), (name) => {
      const header = contentDisposition("attachment", name);
      expect(header).toMatch(
        /^attachment; filename="[ !#$&-[\]-~]+"(; filename\*=UTF-8''[\w%.!#$&+^`|~-]+)?$/,
      );
      const encoded = /UTF-8''(.*)$/.exec(header)?.[1];
      if (encoded) expect(decodeURIComponent(encoded)).toBe(safeFilename(name));
      expect(new Headers({ "content-disposition": header }).get("content-disposition")).toBe(header);
    }),
    { numRuns: 1000 },
  );
});

test("a safe name is safe already", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (name) => {
      const once = safeFilename(name);
      expect(safeFilename(once)).toBe(once);
      expect(Buffer.byteLength(once)).toBeLessThanOrEqual(200);
    }),
    { numRuns: 1000 },
  );
});
