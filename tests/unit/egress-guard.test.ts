import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import type { Server, TCPSocketListener } from "bun";
import { type Egress, type EgressOptions, openEgress } from "../../src/egress/egress.ts";
import { openTestApp } from "../fixtures/app.ts";
import { basic, exchange } from "../fixtures/egress-client.ts";

const megabyte = 1024 * 1024;
const chunk = new Uint8Array(megabyte);
const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);

/** A site that says what it was asked, and sends as much as the client takes. */
let site: Server<undefined>;
/** Counts connections and says nothing by itself: an inner service that nobody may reach. */
let inner: TCPSocketListener;
let innerConnections = 0;
let egress: Egress;

beforeAll(() => {
  site = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
  inner = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: () => void innerConnections++,
      data: (socket, data) => void socket.write(`echo ${data.toString()}`),
    },
  });
});
beforeEach(() => void (innerConnections = 0));
afterEach(() => egress.close());
afterAll(() => {
  inner.stop(true);
  return site.stop(true);
});

describe("a plain request", () => {
  test("arrives with the right Host, without what was for the proxy, and its bytes are counted", async () => {
    const pass = open().openPass();
    const response = await fetch(`${site.url}echo?x=1`, {
      proxy: pass.proxyUrl,
      method: "POST",
      body: "hello",
    });
    const seen = (await response.json()) as { url: string; headers: Record<string, string>; body: string };
    expect(seen).toMatchObject({
      url: `${site.url}echo?x=1`,
      body: "hello",
      headers: { host: site.url.host },
    });
    expect(Object.keys(seen.headers).filter((name) => name.startsWith("proxy"))).toEqual([]);
    expect(pass.bytes()).toBeGreaterThan(50);
  });

  test("gets redirects as they are: the guard follows none", async () => {
    const response = await fetch(`${site.url}redirect`, {
      proxy: open().openPass().proxyUrl,
      redirect: "manual",
    });
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("http://10.0.0.1/");
  });

  test("is one request: a second one on the same connection reaches nobody", async () => {
    const pass = open().openPass();
    const request = `GET ${site.url}count HTTP/1.1\r\nProxy-Authorization: ${basic(pass.proxyUrl)}\r\n\r\n`;
    const before = await count();
    const text = await exchange(pass.proxyUrl, request + request);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
    expect(await count()).toBe(before + 2);
  });
});

describe("a tunnel", () => {
  test("carries bytes both ways", async () => {
    const pass = open().openPass();
    const head = `CONNECT 127.0.0.1:${inner.port} HTTP/1.1\r\nProxy-Authorization: ${basic(pass.proxyUrl)}\r\n\r\n`;
    const text = await exchange(pass.proxyUrl, `${head}ping`, (sofar) => sofar.includes("echo ping"));
    expect(text).toBe("HTTP/1.1 200 Connection established\r\n\r\necho ping");
  });
});

