import { describe, expect, test } from "bun:test";
import { buildConfig } from "../../src/config.ts";
import { clientAddress, networkOf } from "../../src/web/client-address.ts";
import { RateLimit } from "../../src/web/rate-limit.ts";

const { server } = buildConfig({}, {});
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

describe("the address of whoever asks", () => {
  const proxies = ["10.0.0.0/8", "fd00::/8", "192.0.2.1/32"];
  const cases: [what: string, trusted: string[], socket: string, header: string | null, address: string][] = [
    ["nobody is trusted", [], "10.0.0.1", "203.0.113.9", "10.0.0.1"],
    ["a stranger says it", proxies, "198.51.100.7", "203.0.113.9", "198.51.100.7"],
    ["the proxy says it", proxies, "10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["the proxy says nothing", proxies, "10.0.0.1", null, "10.0.0.1"],
    ["the proxy says nothing of use", proxies, "10.0.0.1", " , ,", "10.0.0.1"],
    ["a stranger invented the beginning", proxies, "10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"],
    ["a stranger invented a proxy of ours", proxies, "10.0.0.1", "10.9.9.9, 203.0.113.9", "203.0.113.9"],
    ["two proxies, one behind the other", proxies, "10.0.0.1", "203.0.113.9, 192.0.2.1", "203.0.113.9"],
    ["all are proxies", proxies, "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["one that is no address stops it", proxies, "10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"],
    ["with a port", proxies, "10.0.0.1", "203.0.113.9:4711", "203.0.113.9"],
    ["IPv6 with a port", proxies, "10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"],
    ["IPv6", proxies, "fd00::1", "2001:db8::1", "2001:db8::1"],
    ["IPv4 in IPv6, as a socket of both gives it", proxies, "::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["IPv4 in IPv6, as the header gives it", proxies, "10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"],
    ["a neighbour of the proxy", proxies, "192.0.2.2", "203.0.113.9", "192.0.2.2"],
    ["no socket, in a test", proxies, "unknown", "203.0.113.9", "unknown"],
    ["markup", proxies, "10.0.0.1", "<script>", "10.0.0.1"],
  ];
  test.each(cases)("%s", (_, trusted, socket, header, address) => {
    expect(clientAddress({ server: { ...server, trusted_proxies: trusted } }, socket, header)).toBe(address);
  });

  test("is found at once in a header of a hundred thousand inventions", () => {
    const header = `${"10.0.0.2,".repeat(100_000)}203.0.113.9`;
    expect(clientAddress({ server: { ...server, trusted_proxies: proxies } }, "10.0.0.1", header)).toBe(
      "203.0.113.9",
    );
  });
});
