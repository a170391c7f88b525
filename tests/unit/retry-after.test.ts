import { expect, test } from "bun:test";
import { openEgress } from "../../src/egress/egress.ts";
import { askRetryAfter, parseRetryAfter } from "../../src/exec/retry-after.ts";

const now = Date.UTC(2026, 10, 20, 12);

test.each([
  ["120", 120],
  [" 0 ", 0],
  ["Fri, 20 Nov 2026 12:05:00 GMT", 300],
  ["Fri, 20 Nov 2026 11:00:00 GMT", 0],
  ["999999999", 86_400],
  ["Thu, 01 Jan 2099 00:00:00 GMT", 86_400],
  ["soon", null],
  ["-5", null],
  ["", null],
  [null, null],
])("Retry-After: %p is %p seconds", (header, seconds) => {
  expect(parseRetryAfter(header, now)).toBe(seconds);
});

test("a site is asked for its head, through the guard, and never over it", async () => {
  const asked: string[] = [];
  const site = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(`${request.method} ${pathname}`);
      const status = pathname === "/limited" ? 429 : 200;
      return new Response("x", { status, headers: { "retry-after": "90" } });
    },
  });
  const log = { warn() {} };
  const open = openEgress({ allowNetworks: ["127.0.0.1"], log });
  const shut = openEgress({ allowNetworks: [], log });
  try {
    const limited = new URL("/limited", site.url);
    expect(await askRetryAfter(open, limited, now)).toBe(90);
    expect(await askRetryAfter(open, new URL("/free", site.url), now)).toBeNull();
    expect(asked).toEqual(["HEAD /limited", "HEAD /free"]);
    expect(await askRetryAfter(shut, limited, now)).toBeNull();
    expect(asked).toHaveLength(2);
  } finally {
    await Promise.all([open.close(), shut.close(), site.stop(true)]);
  }
});