describe("what is refused", () => {
  test.each([
    ["GET", "http://127.0.0.1"],
    ["GET", "http://localhost"],
    ["GET", "http://2130706433"],
    ["GET", "http://[::ffff:127.0.0.1]"],
    ["CONNECT", "127.0.0.1"],
    ["CONNECT", "localhost"],
  ])("%s %s is answered with 403 and reaches nobody", async (method, host) => {
    const pass = open({ allowNetworks: [] }).openPass();
    const target = `${host}:${inner.port}${method === "GET" ? "/" : ""}`;
    const text = await exchange(
      pass.proxyUrl,
      `${method} ${target} HTTP/1.1\r\nProxy-Authorization: ${basic(pass.proxyUrl)}\r\n\r\n`,
    );
    expect(text).toStartWith("HTTP/1.1 403 homereel-egress: address_not_allowed\r\n");
    expect(innerConnections).toBe(0);
    expect(pass.refused().length).toBeGreaterThan(0);
  });

  test("a name is resolved once, and only its allowed addresses are connected to", async () => {
    const asked: string[] = [];
    const resolve = async (host: string) => {
      asked.push(host);
      return host === "mixed.example" ? ["10.0.0.1", "127.0.0.1"] : ["169.254.169.254"];
    };
    const pass = open({ resolve }).openPass();
    const mixed = await fetch(`http://mixed.example:${site.port}/echo`, { proxy: pass.proxyUrl });
    expect(((await mixed.json()) as { headers: { host: string } }).headers.host).toBe(
      `mixed.example:${site.port}`,
    );
    const metadata = await fetch("http://metadata.example/", { proxy: pass.proxyUrl });
    expect([metadata.status, await metadata.text()]).toEqual([403, "homereel-egress: address_not_allowed\n"]);
    expect(asked).toEqual(["mixed.example", "metadata.example"]);
    expect(pass.refused()).toEqual(["169.254.169.254"]);
  });

  test.each([
    ["no pass", () => ""],
    ["an unknown pass", () => "Proxy-Authorization: Basic cGFzczp3cm9uZw==\r\n"],
  ])("%s is answered with 407", async (_what, header) => {
    const pass = open().openPass();
    const text = await exchange(pass.proxyUrl, `GET ${site.url} HTTP/1.1\r\n${header()}\r\n`);
    expect(text).toStartWith("HTTP/1.1 407 ");
  });

  test("a closed pass is no pass", async () => {
    open().openPass();
    const pass = egress.openPass();
    pass.close();
    expect((await fetch(site.url, { proxy: pass.proxyUrl })).status).toBe(407);
  });

  test.each([
    ["nobody listens", "http://127.0.0.1:1/", 502, "connect_failed"],
    ["the name is unknown", "http://nowhere.invalid/", 502, "name_not_found"],
  ])("where %s the answer says so", async (_what, url, status, reason) => {
    const resolve = async (host: string) => (host === "nowhere.invalid" ? [] : [host]);
    const response = await fetch(url, { proxy: open({ resolve }).openPass().proxyUrl });
    expect([response.status, await response.text()]).toEqual([status, `homereel-egress: ${reason}\n`]);
  });

  test("an endless head is cut off", async () => {
    const pass = open().openPass();
    const text = await exchange(pass.proxyUrl, `GET ${site.url} HTTP/1.1\r\nA: ${"a".repeat(70_000)}`);
    expect(text).toStartWith("HTTP/1.1 431 ");
  });

  test("what is no answer of HTTP is none of ours, and we say so", async () => {
    const shell = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (socket) => void socket.write("SSH-2.0-OpenSSH_9.2\r\n\r\n") },
    });
    const response = await fetch(`http://127.0.0.1:${shell.port}/`, { proxy: open().openPass().proxyUrl });
    expect([response.status, await response.text()]).toEqual([502, "homereel-egress: bad_response\n"]);
    shell.stop(true);
  });

  test.each([
    [3, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nvideo"],
    [4000, "HTTP/1.1 502 homereel-egress: bad_response\r\n"],
  ])("after %d interim answers gets its own, and none of them", async (count, expected) => {
    const interim = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(count);
    const eager = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (socket) => void socket.end(`${interim}HTTP/1.1 200 OK\r\n\r\nvideo`) },
    });
    const pass = open().openPass();
    const request = `GET http://127.0.0.1:${eager.port}/ HTTP/1.1\r\nProxy-Authorization: ${basic(pass.proxyUrl)}\r\n\r\n`;
    expect(await exchange(pass.proxyUrl, request)).toStartWith(expected);
    eager.stop(true);
  });
});

describe("a connection", () => {
  test("ends when its pass is closed", async () => {
    const pass = open().openPass();
    const response = await fetch(`${site.url}endless`, { proxy: pass.proxyUrl });
    const reading = response.arrayBuffer();
    while (pass.bytes() < megabyte) await Bun.sleep(1);
    pass.close();
    expect(await reading.catch(() => "cut")).toBe("cut");
  });

  test("ends with its own pass only", async () => {
    open();
    const [one, other] = [egress.openPass(), egress.openPass()];
    const reading = fetch(`${site.url}endless`, { proxy: one.proxyUrl }).then((all) => all.arrayBuffer());
    const kept = await fetch(`${site.url}endless`, { proxy: other.proxyUrl });
    const reader = kept.body?.getReader();
    while (one.bytes() < megabyte) await Bun.sleep(1);
    one.close();
    expect(await reading.catch(() => "cut")).toBe("cut");
    const before = other.bytes();
    while (other.bytes() < before + 4 * megabyte) await reader?.read();
    await reader?.cancel();
  });

  test("on which nothing moves is cut", async () => {
    const pass = open({ idleTimeoutMs: 200 }).openPass();
    const head = `CONNECT 127.0.0.1:${inner.port} HTTP/1.1\r\nProxy-Authorization: ${basic(pass.proxyUrl)}\r\n\r\n`;
    expect(await exchange(pass.proxyUrl, head)).toBe("HTTP/1.1 200 Connection established\r\n\r\n[reset]");
  });

  test("that breaks off breaks off for the client too, also where no length was promised", async () => {
    const breaking = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket) {
          socket.write("HTTP/1.1 200 OK\r\n\r\nhalf a video");
          setTimeout(() => socket.terminate(), 20);
        },
      },
    });
    const pass = open().openPass();
    const request = `GET http://127.0.0.1:${breaking.port}/ HTTP/1.1\r\nProxy-Authorization: ${basic(pass.proxyUrl)}\r\n\r\n`;
    expect(await exchange(pass.proxyUrl, request)).toEndWith("half a video[reset]");
    breaking.stop(true);
  });

  test("with a reader that stands still does not fill the memory", async () => {
    const pass = open().openPass();
    const client = await Bun.connect({
      hostname: "127.0.0.1",
      port: Number(new URL(pass.proxyUrl).port),
      socket: { open: (socket) => socket.pause(), data() {} },
    });
    client.write(`GET ${site.url}endless HTTP/1.1\r\nProxy-Authorization: ${basic(pass.proxyUrl)}\r\n\r\n`);
    let last = -1;
    while (pass.bytes() === 0 || pass.bytes() !== last) {
      last = pass.bytes();
      await Bun.sleep(30);
    }
    expect(pass.bytes()).toBeLessThan(40 * megabyte);
    client.terminate();
  });

  test.if(hasIpv6)("reaches IPv6 addresses that are allowed", async () => {
    const six = Bun.serve({ hostname: "::1", port: 0, fetch: () => new Response("six") });
    const url = `http://[::1]:${six.port}/`;
    const pass = open({ allowNetworks: ["::1"] }).openPass();
    expect(await (await fetch(url, { proxy: pass.proxyUrl })).text()).toBe("six");
    expect((await fetch(site.url, { proxy: pass.proxyUrl })).status).toBe(403);
    await six.stop(true);
  });
});

