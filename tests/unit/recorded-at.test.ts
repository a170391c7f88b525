import { expect, test } from "bun:test";
import { recordedAt } from "../../src/exec/recorded-at.ts";

const now = Date.UTC(2026, 0, 1);
const said = (creation_time: string) => recordedAt({ creation_time }, now);

test.each([
  ["2024-03-14T15:09:26.000000Z", Date.UTC(2024, 2, 14, 15, 9, 26)],
  ["2024-03-14T15:09:26Z", Date.UTC(2024, 2, 14, 15, 9, 26)],
  ["2024-03-14T16:09:26+0100", Date.UTC(2024, 2, 14, 15, 9, 26)],
  ["2024-03-14T16:09:26-05:30", Date.UTC(2024, 2, 14, 21, 39, 26)],
  // A camera that is on the other side of the date line.
  ["2026-01-01T13:00:00Z", Date.UTC(2026, 0, 1, 13)],
])("%s is a time", (text, time) => {
  expect(said(text)).toBe(time);
});

test.each([
  "1904-01-01T00:00:00.000000Z",
  "1970-01-01T00:00:00.000000Z",
  "1980-01-01T00:00:00.000000Z",
  "2040-02-06T06:28:15.000000Z",
  "2024-02-30T12:00:00Z",
  "2024-13-01T12:00:00Z",
  "2024-03-14T25:00:00Z",
  "2024-03-14T15:09:26",
  "2024-03-14 15:09:26Z",
  "2024-03-14",
  "2024",
  "yesterday",
  "",
  "<script>",
])("%j is none", (text) => {
  expect(said(text)).toBeNull();
});

test("the camera's own word goes before the container's, unless it is nonsense", () => {
  const creation_time = "2024-05-01T10:00:00Z";
  const tag = "com.apple.quicktime.creationdate";
  expect(recordedAt({ creation_time, [tag]: "2024-03-14T16:09:26+0100" }, now)).toBe(
    Date.UTC(2024, 2, 14, 15, 9, 26),
  );
  expect(recordedAt({ creation_time, [tag]: "1970-01-01T00:00:00+0000" }, now)).toBe(
    Date.UTC(2024, 4, 1, 10),
  );
  expect(recordedAt({}, now)).toBeNull();
});
