import { describe, expect, test } from "bun:test";
import { semaphore } from "../../src/lib/semaphore.ts";

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

  test("refuses who finds no seat, and has seats again once some have gone", async () => {
    const enter = semaphore(2, { seats: 3, whenFull: () => new Error("full") });
    const done = Promise.withResolvers<string>();
    const inside = [1, 2, 3, 4, 5].map(() => enter(() => done.promise));
    let wasRun = false;
    const refused = enter(async () => void (wasRun = true));
    expect(refused).rejects.toThrow("full");
    done.resolve("done");
    expect(await Promise.all(inside)).toEqual(Array.from({ length: 5 }, () => "done"));
    expect(await enter(async () => "next")).toBe("next");
    expect(wasRun).toBe(false);
  });
});
