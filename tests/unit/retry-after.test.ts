import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEgress } from "../../src/egress/egress.ts";
import { askRetryAfter, parseRetryAfter } from "../../src/exec/retry-after.ts";
import { makeCertificate } from "../fixtures/certificate.ts";

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

const noProxy = process.env.NO_PROXY;
afterEach(() => {
  if (noProxy === undefined) delete process.env.NO_PROXY;
  else process.env.NO_PROXY = noProxy;
});

test.each([undefined, "*", "127.0.0.1"])(
  "a site is asked for its head, through the guard, and never over it: NO_PROXY=%p",
  async (noProxyHere) => {
    if (noProxyHere !== undefined) process.env.NO_PROXY = noProxyHere;
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
  },
);

test("a site with TLS is asked through the guard too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "homereel-retry-"));
  const [key, cert] = await makeCertificate(folder);
  const asked: string[] = [];
  const site = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { key, cert },
    fetch(request) {
      asked.push(`${request.method} ${new URL(request.url).pathname}${new URL(request.url).search}`);
      return new Response(null, { status: 429, headers: { "retry-after": "45" } });
    },
  });
  // Only a program that trusts the certificate gets so far: it is another one, since that is settled when one starts.
  const script = `
    import { openEgress } from ${JSON.stringify(join(import.meta.dir, "../../src/egress/egress.ts"))};
    import { askRetryAfter } from ${JSON.stringify(join(import.meta.dir, "../../src/exec/retry-after.ts"))};
    const ask = async (...allowNetworks) => {
      const egress = openEgress({ allowNetworks, log: { warn() {} } });
      const seconds = await askRetryAfter(egress, new URL("/v?a=1", ${JSON.stringify(site.url.href)}), 0);
      await egress.close();
      return seconds;
    };
    console.log(JSON.stringify([await ask("127.0.0.1"), await ask()]));
  `;
  const seen = async (env: Record<string, string>) => {
    const child = Bun.spawn([process.execPath, "-e", script], {
      env: { ...process.env, NO_PROXY: "*", ...env },
      stdout: "pipe",
    });
    return (await new Response(child.stdout).text()).trim();
  };
  try {
    expect(await seen({ NODE_EXTRA_CA_CERTS: join(folder, "cert.pem") })).toBe("[45,null]");
    expect(await seen({})).toBe("[null,null]");
    expect(asked).toEqual(["HEAD /v?a=1"]);
  } finally {
    await site.stop(true);
    rmSync(folder, { recursive: true, force: true });
  }
});
