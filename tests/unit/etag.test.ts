import { describe, expect, test } from "bun:test";
import { evaluateConditions, strongMatch, weakMatch } from "../../src/lib/etag.ts";
import { formatHttpDate, parseHttpDate } from "../../src/lib/http-date.ts";

// RFC 9110 §8.8.3.2, the table of its example.
test.each([
  ['W/"1"', 'W/"1"', false, true],
  ['W/"1"', 'W/"2"', false, false],
  ['W/"1"', '"1"', false, true],
  ['"1"', '"1"', true, true],
])("%s against %s", (a, b, strong, weak) => {
  expect([strongMatch(a, b), weakMatch(a, b)]).toEqual([strong, weak]);
});

const etag = '"a1"';
const modified = "Sun, 06 Nov 1994 08:49:37 GMT";
const before = "Sun, 06 Nov 1994 08:49:36 GMT";
const after = "Sun, 06 Nov 1994 08:49:38 GMT";
// Half a second later than its own header says.
const lastModified = Date.parse(modified) + 500;

function decide(headers: Record<string, string>, method = "GET"): string {
  const result = evaluateConditions({ method, headers: new Headers(headers), etag, lastModified });
  return result.kind === "proceed" && !result.useRange ? "proceed without range" : result.kind;
}

describe("conditions of a GET", () => {
  const cases: [Record<string, string>, string][] = [
    [{}, "proceed"],
    [{ "If-Match": '"a1"' }, "proceed"],
    [{ "If-Match": '"b", "a1"' }, "proceed"],
    [{ "If-Match": "*" }, "proceed"],
    [{ "If-Match": '"b"' }, "precondition_failed"],
    [{ "If-Match": 'W/"a1"' }, "precondition_failed"],
    [{ "If-Match": "a1" }, "precondition_failed"],
    [{ "If-Unmodified-Since": modified }, "proceed"],
    [{ "If-Unmodified-Since": before }, "precondition_failed"],
    [{ "If-Unmodified-Since": "yesterday" }, "proceed"],
    [{ "If-Match": '"a1"', "If-Unmodified-Since": before }, "proceed"],
    [{ "If-None-Match": '"a1"' }, "not_modified"],
    [{ "If-None-Match": 'W/"a1"' }, "not_modified"],
    [{ "If-None-Match": '"b","a1"' }, "not_modified"],
    [{ "If-None-Match": '"b,", "a1"' }, "not_modified"],
    [{ "If-None-Match": '"b,a1,"' }, "proceed"],
    [{ "If-None-Match": "*" }, "not_modified"],
    [{ "If-None-Match": '"b"' }, "proceed"],
    [{ "If-Modified-Since": modified }, "not_modified"],
    [{ "If-Modified-Since": after }, "not_modified"],
    [{ "If-Modified-Since": before }, "proceed"],
    [{ "If-Modified-Since": "1" }, "proceed"],
    [{ "If-None-Match": '"b"', "If-Modified-Since": after }, "proceed"],
    [{ "If-Match": '"b"', "If-None-Match": '"a1"' }, "precondition_failed"],
    [{ "If-Match": '"a1"', "If-None-Match": '"a1"' }, "not_modified"],
    [{ "If-Range": '"a1"' }, "proceed"],
    [{ "If-Range": '"b"' }, "proceed without range"],
    [{ "If-Range": 'W/"a1"' }, "proceed without range"],
    [{ "If-Range": modified }, "proceed"],
    [{ "If-Range": before }, "proceed without range"],
    [{ "If-Range": after }, "proceed without range"],
    [{ "If-Range": "nonsense" }, "proceed without range"],
  ];
  test.each(cases)("%p → %s", (headers, expected) => expect(decide(headers)).toBe(expected));
});

test("a PUT is told that a condition failed, never that nothing changed", () => {
  expect(decide({ "If-None-Match": "*" }, "PUT")).toBe("precondition_failed");
  expect(decide({ "If-Modified-Since": after }, "PUT")).toBe("proceed");
  expect(decide({ "If-None-Match": '"a1"' }, "HEAD")).toBe("not_modified");
});

describe("HTTP dates", () => {
  test("all three forms of RFC 9110 §5.6.7 are the same moment", () => {
    const forms = [modified, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"];
    expect(forms.map(parseHttpDate)).toEqual([784111777000, 784111777000, 784111777000]);
    expect(formatHttpDate(784111777999)).toBe(modified);
  });
  test.each(["", "1", "1994-11-06", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT"])(
    "%p is none",
    (text) => expect(parseHttpDate(text)).toBeNull(),
  );
  test.each([
    "Sun, 06 Foo 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 25:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 CET",
  ])("%p is none", (text) => expect(parseHttpDate(text)).toBeNull());
});
