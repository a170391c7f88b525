import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import type { TCPSocketListener } from "bun";
import { type Egress, openEgress } from "../../src/egress/egress.ts";
import { inTurns, resolveBySystem } from "../../src/egress/reach.ts";
import { basic, exchange } from "../fixtures/egress-client.ts";
import { innerHosts, ownAddresses } from "../fixtures/inner-hosts.ts";

/** Listens on 127.0.0.1 and ::1 alike; nothing here may ever reach it. */
const inner: TCPSocketListener[] = [];
let reached = 0;
let egress: Egress;
const asked: string[] = [];
/** What the next look-ups of a name say; the last answer stays. Everything else is asked of the system. */
const answers = new Map<string, string[][]>();

/** Real addresses of this machine stand for these in the guard, so they can't be in the list. */
const spellings = innerHosts.filter((host) => !ownAddresses.some((own) => host.includes(own)));
/** Names that the system doesn't know lead nowhere either. */
const refusal =
  /^HTTP\/1\.1 (400 homereel-egress: bad_request|403 homereel-egress: address_not_allowed|502 homereel-egress: name_not_found)$/;

beforeAll(() => {
  const socket = { open: () => void reached++, data() {} };
  const four = Bun.listen({ hostname: "127.0.0.1", port: 0, socket });
  inner.push(four);
  if (hasIpv6()) inner.push(Bun.listen({ hostname: "::1", port: four.port, socket }));
  egress = openEgress({ allowNetworks: [], log: { warn() {} }, resolve });
});
beforeEach(() => {
  reached = 0;
  asked.length = 0;
});
afterAll(async () => {
  await egress.close();
  for (const one of inner) one.stop(true);
});

describe("an inner address is refused however it is spelled", () => {
  test("there are at least a hundred spellings", () => expect(spellings.length).toBeGreaterThan(100));

  test.each(spellings)("%s", async (host) => {
    for (const start of [`GET http://${host}:${port()}/v.mp4`, `CONNECT ${host}:${port()}`]) {
      expect(await firstLineOf(start)).toMatch(refusal);
    }
    expect(reached).toBe(0);
  });
});

describe("a target that only looks like an outer one", () => {
  test.each([
    "GET http://example.com@127.0.0.1:PORT/",
    "GET http://example.com:80@127.0.0.1:PORT/",
    "GET http://:secret@127.0.0.1:PORT/",
    "GET http://127.0.0.1:PORT\\@example.com/",
    "GET http://127.0.0.1:PORT#@example.com/",
    "GET http://127.0.0.1:PORT?@example.com/",
    "GET http:127.0.0.1:PORT/",
    "GET http:/\\127.0.0.1:PORT/",
    "GET http:////127.0.0.1:PORT/",
    "GET http://127.0.0.1:000PORT/",
    "GET http://[::1%25lo]:PORT/",
    "GET http://[fe80::1%25eth0]:PORT/",
    "GET http://[::1]PORT/",
    "GET //127.0.0.1:PORT/",
    "GET /127.0.0.1:PORT/",
    "GET https://127.0.0.1:PORT/",
    "GET file://127.0.0.1:PORT/etc/passwd",
    "CONNECT example.com@127.0.0.1:PORT",
    "CONNECT 127.0.0.1/example.com:PORT",
    "CONNECT 127.0.0.1:PORT/x:PORT",
    "CONNECT 127.0.0.1#example.com:PORT",
    "CONNECT 127.0.0.1?example.com:PORT",
    "CONNECT 127.0.0.1\\example.com:PORT",
    "CONNECT http://127.0.0.1:PORT",
    "CONNECT 127.0.0.1:PORT:443",
    "CONNECT [::1]:PORT",
    "CONNECT ::1:PORT",
    "CONNECT [::1%lo]:PORT",
    "CONNECT 127.0.0.1:0",
    "CONNECT 127.0.0.1:65536",
    "CONNECT 127.0.0.1:-1",
    "CONNECT 127.0.0.1",
    "CONNECT :PORT",
  ])("%s", async (start) => {
    expect(await firstLineOf(start.replaceAll("PORT", String(port())))).toMatch(refusal);
    expect(reached).toBe(0);
  });

  test("a Host that says something else changes nothing", async () => {
    const start = `GET http://127.0.0.1:${port()}/ HTTP/1.1\r\nHost: example.com`;
    expect(await firstLineOf(start, "")).toMatch(refusal);
    expect(reached).toBe(0);
  });
});

describe("a name", () => {
  test("that answers outside and then inside is looked up once, and again for the next connection", async () => {
    const open = openEgress({ allowNetworks: ["127.0.0.3"], log: { warn() {} }, resolve });
    const site = Bun.serve({ hostname: "127.0.0.3", port: port(), fetch: () => new Response("outer") });
    answers.set("turns.example", [["127.0.0.3"], ["127.0.0.1"]]);
    const { proxyUrl } = open.openPass();
    const url = `http://turns.example:${port()}/`;
    const first = await fetch(url, { proxy: proxyUrl });
    expect(await first.text()).toBe("outer");
    expect(asked).toEqual(["turns.example"]);
    const second = await fetch(url, { proxy: proxyUrl });
    expect([second.status, await second.text()]).toEqual([403, "homereel-egress: address_not_allowed\n"]);
    expect(asked).toEqual(["turns.example", "turns.example"]);
    expect(reached).toBe(0);
    await open.close();
    await site.stop(true);
  });

  test.each([
    ["all of them inner", ["127.0.0.1", "::1", "10.0.0.1"]],
    ["a mapped one", ["::ffff:127.0.0.1"]],
    ["one with a zone", ["fe80::1%lo"]],
    ["no address at all", ["example.com"]],
    ["an address that is none", ["127.1"]],
  ])("is refused with answers like %s", async (_what, list) => {
    answers.set("inside.example", [list]);
    expect(await firstLineOf(`CONNECT inside.example:${port()}`)).toContain("address_not_allowed");
    expect(reached).toBe(0);
  });

  test("with many addresses is tried by turns in both families", () => {
    expect(inTurns(["2::1", "2::2", "2::3", "2::4", "8.8.8.8", "9.9.9.9"])).toEqual([
      "2::1",
      "8.8.8.8",
      "2::2",
      "9.9.9.9",
      "2::3",
      "2::4",
    ]);
    expect(inTurns(["8.8.8.8"])).toEqual(["8.8.8.8"]);
  });
});

async function resolve(host: string): Promise<string[]> {
  asked.push(host);
  const known = answers.get(host);
  if (!known) return resolveBySystem(host);
  return (known.length > 1 ? known.shift() : known[0]) ?? [];
}

async function firstLineOf(start: string, version = " HTTP/1.1"): Promise<string> {
  const { proxyUrl } = egress.openPass();
  const head = `${start}${version}\r\nProxy-Authorization: ${basic(proxyUrl)}\r\n\r\n`;
  return (await exchange(proxyUrl, head)).split("\r\n")[0] ?? "";
}

function port(): number {
  return inner[0]?.port ?? 0;
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));
}
