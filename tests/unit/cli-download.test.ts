import { describe, expect, test } from "bun:test";
import { bars, plainLines, statusLine } from "../../src/cli/download-progress.ts";
import type { Download } from "../../src/cli/download-send.ts";

const waiting: Download = {
  id: "a",
  url: "https://example.org/a",
  title: "A video",
  state: "waiting",
  progress: null,
  error: null,
};
const half: Download = {
  ...waiting,
  id: "b",
  title: "Half of it",
  state: "fetching",
  progress: { percent: 50.7, bytes_done: 1, bytes_total: 2, bytes_per_second: 3_200_000, seconds_left: 65 },
};
const done: Download = { ...waiting, id: "c", state: "done" };
const failed: Download = {
  ...waiting,
  id: "d",
  title: "Lost",
  state: "failed",
  error: { message: "This video is gone.", hint: "" },
};
const hostile = "red \u001b[31m\r\u202etext\n\u0007 of strangers 日本語";

describe("the line at the foot of a terminal", () => {
  test("shows what is furthest", () => {
    expect(statusLine([half], 100)).toBe("████████████░░░░░░░░░░░░  50 %  3.2 MB/s  1:05 left  Half of it");
    expect(statusLine([waiting, half, done], 100)).toStartWith("1 of 3 done  ████████████░");
    expect(statusLine([waiting], 100)).toBe("Waiting  A video");
    expect(statusLine([{ ...waiting, paused: true }], 100)).toBe("Paused  A video");
    expect(statusLine([done], 100)).toBe("");
  });

  test("leaves out what the site does not say", () => {
    const vague = {
      percent: 3,
      bytes_done: 1,
      bytes_total: null,
      bytes_per_second: null,
      seconds_left: null,
    };
    expect(statusLine([{ ...half, progress: vague }], 100)).toBe(
      "█░░░░░░░░░░░░░░░░░░░░░░░   3 %  Half of it",
    );
  });

  test.each([1, 10, 30, 39, 40, 41])("is never wider than %i columns, nor more than one line", (width) => {
    const line = statusLine([{ ...half, title: hostile.repeat(20) }], width);
    expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width);
    expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  test("is wiped before a result is printed", () => {
    const written: string[] = [];
    const view = bars({ write: (text) => written.push(text), columns: 60 }, (line) => written.push(line));
    view.show([half]);
    view.over(failed);
    view.close();
    expect(written).toEqual([
      "\r\u001b[K",
      expect.stringContaining("50 %"),
      "\r\u001b[K",
      "Failed: Lost: This video is gone.",
      "\r\u001b[K",
    ]);
  });
});

test("where there is no terminal each step is said once", () => {
  const written: string[] = [];
  const view = plainLines({ write: (text) => written.push(text) }, (line) => written.push(line));
  view.show([waiting, half]);
  view.show([waiting, half, done]);
  view.show([{ ...waiting, state: "fetching", title: hostile }]);
  view.over(done);
  expect(written).toEqual([
    "Waiting: A video\n",
    "Downloading: Half of it\n",
    "Downloading: red [31mtext of strangers 日本語\n",
    "Done: A video",
  ]);
});
