import { describe, expect, test } from "bun:test";
import { parseTags } from "../../src/features/videos/tag-names.ts";
import { semaphore } from "../../src/lib/semaphore.ts";
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

describe("a semaphore", () => {
  test("lets so many run at once and the others in turn", async () => {
    const enter = semaphore(2);
    let running = 0;
    let most = 0;
    const order: number[] = [];
    const task = (n: number) => async () => {
      most = Math.max(most, ++running);
      await Bun.sleep(1);
      order.push(n);
      running -= 1;
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map((n) => enter(task(n))));
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("goes on after a task that failed", async () => {
    const enter = semaphore(1);
    const failed = enter(() => Promise.reject(new Error("no")));
    expect(failed).rejects.toThrow("no");
    expect(await enter(async () => "yes")).toBe("yes");
  });
});
