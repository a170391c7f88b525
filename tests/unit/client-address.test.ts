import { describe, expect, test } from "bun:test";
import { networkOf } from "../../src/web/client-address.ts";
import { RateLimit } from "../../src/web/rate-limit.ts";

const day = 86_400_000;
const take = (limit: RateLimit, key: string, at: number) => () => limit.take(key, at);

describe("a rate limit", () => {
  test("refuses what is too much until its window is over", () => {
    const limit = new RateLimit(2, 1000);
    limit.take("a", 0);
    limit.take("a", 10);
    expect(take(limit, "a", 20)).toThrow("Too many tries.");
    expect(take(limit, "b", 20)).not.toThrow();
    expect(take(limit, "a", 1000)).not.toThrow();
  });

  test("locks nobody out for a day when the clock is set back by one", () => {
    const limit = new RateLimit(2, 1000);
    for (let i = 0; i < 2; i++) limit.take("a", day);
    expect(take(limit, "a", day)).toThrow();
    limit.take("a", 0);
    limit.take("a", 0);
    expect(take(limit, "a", 0)).toThrow();
    expect(take(limit, "a", 1000)).not.toThrow();
  });

  test("keeps the newest keys only, however many come", () => {
    const limit = new RateLimit(1, day);
    for (let i = 0; i <= RateLimit.mostKeys; i++) limit.take(`key ${i}`, i);
    expect(take(limit, `key ${RateLimit.mostKeys}`, RateLimit.mostKeys)).toThrow();
    expect(take(limit, "key 0", RateLimit.mostKeys)).not.toThrow();
  });
});

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:aaaa::1", "2001:db8:1:2"],
  ["2001:db8:1:2:bbbb:1:2:3", "2001:db8:1:2"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["unknown", "unknown"],
])("%s counts as %s", (address, network) => expect(networkOf(address)).toBe(network));
