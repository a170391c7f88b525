import { describe, expect, test } from "bun:test";
import { type Gate, Throttle } from "../../src/egress/throttle.ts";

/** Asks again and again, as a site does that has more to send than the line takes. */
class Greedy {
  bytes = 0;
  turns = 0;
  most: number;
  readonly #done = Promise.withResolvers<void>();

  constructor(gate: Gate, most: number, onDone = () => {}) {
    this.most = most;
    const ask = () =>
      gate.ask((maxBytes) => {
        const sent = Math.max(0, Math.min(maxBytes, this.most - this.bytes));
        this.bytes += sent;
        this.turns++;
        if (this.bytes < this.most) ask();
        else {
          onDone();
          this.#done.resolve();
        }
        return sent;
      });
    ask();
  }

  done(): Promise<void> {
    return this.#done.promise;
  }
}

describe("the line", () => {
  test("takes no more in a second than it may, after one tenth in advance", async () => {
    const startedAt = performance.now();
    await new Greedy(new Throttle(1_000_000).newGate(), 400_000).done();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(299);
  });

  test("takes nothing on credit after it stood still", async () => {
    const throttle = new Throttle(1_000_000);
    await new Greedy(throttle.newGate(), 150_000).done();
    await Bun.sleep(300);
    const startedAt = performance.now();
    await new Greedy(throttle.newGate(), 300_000).done();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(199);
  });

  test.each([2000, 10_000])("takes more than one turn where it is slow: %i bytes a second", async (rate) => {
    const one = new Greedy(new Throttle(rate).newGate(), 700);
    await one.done();
    expect([one.bytes, one.turns]).toEqual([700, 2]);
  });
});

describe("the turns", () => {
  test("are shared by flows, not by connections", async () => {
    const throttle = new Throttle(5_000_000);
    const [lone, crowd] = [throttle.newGate(), throttle.newGate()];
    const many = Array.from({ length: 8 }, () => new Greedy(crowd, 1_000_000));
    // The turns go on after the last byte of one, before anybody can look.
    let theirs: number[] = [];
    const one = new Greedy(lone, 400_000, () => (theirs = many.map(({ bytes }) => bytes)));
    await one.done();
    const total = theirs.reduce((sum, bytes) => sum + bytes, 0);
    // The crowd was first, and so had what was in advance; the very first of it had all of that.
    expect(total - one.bytes).toBeLessThanOrEqual(500_000 + 65_536);
    expect(total).toBeGreaterThanOrEqual(one.bytes - 65_536);
    const [, ...rest] = theirs;
    expect(Math.max(...rest) - Math.min(...rest)).toBeLessThanOrEqual(65_536);
  });

  test("of one who comes late do not make up for the time before", async () => {
    const throttle = new Throttle(5_000_000);
    const early = new Greedy(throttle.newGate(), Infinity);
    while (early.bytes < 800_000) await Bun.sleep(5);
    const before = early.bytes;
    let meanwhile = 0;
    const late = new Greedy(throttle.newGate(), 300_000, () => (meanwhile = early.bytes - before));
    await late.done();
    expect(meanwhile).toBeGreaterThanOrEqual(300_000 - 2 * 65_536);
    early.most = 0;
  });

  test("that send nothing cost nothing", async () => {
    const throttle = new Throttle(1000);
    const gate = throttle.newGate();
    for (let i = 0; i < 1000; i++) gate.ask(() => 0);
    const after = new Greedy(gate, 100);
    await after.done();
    expect(after.turns).toBe(1);
  });
});