describe("a limited line", () => {
  const whole = new Bun.CryptoHasher("sha256").update(chunk).digest("hex");

  test("is slower and loses nothing, also where the site hangs up as soon as all is sent", async () => {
    const pass = open({ bytesPerSecond: 4_000_000 }).openPass();
    const startedAt = performance.now();
    const bodies = await Promise.all(
      [1, 2].map(async () => (await fetch(`${site.url}chunk`, { proxy: pass.proxyUrl })).bytes()),
    );
    expect(performance.now() - startedAt).toBeGreaterThan(400);
    for (const body of bodies) {
      expect(new Bun.CryptoHasher("sha256").update(body).digest("hex")).toBe(whole);
    }
    expect(pass.bytes()).toBeGreaterThan(2 * megabyte);
  });

  test("is what downloads.rate_limit says", async () => {
    const app = openTestApp({
      HOMEREEL_DOWNLOADS_RATE_LIMIT: "2MB",
      HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.0/8",
    });
    const startedAt = performance.now();
    const response = await fetch(`${site.url}chunk`, { proxy: app.deps.egress.openPass().proxyUrl });
    expect((await response.bytes()).length).toBe(megabyte);
    expect(performance.now() - startedAt).toBeGreaterThan(400);
    await app.close();
  });

  test("reads from the site what it can pass on, and hardly more", async () => {
    const pass = open({ bytesPerSecond: 1_000_000 }).openPass();
    const response = await fetch(`${site.url}endless`, { proxy: pass.proxyUrl });
    let taken = 0;
    for await (const part of response.body ?? []) {
      taken += part.length;
      expect(pass.bytes() - taken).toBeLessThan(2 * megabyte);
      if (taken > 300_000) break;
    }
    pass.close();
  });

  test("is cut while it waits for its turn", async () => {
    const pass = open({ bytesPerSecond: 10_000 }).openPass();
    const response = await fetch(`${site.url}endless`, { proxy: pass.proxyUrl });
    const reading = response.arrayBuffer();
    pass.close();
    expect(await reading.catch(() => "cut")).toBe("cut");
  });

  test("that only waits is not idle", async () => {
    const pass = open({ bytesPerSecond: 100_000, idleTimeoutMs: 250 }).openPass();
    const response = await fetch(`${site.url}tenth`, { proxy: pass.proxyUrl });
    expect((await response.arrayBuffer()).byteLength).toBe(104_858);
  });
});

function open(options: Partial<EgressOptions> = {}): Egress {
  egress = openEgress({ allowNetworks: ["127.0.0.0/8"], log: { warn() {} }, ...options });
  return egress;
}

let counted = 0;

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/count") return new Response(String(++counted));
  if (pathname === "/redirect")
    return new Response(null, { status: 302, headers: { location: "http://10.0.0.1/" } });
  if (pathname === "/chunk") return new Response(chunk, { headers: { connection: "close" } });
  if (pathname === "/tenth") return new Response(chunk.subarray(0, 104_858));
  if (pathname === "/endless") return new Response(new ReadableStream({ pull: (to) => to.enqueue(chunk) }));
  return Response.json({
    url: request.url,
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  });
}

async function count(): Promise<number> {
  return Number(await (await fetch(`${site.url}count`)).text());
}
